import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Meridian } from "../../sdk/client.ts";
import { launchBrowser } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { PATIENT, visit, type Visit } from "./console.ts";
import { axeFaults, boxFaults } from "./measures.ts";

const PLAYERS = 350;

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
  const client = new Meridian({ url: server.url, key: server.demo.apiKey });
  const occurredAt = new Date(Date.now() - 1_000).toISOString();
  const lines = Array.from({ length: PLAYERS }, (_, n) => ({ player: `p${n}`, name: `racer-${n}`, score: 10 + n, occurredAt }));
  await client.leaderboards.importScores("arcade", lines, "arcade-test");
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  if (server) removeState(server);
});

const arcade = async (options: Parameters<typeof visit>[2] = {}, query = ""): Promise<Visit> => {
  const visited = await visit(browser, server, options);
  await visited.page.goto(`/play/arcade?tenant=demo${query}`);
  await visited.page.getByRole("region", { name: /Ranking of/ }).waitFor();
  return visited;
};

async function comeInAsGuest(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Continue as a guest" }).click();
  await page.getByRole("button", { name: "Log out", exact: true }).waitFor();
}

/** As quick as people are: the board refuses the score of a machine. */
const REACTION_MS = 400;

/** Plays by keyboard: presses what is lit until the time is over. */
async function play(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Play 20 seconds" }).click();
  const lit = page.locator("[data-lit]");
  await lit.waitFor();
  const stillPlaying = page.getByText(/^\d+ s left$/);
  while ((await stillPlaying.count()) > 0) {
    const key = await lit.textContent({ timeout: 2_000 }).catch(() => null); // the last cell goes out
    if (key !== null) await page.keyboard.press(key.trim());
    await page.waitForTimeout(REACTION_MS);
  }
}

describe("the arcade", () => {
  it("[LB103] lets a guest play a round by keyboard, and a second tab sees the rank rise", { timeout: 120_000 }, async () => {
    const { page, context, faults } = await arcade();
    await comeInAsGuest(page);
    await expect.poll(async () => await page.getByText("You have no score here yet.").count(), PATIENT).toBe(1);
    const second = await context.newPage();
    await second.goto("/play/arcade?tenant=demo");
    await second.getByText("You have no score here yet.").waitFor();
    await play(page);
    await page.getByText(/points: rank [\d,]+ of 351/).waitFor();
    const rank = await second.getByRole("status", { name: "Your rank" }).locator("strong").textContent({ timeout: 15_000 });
    expect(Number(rank)).toBeLessThanOrEqual(PLAYERS + 1);
    // Beside them in the list, and in the feed of whoever watches.
    await expect.poll(async () => await second.getByText("(you)").count(), PATIENT).toBeGreaterThan(0);
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[LB102] scrolls to the last rank, and fetches only what is in sight", { timeout: 60_000 }, async () => {
    const { page, context, faults } = await arcade();
    await page
      .getByText(`racer-${PLAYERS - 1}`)
      .first()
      .waitFor();
    const rows = await page.locator(".rank-row").count();
    expect(rows).toBeLessThan(60);
    await page.getByRole("region", { name: /Ranking of/ }).evaluate((list) => list.scrollTo(0, list.scrollHeight));
    await page.getByText("racer-0", { exact: true }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[LB104] finds names, keeps friends in the browser, and opens a profile by address", { timeout: 60_000 }, async () => {
    const { page, context, faults } = await arcade();
    await page.getByRole("searchbox", { name: "Search by name" }).fill("racer-12");
    await page.getByRole("button", { name: "Star racer-120 as a friend" }).click();
    await page.getByRole("searchbox", { name: "Search by name" }).fill("");
    await page.getByRole("button", { name: "Friends" }).click();
    await page.getByText("racer-120", { exact: true }).click();
    await page.getByRole("dialog", { name: "Player racer-120" }).getByText("Streak").waitFor();
    await page.reload();
    await page.getByRole("dialog", { name: "Player racer-120" }).waitFor();
    await page.keyboard.press("Escape");
    expect(await page.getByText("racer-120", { exact: true }).count()).toBe(1);
    expect(faults).toEqual([]);
    await context.close();
  });

  for (const [width, height, colorScheme] of [
    [360, 760, "light"],
    [768, 1_024, "dark"],
    [1_440, 900, "dark"],
  ] as const)
    it(`[LB105] fits ${width} px and breaks no rule of accessibility`, { timeout: 60_000 }, async () => {
      const { page, context, faults } = await arcade({ viewport: { width, height }, colorScheme });
      await page.getByText("racer-349").first().waitFor();
      expect(await boxFaults(page)).toEqual([]);
      expect(await axeFaults(page)).toEqual([]);
      expect(faults).toEqual([]);
      await context.close();
    });
});
