import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/lib/project.ts";
import { launchBrowser, watchPage } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { signIn } from "./console.ts";

/** `MERIDIAN_PICTURES=1` renews the pictures of the README; otherwise they are only looked at. */
const RENEW = process.env["MERIDIAN_PICTURES"] === "1";
const PICTURES = RENEW ? join(ROOT, "docs/images") : join(ROOT, ".cache/pictures");
const HOST = hostname();

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  server = await startTestServer({ agent: true });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  removeState(server);
});

async function pictures(context: BrowserContext, page: Page, name: string): Promise<void> {
  for (const scheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(PICTURES, `${name}-${scheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: "dark" });
  const cookies = await context.storageState();
  const phone = await browser.newContext({
    viewport: { width: 360, height: 740 },
    deviceScaleFactor: 2,
    colorScheme: "dark",
    storageState: cookies,
  });
  const small = await phone.newPage();
  await small.goto(page.url());
  await small
    .getByRole("main")
    .getByRole("heading", { name: new RegExp(HOST) })
    .first()
    .waitFor();
  await small.waitForTimeout(1_500);
  expect(
    await small.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth),
    "nothing is wider than the phone",
  ).toBe(true);
  await small.screenshot({ path: join(PICTURES, `${name}-phone.png`) });
  await phone.close();
}

describe("a newcomer", () => {
  it("[UI28] signs in, sees this machine's CPU move, opens it, changes the range, revokes the agent's key and watches the host go late, then offline", async () => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark" });
    const { page, faults } = await watchPage(context, server.url);
    await signIn(page, server);

    const card = page.getByRole("link", { name: new RegExp(HOST) }).first();
    await card.waitFor({ timeout: 60_000 });
    const main = page.getByRole("main");
    const first = await main.innerText();
    await expect.poll(async () => await main.innerText(), { timeout: 60_000, interval: 500 }).not.toBe(first);
    // The README's pictures want some minutes on them; the walk itself does not.
    await page.waitForTimeout(RENEW ? 200_000 : 2_000);
    await pictures(context, page, "command-center");

    await card.click();
    await page.waitForURL(`**/console/observe/hosts/${encodeURIComponent(HOST)}*`);
    await page.getByText("CPU by core").waitFor();
    await page.locator("canvas").first().waitFor();
    await page.waitForTimeout(1_500);
    await pictures(context, page, "host");
    await page.getByRole("button", { name: /Time range/ }).click();
    await page.getByText("last 1 h", { exact: true }).click();
    await expect.poll(() => page.url()).toMatch(/range=1h/);
    await page.goBack();
    await expect.poll(() => page.url()).not.toMatch(/range=1h/);

    await page.goto(`${server.url}/console/control/keys`);
    await page.getByRole("link", { name: "host agent of this machine" }).click();
    await page.getByRole("button", { name: "Revoke" }).click();
    await page.getByLabel(/Type .* to confirm/).fill("host agent of this machine");
    await page.getByRole("button", { name: "Revoke the key" }).click();
    await page.getByText("is revoked").waitFor();

    await page.goto(`${server.url}/console/observe`);
    await page.getByRole("heading", { name: new RegExp(`${HOST} is late`) }).waitFor({ timeout: 100_000 });
    await page.getByRole("heading", { name: new RegExp(`${HOST} is offline`) }).waitFor({ timeout: 100_000 });
    expect(faults).toEqual([]);
    await context.close();
  }, 600_000);
});
