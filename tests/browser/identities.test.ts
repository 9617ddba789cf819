import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MeridianUser } from "../../sdk/user.ts";
import { launchBrowser } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { callApi, PATIENT, type SignedIn, signedInState, visit } from "./console.ts";
import { change, foreignIssuer, OPEN_DOOR, seedIdentities } from "./identity-seeds.ts";
import { focusOn, press, tabTo } from "./keys.ts";

/** How soon what the console changes is in force at the door, and a little for the way there. */
const IN_FORCE = { timeout: 2_500, interval: 100 } as const;

let server: TestServer;
let browser: Browser;
let storageState: SignedIn;
let slug: string;

beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
  storageState = await signedInState(browser, server);
  const { context } = await visit(browser, server, { storageState });
  slug = (await callApi<{ tenant: { slug: string } }>(context, server, "/v1/me")).tenant.slug;
  await seedIdentities(server, context);
  await context.close();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  removeState(server);
});

/** What a visitor's or an end user's question about a metric is answered with. */
async function reads(metric: string, token?: string): Promise<number> {
  const [start, end] = [Date.now() - 600_000, Date.now() + 60_000].map((at) => new Date(at).toISOString());
  const answer = await fetch(`${server.url}/p/${slug}/v1/metrics/query`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ metric, start, end }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

describe("without a mouse, an operator", () => {
  it("[UI62] finds an end user, signs them out everywhere and is back in the list; their socket closes, their token is refused", async () => {
    const user = new MeridianUser({ url: server.url, slug, keep: "memory" });
    await user.guest({ name: "Eve Nobody" });
    const token = await user.token();
    const live = user.live();
    const lights: string[] = [];
    live.onStatus(({ light }) => lights.push(light));
    live.connect();
    await expect.poll(() => lights.at(-1), PATIENT).toBe("live");

    const { page, context, faults } = await visit(browser, server, { storageState });
    // The list is made from events: who arrives while it is open waits behind a count of new rows.
    for (const name of ["ada", "eve"]) {
      const found = async () => (await callApi<{ items: unknown[] }>(context, server, `/v1/subjects?search=${name}`)).items.length;
      await expect.poll(found, PATIENT).toBe(1);
    }
    await page.goto("/console/control/subjects");
    await page.getByRole("link", { name: "Ada Lovelace" }).waitFor();
    await press(page, "/");
    await page.keyboard.type("eve");
    await page.keyboard.press("Enter");
    await page.waitForURL("**?search=eve");
    await page.getByRole("heading", { name: "1 end user found" }).waitFor();
    await tabTo(page, /^a Eve Nobody/);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "End user Eve Nobody" }).getByText("a guest: no address").waitFor();
    await focusOn(page, /^div End user Eve/);
    await tabTo(page, /^button Sign out everywhere/);
    await press(page, "Enter");
    const question = page.getByRole("dialog", { name: "Sign Eve Nobody out everywhere" });
    await question.getByText("lost to them for good").waitFor();
    await tabTo(page, /^button Sign out everywhere/);
    await page.keyboard.press("Enter");
    await page.getByText("Eve Nobody is signed out everywhere; 1 open socket closed.").waitFor();
    await expect.poll(() => lights.at(-1), IN_FORCE).not.toBe("live");
    await expect.poll(async () => await reads("shop_stock", token), IN_FORCE).toBe(401);
    await page.getByText("Nowhere that could be renewed.").waitFor();
    await focusOn(page, /^(button Sign out everywhere|div End user Eve)/);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "End user Eve Nobody" }).waitFor({ state: "detached" });
    await focusOn(page, /^(a|tr) Eve Nobody/);
    expect(faults).toEqual([]);
    live.close();
    user.close();
    await context.close();
  });

  it("[UI64] makes a thing public, takes it back and takes that back; each time the door follows within 2 s", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await page.goto("/console/control/public");
    await page.getByRole("row", { name: /^shop_open/ }).waitFor();
    expect(await reads("shop_margin")).toBe(401);
    await tabTo(page, /^select/);
    await press(page, "Tab");
    await page.keyboard.type("shop_margin");
    await page.keyboard.press("Enter");
    await page.getByText("Anybody can read metrics shop_margin within 2 seconds.").waitFor();
    await expect.poll(async () => await reads("shop_margin"), IN_FORCE).toBe(200);

    const row = page.getByRole("row", { name: /^shop_margin/ });
    expect(await row.innerText()).toContain("you");
    await row.getByRole("button", { name: "Make private" }).focus();
    await page.keyboard.press("Enter");
    await row.waitFor({ state: "detached" });
    await focusOn(page, /./);
    await expect.poll(async () => await reads("shop_margin"), IN_FORCE).toBe(401);
    await page.locator(".toast", { hasText: "shop_margin is private" }).getByRole("button", { name: "Undo" }).press("Enter");
    await row.waitFor();
    await expect.poll(async () => await reads("shop_margin"), IN_FORCE).toBe(200);
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI67] registers an issuer by its pasted keys and tests a token of it, check by check", async () => {
    const other = await foreignIssuer("https://other.example");
    const { page, context, faults } = await visit(browser, server, { storageState });
    await page.goto("/console/control/issuers");
    await page.getByRole("link", { name: "school" }).waitFor();
    await tabTo(page, /^a Register an issuer/);
    await press(page, "Enter");
    await focusOn(page, /^div Register an issuer/);
    await tabTo(page, /^input/);
    await page.keyboard.type("school");
    await press(page, "Tab");
    await page.keyboard.type(other.iss);
    await press(page, "Tab");
    await page.keyboard.type(other.audience);
    await press(page, "Tab", "ArrowRight", "Tab");
    await page.keyboard.insertText(other.jwks);
    await tabTo(page, /^button Register/);
    await page.keyboard.press("Enter");
    await page.getByText("There is an issuer of this name").waitFor();
    await focusOn(page, /^input/);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("other");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/console/control/issuers/other");
    const drawer = page.getByRole("dialog", { name: "Issuer other" });
    await drawer.waitFor();
    const verdictOf = async (token: string, verdict: string): Promise<string[]> => {
      await drawer.getByLabel("Test a token").focus();
      await page.keyboard.press("Control+a");
      await page.keyboard.insertText(token);
      await press(page, "Tab");
      await page.keyboard.press("Enter");
      await drawer.getByText(verdict).waitFor();
      return await drawer.locator(".checks .state-badge").allInnerTexts();
    };
    const passed = await verdictOf(await other.token("dora"), "The door would take this token");
    expect(passed.length).toBeGreaterThan(8);
    const failed = await verdictOf(await other.token("dora", -4_000), "The door would refuse this token");
    expect(failed.at(-1)).toBe("time");
    expect((await verdictOf("nonsense", "The door would refuse this token")).length).toBeLessThan(failed.length);
    expect(await reads("shop_open", await other.token("dora"))).toBe(200);
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI68] asks why and is told the mark, the grant that is missing, and what would do", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await page.goto("/console/control/explain");
    await page.getByRole("heading", { name: "Ask why" }).waitFor();
    await tabTo(page, /^select/);
    await press(page, "Tab");
    await page.keyboard.type("status_page");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Allowed" }).waitFor();
    await page.getByText("metrics status_*", { exact: true }).waitFor();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("hidden");
    await page.getByRole("heading", { name: "Allowed" }).waitFor({ state: "detached" });
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Refused" }).waitFor();
    expect(await page.locator("pre.command").innerText()).toBe('{"kind":"metrics","name":"hidden","actions":["read"]}');
    expect(new URL(page.url()).search).toBe("?name=hidden");
    expect(faults).toEqual([]);
    await context.close();
  });
});

