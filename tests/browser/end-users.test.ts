import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FIRST_SETTINGS, type TenantSettings } from "../../contract/settings.ts";
import { Meridian } from "../../sdk/client.ts";
import type { MeridianUser } from "../../sdk/user.ts";
import { launchBrowser } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { callApi, PATIENT, signedInState, visit, type Visit } from "./console.ts";
import { serveStaticPage, type StaticPage } from "./static-page.ts";

const PASSWORD = "a lamp over the harbour";

let server: TestServer;
let browser: Browser;
let owner: Visit;
let shop: StaticPage;
let slug: string;

/** What the page's own script has made. */
declare const user: MeridianUser;

beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
  owner = await visit(browser, server, { storageState: await signedInState(browser, server) });
  slug = (await callApi<{ tenant: { slug: string } }>(owner.context, server, "/v1/me")).tenant.slug;
  shop = await serveStaticPage(server.url, slug);
  const settings: TenantSettings = {
    ...FIRST_SETTINGS,
    origins: [shop.origin],
    defaultGrants: [{ kind: "metrics", name: "shop_stock", actions: ["read"] }],
    hostedAccounts: { enabled: true, guests: true, mailWebhookUrl: null },
  };
  await change(owner.context, "put", "/v1/tenant/settings", settings);
  await change(owner.context, "put", "/v1/public/metrics/shop_open");
  const client = new Meridian({ url: server.url, key: server.demo.apiKey });
  const at = Date.now() - 1_000;
  await client.metrics.ingest({
    samples: ["shop_open", "shop_stock", "shop_margin"].map((metric) => ({ metric, labels: {}, timestamp: at, value: 7 })),
  });
});
afterAll(async () => {
  await shop?.close();
  await browser.close();
  await server.stop();
  removeState(server);
});

async function change(context: BrowserContext, method: "put" | "post" | "delete", path: string, data?: unknown): Promise<void> {
  const answer = await context.request[method](`${server.url}${path}`, {
    headers: { origin: server.url, "content-type": "application/json" },
    ...(data === undefined ? {} : { data }),
  });
  if (!answer.ok()) throw new Error(`${method} ${path} answered ${answer.status()}: ${await answer.text()}`);
}

async function openShop(context?: BrowserContext): Promise<Page> {
  const page = await (context ?? (await browser.newContext())).newPage();
  await page.goto(shop.origin);
  await page.waitForFunction(() => document.title === "ready");
  return page;
}

/** What the page may read now: the number of series, or the refusal's status. */
async function read(page: Page, metric: string): Promise<number | string> {
  return await page.evaluate(async (name) => {
    const [start, end] = [Date.now() - 600_000, Date.now() + 60_000].map((at) => new Date(at).toISOString());
    try {
      return (await user.metrics.query({ metric: name, start: start ?? "", end: end ?? "" })).series.length;
    } catch (error) {
      return `refused ${(error as { status: number }).status}`; // the SDK throws its own errors only
    }
  }, metric);
}

