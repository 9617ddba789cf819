import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostSamples } from "../../scripts/seeds/metrics.ts";
import { Meridian } from "../../sdk/client.ts";
import { launchBrowser } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { consolePages, PATIENT, type SignedIn, signedInState, visit } from "./console.ts";
import { focus, focusOn, press, pressArrow, tabTo } from "./keys.ts";

let server: TestServer;
let browser: Browser;
let storageState: SignedIn;

beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
  const client = new Meridian({ url: server.url, key: server.demo.apiKey });
  await client.metrics.ingest({ samples: [0, 1, 2].flatMap((n) => hostSamples(n, Date.now() - 5_000)) });
  storageState = await signedInState(browser, server);
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  removeState(server);
});

describe("without a mouse", () => {
  it("[UI31] a person signs in, goes to a host by name, filters and comes back", async () => {
    const { page, context, faults } = await visit(browser, server);
    await page.goto("/");
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await tabTo(page, /^input/);
    await page.keyboard.type(server.demo.email);
    await tabTo(page, /^input/);
    await page.keyboard.type(server.demo.password);
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "seed-002" }).waitFor();
    await focusOn(page, /^main/);

    await page.keyboard.press("Control+k");
    await page.getByRole("dialog", { name: "Go to or do" }).waitFor();
    await focusOn(page, /^input Go to/);
    await page.keyboard.type("seed-002");
    await page.getByRole("option", { name: "seed-002" }).and(page.locator("[aria-selected=true]")).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL("**/console/observe/hosts/seed-002*");
    await page.getByRole("heading", { name: /seed-002 is/ }).waitFor();
    await focusOn(page, /^main/);

    await page.keyboard.press("g");
    await page.keyboard.press("h");
    await page.waitForURL("**/console/observe");
    await page.getByRole("link", { name: "seed-000" }).waitFor();
    await press(page, "/");
    await page.keyboard.type("seed-001");
    await page.waitForURL("**/console/observe?name=seed-001");
    await page.getByRole("link", { name: "seed-000" }).waitFor({ state: "detached" });
    await tabTo(page, /^a seed-001/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /seed-001 is/ }).waitFor();
    await focusOn(page, /^main/);
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI31] a person goes to every page by its letter, and `?` names the letters", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await page.goto("/console/settings");
    await page.getByRole("heading", { name: "Demo Operator" }).waitFor();
    const lettered = (await consolePages()).filter(({ key }) => key !== undefined);
    for (const { key, paths, name } of lettered) {
      await page.keyboard.press("g");
      await page.keyboard.press(key!);
      await page.waitForURL(`**${paths[0]}`);
      await page.locator(`.rail a[aria-current=page][href="${paths[0]}"]`).waitFor();
      await expect.poll(() => page.title(), PATIENT).toContain(name);
    }
    await page.keyboard.press("?");
    const help = page.getByRole("dialog", { name: "Keys" });
    await focusOn(page, /^button Close/);
    for (const { key, name } of lettered) expect((await help.innerText()).replace(/\s+/g, " ")).toContain(`g${key} ${name}`);
    await page.keyboard.press("Escape");
    await help.waitFor({ state: "detached" });
    await focusOn(page, /^(main|a) /);
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI31] a person creates a key, copies its secret, opens it with arrows and Enter, and revokes it", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState, permissions: ["clipboard-read", "clipboard-write"] });
    await page.goto("/console/control/keys");
    await page.getByRole("link", { name: "demo admin" }).waitFor();
    await tabTo(page, /^a Create a key/);
    await press(page, "Enter");
    await focusOn(page, /^div Create a key/);
    await tabTo(page, /^input/);
    await page.keyboard.type("from the keyboard");
    await tabTo(page, /^input/);
    await press(page, "Space");
    await tabTo(page, /^button Create the key/);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Key created" }).waitFor();
    await focusOn(page, /^div Key created/);
    await tabTo(page, /^button Copy the key/);
    await press(page, "Enter");
    const secret = await page.locator("pre.command").first().innerText();
    expect(secret).toMatch(/^mrd_/);
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText()), PATIENT).toBe(secret);
    const status = async () => (await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${secret}` } })).status;
    expect(await status()).toBe(200);
    await page.keyboard.press("Escape");
    await page.waitForURL("**/console/control/keys");
    await focusOn(page, /^a Create a key/);

    await page.getByRole("link", { name: "from the keyboard" }).waitFor();
    await tabTo(page, /^tr /);
    let at = await focus(page);
    for (let i = 0; i < 3 && !at.what.includes("from the keyboard"); i++) at = await pressArrow(page, at);
    await press(page, "Enter");
    const drawer = page.getByRole("dialog", { name: "Key from the keyboard" });
    await drawer.waitFor();
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    await focusOn(page, /^tr from the keyboard/);

    await press(page, "Enter");
    await drawer.waitFor();
    await tabTo(page, /^button Revoke/);
    await press(page, "Enter");
    await page.getByRole("dialog", { name: /Revoke the key/ }).waitFor();
    await focusOn(page, /^button Close/);
    await tabTo(page, /^input/);
    await page.keyboard.type("from the keyboard");
    await page.keyboard.press("Enter");
    await page.getByText("is revoked").waitFor();
    await focusOn(page, /^div Key from the keyboard/);
    await expect.poll(status, { timeout: 2_000 }).toBe(401);
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    await focusOn(page, /^main/);
    expect(faults).toEqual([]);
    await context.close();
  });
});