describe("the door's settings", () => {
  it("[UI65] are saved by two people without loss: what the other changed is taken over, what both changed is shown", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    const saved = async () => (await callApi<{ settings: typeof OPEN_DOOR }>(context, server, "/v1/tenant/settings")).settings;
    await page.goto("/console/control/door");
    await page.getByText("Everything is saved.").waitFor();
    await page.getByLabel("Origins").focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("https://mine.example.com");
    await page.getByText("Not saved yet: origins.").waitFor();
    const theirs = { ...OPEN_DOOR, origins: ["https://theirs.example.com"], hosts: [] };
    await change(context, server, "put", "/v1/tenant/settings", theirs);
    await tabTo(page, /^button Save/);
    await page.keyboard.press("Enter");
    const notice = page.getByRole("alert");
    await notice.getByText("They changed hosts: the form has it now.").waitFor();
    await notice.getByText("You both changed origins: the form keeps yours.").waitFor();
    await notice.getByText("https://theirs.example.com").waitFor();
    expect(await saved()).toEqual(theirs);
    expect(await page.getByLabel("Host names").inputValue()).toBe("");
    expect(await page.getByLabel("Origins").inputValue()).toBe("https://mine.example.com");
    await notice.getByRole("button", { name: "Save mine as well" }).press("Enter");
    await page.getByText("Everything is saved.").waitFor();
    expect(await saved()).toEqual({ ...theirs, origins: ["https://mine.example.com"] });
    await focusOn(page, /./);
    // The browser itself notes the refusal that this is about.
    expect(faults.filter((fault) => !fault.includes("412"))).toEqual([]);
    await context.close();
  });

  it("[UI66] that are refused are marked beside their field, with the line, and the focus is there", async () => {
    const { page, context } = await visit(browser, server, { storageState });
    await page.goto("/console/control/door");
    await page.getByLabel("Host names").fill("api.example.com\nnot a host");
    await page.getByRole("button", { name: "Save" }).press("Enter");
    await page.getByText("line 2 (not a host): must be a host name").waitFor();
    await focusOn(page, /^textarea/);
    await page.getByText("Not saved: see what is marked above.").waitFor();
    await page.getByRole("button", { name: "Drop" }).press("Enter");
    await page.getByText("Everything is saved.").waitFor();
    expect(await page.locator("[aria-invalid=true]").count()).toBe(0);
    await context.close();
  });
});
