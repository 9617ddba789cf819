import type { Browser, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOST_METRICS } from "../../contract/host-metrics.ts";
import { hostSamples } from "../../scripts/seeds/metrics.ts";
import { Meridian } from "../../sdk/client.ts";
import { launchBrowser } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { callApi, consolePages, PATIENT, settled, type SignedIn, signedInState, visit } from "./console.ts";
import { axeFaults, picture } from "./measures.ts";

const HOST = "seed-000";
/** Every route with data in it; who one is stays known. */
const DATA = /\/v1\/(?!auth\/|me$|deployment$)/;
const REQUEST = "01a1f823-7484-7e26-a29a-d358019b489f";

let server: TestServer;
let browser: Browser;
let owner: SignedIn;

beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
  owner = await signedInState(browser, server);
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  removeState(server);
});

/** What fetch failed for a reason of the test's own: the browser writes it into its console whatever the page does. */
function ownFaults(faults: readonly string[]): string[] {
  return faults.filter((fault) => !fault.includes("Failed to load resource"));
}

/** Answers like a server in trouble. */
async function failed(route: Route): Promise<void> {
  const problem = { type: "/problems/internal", title: "Something broke", status: 500, detail: "The server failed.", requestId: REQUEST };
  await route.fulfill({ status: 500, contentType: "application/problem+json", json: problem });
}

describe("a page without what it shows", () => {
  it("[UI33] says what would be here and what fills it", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState: owner });
    const empty = {
      "/console/observe": [/^Hosts appear here/, "Add a host"],
      "/console/observe/hosts/nobody": [/^No host called nobody/, "Show all hosts"],
      "/console/control/agents": [/^No agent has connected yet/, "Add a host"],
      "/console/control/events?subject=nothing": [/^No event fits/, undefined],
      "/console/control/audit?action=nothing": [/^No entry fits/, undefined],
    } as const;
    for (const [address, [words, act]] of Object.entries(empty)) {
      await page.goto(address);
      await page.getByRole("heading", { name: words }).waitFor();
      if (act) await page.locator("main .blank").getByRole("link", { name: act }).waitFor();
      expect(await axeFaults(page), address).toEqual([]);
      await picture(page, `empty-${address.split("/").at(-1)!.replace(/\W.*/, "")}`);
    }
    expect(ownFaults(faults)).toEqual([]);
    await context.close();
  });
});

describe("a page whose reads fail", () => {
  it("[UI33] says what failed, with the request, and shows it when it works again", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState: owner });
    for (const { paths, name, action } of await consolePages()) {
      // Who one is is known by then; asking why reads nothing before it is asked.
      if (action === "self:read" || action === "access:explain") continue;
      await page.route(DATA, failed);
      await page.goto(paths[0]!.replace(":host", HOST).replace(":board", "arcade"));
      const error = page.locator("main .blank.error").first();
      await error.waitFor();
      expect(await axeFaults(page), name).toEqual([]);
      await picture(page, `failed-${name.toLowerCase()}`);
      expect(await error.innerText(), name).toContain(REQUEST);
      await Promise.all([page.waitForRequest(DATA), error.getByRole("button", { name: "Try again" }).click()]);
      await page.unrouteAll();
      // Pages that poll may be faster than this.
      await page.getByRole("button", { name: "Refresh" }).click();
      await error.waitFor({ state: "detached" });
    }
    expect(ownFaults(faults)).toEqual([]);
    await context.close();
  });

  it("[UI33] shows the charts that can be read when one cannot", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState: owner });
    await new Meridian({ url: server.url, key: server.demo.apiKey }).metrics.ingest({ samples: hostSamples(0, Date.now() - 5_000) });
    await page.route(/\/v1\/metrics\/query/, async (route) =>
      route.request().postData()?.includes(HOST_METRICS.memoryUsed) ? await failed(route) : await route.continue(),
    );
    await page.goto(`/console/observe/hosts/${HOST}`);
    const memory = page.locator(".chart", { has: page.getByRole("heading", { name: "Memory" }) });
    await memory.getByRole("alert").waitFor();
    await page
      .locator(".chart", { has: page.getByRole("heading", { name: "CPU by core" }) })
      .locator("canvas")
      .waitFor();
    expect(await page.locator("main").getByRole("alert").count()).toBe(1);
    expect(await axeFaults(page)).toEqual([]);
    await picture(page, "partial-host");
    await page.unrouteAll();
    await memory.getByRole("button", { name: "Try again" }).click();
    await memory.locator("canvas").waitFor();
    expect(ownFaults(faults)).toEqual([]);
    await context.close();
  });

  it("[UI33] says that the server does not answer, and starts when it does", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState: owner });
    await page.route(/\/v1\//, (route) => route.abort("connectionrefused"));
    await page.goto("/console/observe");
    await page.getByRole("heading", { name: "The server does not answer" }).waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await picture(page, "failed-start");
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator("#main").waitFor();
    expect(ownFaults(faults)).toEqual([]);
    await context.close();
  });
});

