import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { drawn, PATIENT, type SignedIn, signedInState, visit } from "./console.ts";
import { axeFaults, picture } from "./measures.ts";

/** Grounds of CONSOLE.md's table. */
const GROUNDS = { Dark: "rgb(17, 18, 23)", Light: "rgb(247, 248, 250)", Ocean: "rgb(11, 28, 38)", Sunset: "rgb(31, 20, 24)" } as const;

let server: TestServer;
let browser: Browser;
let storageState: SignedIn;

beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
  storageState = await signedInState(browser, server);
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  removeState(server);
});

async function ground(page: Page): Promise<string> {
  return await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
}

async function choose(page: Page, theme: string): Promise<void> {
  await page.getByRole("button", { name: /^Theme:/ }).click();
  await page.locator(".menu-panel").getByRole("button", { name: theme }).click();
}

describe("the theme", () => {
  it("[UI35] follows the system at once while none is chosen", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await page.goto("/console/settings");
    await page.getByRole("heading", { name: "Demo Operator" }).waitFor();
    expect(await ground(page)).toBe(GROUNDS.Dark);
    await page.emulateMedia({ colorScheme: "light" });
    await expect.poll(() => ground(page), PATIENT).toBe(GROUNDS.Light);
    await choose(page, "Dark");
    await expect.poll(() => ground(page), PATIENT).toBe(GROUNDS.Dark);
    await choose(page, "Follow the system");
    await expect.poll(() => ground(page), PATIENT).toBe(GROUNDS.Light);
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI35] is one of those offered, each clean under axe, and is remembered by the browser", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await page.goto("/console/settings");
    await page.getByRole("heading", { name: "Demo Operator" }).waitFor();
    const offered = await page.getByRole("radio").evaluateAll((radios) => radios.map((radio) => radio.parentElement?.textContent));
    expect(offered).toEqual(["Follow the system", ...Object.keys(GROUNDS)]);
    for (const [theme, color] of Object.entries(GROUNDS)) {
      await choose(page, theme);
      await expect.poll(() => ground(page), PATIENT).toBe(color);
      await page.reload();
      await page.getByRole("heading", { name: "Demo Operator" }).waitFor();
      expect(await ground(page), theme).toBe(color);
      expect(await page.getByRole("radio", { name: theme }).isChecked()).toBe(true);
      await drawn(page);
      expect(await axeFaults(page, "colours"), theme).toEqual([]);
      await picture(page, `theme-${theme.toLowerCase()}`);
    }
    expect(faults).toEqual([]);
    await context.close();
  });
});