describe("an end user on a page of another origin", () => {
  it("[DR50] comes as a guest, upgrades, stays the same person, and reads only what is public or granted", async () => {
    const page = await openShop();
    expect(await page.evaluate(() => user.subject)).toBeNull();
    expect(await read(page, "shop_open")).toBe(1);
    for (const metric of ["shop_stock", "shop_margin"]) expect(await read(page, metric)).toMatch(/^refused 40[13]$/);

    const guest = await page.evaluate(async () => await user.guest({ name: "Ada" }));
    expect(guest).toMatchObject({ issuer: "hosted", guest: true });
    expect([await read(page, "shop_open"), await read(page, "shop_stock"), await read(page, "shop_margin")]).toEqual([1, 1, "refused 403"]);

    const input = { email: "ada@example.com", password: PASSWORD };
    const mailed = await page.evaluate(async (form) => await user.upgrade(form), input);
    expect(mailed.status).toBe("verify");
    const token = new URLSearchParams(new URL(mailed.verificationUrl ?? "").hash.slice(1)).get("verify") ?? "";
    const upgraded = await page.evaluate(async ([link, password]) => await user.verify(link ?? "", password ?? ""), [token, PASSWORD]);
    expect(upgraded).toMatchObject({ issuer: "hosted", sub: guest.sub, guest: false });
    expect(await read(page, "shop_stock")).toBe(1);

    const elsewhere = await openShop();
    expect(await elsewhere.evaluate(async ({ email, password }) => (await user.login(email, password)).sub, input)).toBe(guest.sub);
    expect(await elsewhere.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie])).toEqual([0, 0, ""]);
  });

  it("[DR51] stays signed in over two tabs with one renewal, and signs out in both", async () => {
    const context = await browser.newContext();
    const first = await openShop(context);
    const guest = await first.evaluate(async () => await user.guest());
    const second = await openShop(context);
    expect(await second.evaluate(() => user.subject?.sub)).toBe(guest.sub);
    await second.evaluate(async () => await user.logout());
    await expect.poll(async () => await first.evaluate(() => user.subject), PATIENT).toBeNull();
  });

  it("[DR52] is out within 2 s of a revocation: the open socket closes, the next request is 401, and no renewal helps", async () => {
    const page = await openShop();
    const { issuer, sub } = await page.evaluate(async () => await user.guest({ name: "Eve" }));
    await page.evaluate(async () => {
      const live = user.live();
      const log: string[] = [];
      live.onStatus((status) => log.push(status.light === "offline" ? `offline ${status.reason}` : status.light));
      Object.assign(window, { log });
      live.connect();
      await new Promise<void>((done) => live.onStatus((status) => status.light === "live" && done()));
    });
    const token = await page.evaluate(async () => await user.token());
    await change(owner.context, "post", "/v1/tokens/revocations", { kind: "subject", issuer, sub });
    const lights = async () => await page.evaluate(() => (window as unknown as { log: string[] }).log); // put there above
    await expect.poll(async () => (await lights()).at(-1), { timeout: 2_000 }).not.toBe("live");
    const status = async () => (await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })).status;
    await expect.poll(status, { timeout: 2_000 }).toBe(401);
    expect(await read(page, "shop_stock")).toMatch(/^refused 40[13]$/);
    expect(await page.evaluate(() => user.subject)).toBeNull();
  });
});

describe("the account page", () => {
  it("[UI60] registers by the demo's link, logs out and in, and says what one may read", async () => {
    const { page, faults } = await visit(browser, server);
    await page.goto(`/play/account?tenant=${slug}`);
    await page.getByRole("button", { name: "Register" }).click();
    await page.getByLabel("Name (optional)").fill("Grace");
    await page.getByLabel("Email").fill("grace@example.com");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Register" }).click();
    await page.getByRole("link", { name: "open the link here" }).click();
    await page.getByLabel("Password").fill("somebody else's guess");
    await page.getByRole("button", { name: "Finish" }).click();
    await page.getByText("If it was not you who registered it").waitFor();
    faults.length = 0; // browsers print every refusal
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Finish" }).click();
    await page.getByRole("heading", { name: "Grace" }).waitFor();
    expect(page.url()).not.toContain("verify=");
    await page.getByLabel("Metric").fill("shop_stock");
    await page.getByRole("button", { name: "Read" }).click();
    await page.getByText("all: 7").waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Grace" }).waitFor();
    expect(faults).toEqual([]);
    await page.getByLabel("Metric").fill("shop_margin");
    await page.getByRole("button", { name: "Read" }).click();
    await page.getByText("Not for you.").waitFor();
    await page.getByRole("button", { name: "Log out", exact: true }).click();
    await page.getByLabel("Email").fill("grace@example.com");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await page.getByRole("heading", { name: "Grace" }).waitFor();
  });
});