describe("a page that a role does not show", () => {
  it("[UI33] [UI38] says which roles see it, and is not offered until the role changes", async () => {
    const setup = await visit(browser, server, { storageState: owner });
    const invited = await callApi<{ url: string }>(setup.context, server, "/v1/invitations", {
      email: "viewer@example.com",
      role: "viewer",
    });
    const { page, context, faults } = await visit(browser, server);
    await callApi(context, server, "/v1/invitations/accept", {
      token: new URL(invited.url).searchParams.get("token"),
      name: "Vera Viewer",
      password: "correct horse battery",
    });
    const { actions } = await callApi<{ actions: string[] }>(context, server, "/v1/me");
    const pages = await consolePages();
    const hidden = pages.filter(({ action }) => !actions.includes(action));
    expect(hidden.map(({ name }) => name)).toEqual(["Keys", "Members", "Audit", "Platform", "Issuers", "Door", "Public", "Explain access"]);
    for (const { paths, name, what } of hidden) {
      await page.goto(paths[0]!);
      await page.getByRole("heading", { name: `Your role (viewer) does not include ${what}` }).waitFor();
      await page.getByText(name === "Platform" ? "Only a deployment admin sees it." : /^Owners(,| and) admins.* see it\.$/).waitFor();
      expect(await axeFaults(page), name).toEqual([]);
      await picture(page, `forbidden-${name.toLowerCase()}`);
    }
    expect(await page.locator(".rail-link").evaluateAll((links) => links.map((link) => link.textContent))).toEqual(
      pages.filter(({ action, parent }) => !parent && actions.includes(action)).map(({ name }) => name),
    );
    await page.keyboard.press("Control+k");
    const offered = await page.getByRole("option").allInnerTexts();
    expect(offered.join("\n")).not.toMatch(/Create a key|Invite a member|Members|Keys|Audit|Platform|Issuers|Door|Public|Explain/);
    await page.keyboard.press("Escape");
    for (const { paths, action } of pages) {
      if (!actions.includes(action) || paths[0]!.includes(":")) continue;
      await page.goto(paths[0]!);
      await settled(page);
      expect(await page.getByText(/^Your role \(/).count(), paths[0]).toBe(0);
    }
    expect(faults).toEqual([]);

    await expect.poll(() => page.locator(".connection-light").innerText(), PATIENT).toBe("live");
    const members = await callApi<{ items: { id: string; email: string }[] }>(setup.context, server, "/v1/members");
    const viewer = members.items.find(({ email }) => email === "viewer@example.com");
    const changed = await setup.context.request.patch(`${server.url}/v1/members/${viewer!.id}`, {
      data: { role: "admin" },
      headers: { origin: server.url },
    });
    expect(changed.status()).toBe(200);
    await page.locator(".rail-link", { hasText: "Keys" }).waitFor();
    await setup.context.close();
    await context.close();
  });
});

describe("a page whose server is gone", () => {
  it("[UI33] keeps its data, greyed, and says for how long it has heard nothing", async () => {
    const own = await startTestServer();
    let again: TestServer | undefined;
    try {
      await new Meridian({ url: own.url, key: own.demo.apiKey }).metrics.ingest({ samples: hostSamples(0, Date.now() - 5_000) });
      const { page, context, faults } = await visit(browser, own, { storageState: await signedInState(browser, own) });
      await page.clock.install();
      await page.goto("/console/observe");
      await page.getByRole("link", { name: HOST }).waitFor();
      const light = page.locator(".connection-light");
      await expect.poll(() => light.innerText(), PATIENT).toBe("live");
      await own.kill9();
      await expect.poll(() => light.innerText(), PATIENT).toMatch(/^reconnecting/);
      await page.clock.fastForward(60_000);
      await expect.poll(() => light.innerText(), PATIENT).toMatch(/^offline, data is .* old\s*Retry$/);
      await page.getByRole("heading", { name: /^No connection for/ }).waitFor();
      await page.getByRole("link", { name: HOST }).waitFor();
      await page.locator(".host-grid.stale").waitFor();
      expect(await axeFaults(page)).toEqual([]);
      await picture(page, "stale-observe");
      again = await startTestServer({ state: own.state, port: own.port });
      await expect.poll(() => light.innerText(), { timeout: 30_000 }).toBe("live");
      await page.getByRole("heading", { name: /^No connection for/ }).waitFor({ state: "detached" });
      await page.locator(".host-grid.stale").waitFor({ state: "detached" });
      expect(ownFaults(faults)).toEqual([]);
      await context.close();
    } finally {
      await (again ?? own).stop();
      removeState(own);
    }
  });
});
