import { crc32, deflateSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Meridian } from "../../sdk/client.ts";
import { launchBrowser } from "../lib/browser.ts";
import { mulberry } from "../lib/random.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { PATIENT, visit } from "./console.ts";

const ROOM = "long";
const MESSAGES = 50_000;
const IMPORTED_AT_ONCE = 5_000;
/** Each so manieth message is a picture. */
const PICTURE_EVERY = 23;
const ROWS = 60;
/** A message that is read stays where it is, but for so many pixels. */
const STILL_PX = 2;
/** Pages of older messages that are read one after the other, by so many pixels a frame: slowly, and faster than they come. */
const SLOW = { pages: 12, step: 100 } as const;
const FAST = { pages: 20, step: 1_500 } as const;
/** How long the list is scrolled in one go, in frames. */
const FRAMES = 400;

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
  await fill(new Meridian({ url: server.url, key: server.demo.apiKey }));
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  if (server) removeState(server);
});

/** 50,000 messages of people who say more and less, some of them pictures; the newest answers one far above. */
async function fill({ rooms }: Meridian): Promise<void> {
  await rooms.create({ room: ROOM });
  const { mediaId } = await rooms.upload(ROOM, new Blob([grey(640, 480)], { type: "image/png" }));
  const random = mulberry(7);
  const began = Date.now() - MESSAGES * 60_000;
  for (let from = 0; from < MESSAGES; from += IMPORTED_AT_ONCE) {
    const lines = Array.from({ length: IMPORTED_AT_ONCE }, (_, n) => {
      const at = began + (from + n) * 60_000;
      const sender = `person${Math.floor(random() * 40)}`;
      const text = "some words of it ".repeat(1 + Math.floor(random() ** 3 * 40));
      if (from + n === MESSAGES - 1) return { at, sender, text: "about that", replyTo: MESSAGES / 2 };
      return (from + n) % PICTURE_EVERY === 0 ? { at, sender, mediaId } : { at, sender, text };
    });
    await rooms.importMessages(ROOM, lines, `scroll-${from}`);
  }
}

/** A PNG (RFC 2083) of one grey. */
function grey(width: number, height: number): Uint8Array<ArrayBuffer> {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8; // bits of a sample; the rest is: grey, deflate, no filter by row, not interlaced
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const rows = deflateSync(Buffer.alloc((width + 1) * height, 127));
  return new Uint8Array(Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]));
}

/** What is noted in the page while the list is used. */
interface Noted {
  mostRows: number;
  longestTaskMs: number;
}

/** Before anything of the page runs: notes the most rows that were in the document at once, and the longest task. */
async function note(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const noted: Noted = { mostRows: 0, longestTaskMs: 0 };
    Object.assign(globalThis, { noted });
    new MutationObserver(() => {
      noted.mostRows = Math.max(noted.mostRows, document.querySelectorAll(".messages .row").length);
    }).observe(document, { childList: true, subtree: true });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) noted.longestTaskMs = Math.max(noted.longestTaskMs, duration);
    }).observe({ type: "longtask" });
  });
}

const notedIn = async (page: Page): Promise<Noted> =>
  await page.evaluate(() => {
    const { noted } = globalThis as unknown as { noted: Noted }; // put there above
    const now = { ...noted };
    noted.longestTaskMs = 0;
    return now;
  });

/**
 * Scrolls up frame by frame until older rows have come, and stays there for a while, so that pictures come too.
 * @returns by how many pixels, at most, the row in the middle of what is seen was not where it had to be a frame later
 */
async function readOlder(page: Page, pixels: number): Promise<number> {
  return await page.evaluate(async (most) => {
    const list = document.querySelector(".messages");
    if (!list) throw new Error("no list");
    const topOf = (row: Element): number => row.getBoundingClientRect().top - list.getBoundingClientRect().top;
    const rows = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>(".row")];
    const height = list.scrollHeight;
    let moved = 0;
    for (let frame = 0, still = 0; still < 30; frame++) {
      if (frame > 2_000) throw new Error(`no older rows come: ${list.scrollTop} of ${list.scrollHeight}, ${height} before`);
      const hasGrown = list.scrollHeight - height > 2_000;
      if (hasGrown) still++;
      const before = rows().find((row) => topOf(row) + row.clientHeight > list.clientHeight / 2 && topOf(row) < list.clientHeight);
      const key = before?.dataset["key"];
      const step = hasGrown || list.scrollTop < 500 ? 0 : most;
      const [top, from] = [before ? topOf(before) : 0, list.scrollTop];
      list.scrollTop -= step;
      const due = top + from - list.scrollTop;
      await new Promise((drawn) => requestAnimationFrame(drawn));
      const after = rows().find((row) => row.dataset["key"] === key);
      // Where a leap ends nothing may be drawn yet, and of what was there nothing stays.
      if (before && (after || step <= list.clientHeight)) moved = Math.max(moved, after ? Math.abs(topOf(after) - due) : 10_000);
    }
    return moved;
  }, pixels);
}

/** Scrolls up frame by frame. @returns how long frames took at the 95th percentile, in milliseconds */
async function scrollUp(page: Page, frames: number): Promise<number> {
  return await page.evaluate(async (count) => {
    const list = document.querySelector(".messages");
    const took: number[] = [];
    let before = await new Promise<number>((drawn) => requestAnimationFrame(drawn));
    for (let n = 0; n < count; n++) {
      if (list) list.scrollTop -= 120;
      const now = await new Promise<number>((drawn) => requestAnimationFrame(drawn));
      took.push(now - before);
      before = now;
    }
    return took.sort((a, b) => a - b)[Math.floor(count * 0.95)] ?? 0;
  }, frames);
}

describe("a conversation of 50,000 messages", () => {
  it("[RM251] is scrolled with at most 60 rows in the document, and what is read stays where it is", { timeout: 240_000 }, async () => {
    const { context, page, faults } = await visit(browser, server);
    await note(page);
    await page.goto(`/play/chat?tenant=demo&room=${ROOM}`);
    await page.getByRole("button", { name: "Continue as a guest" }).click();
    await page.locator(".messages").getByText("about that").waitFor(PATIENT);
    await page.reload();
    await page.locator(".messages").getByText("about that").waitFor(PATIENT);
    const firstViewMs = await page.evaluate(() => performance.now());
    await notedIn(page);

    const moved: number[] = [];
    // Who has not left the end yet is held there.
    await page.locator(".messages").evaluate((list) => list.scrollBy(0, -300));
    await page.getByRole("button", { name: /^Newest|new ↓/ }).waitFor(PATIENT);
    for (let n = 0; n < SLOW.pages; n++) moved.push(await readOlder(page, SLOW.step));
    // Of leaps only that they end nowhere: what is in sight changes as a whole.
    for (let n = 0; n < FAST.pages; n++) await readOlder(page, FAST.step);
    const paging = await notedIn(page);
    const p95Ms = await scrollUp(page, FRAMES);
    const scrolling = await notedIn(page);

    await page.getByRole("button", { name: /^Newest|new ↓/ }).click();
    await page.locator(".messages").getByText("about that").waitFor(PATIENT);
    await page.locator(".quoted").last().click();
    await page.locator(`.message[data-offset="${MESSAGES / 2}"]`).waitFor(PATIENT);
    const inSight = async () =>
      await page.locator(`.message[data-offset="${MESSAGES / 2}"]`).evaluate((each) => {
        const [box, list] = [each.getBoundingClientRect(), each.closest(".messages")?.getBoundingClientRect()];
        return list !== undefined && box.top >= list.top && box.top < list.bottom;
      });
    await expect.poll(inSight, PATIENT).toBe(true);
    for (let n = 0; n < 3; n++) moved.push(await readOlder(page, SLOW.step));
    await page.getByRole("button", { name: /^Newest|new ↓/ }).click();
    await page.locator(".messages").getByText("about that").waitFor(PATIENT);
    const { mostRows } = await notedIn(page);

    console.log(
      `first view ${firstViewMs.toFixed(0)} ms; frames p95 ${p95Ms.toFixed(1)} ms; longest task while paging ${paging.longestTaskMs} ms, while scrolling ${scrolling.longestTaskMs} ms; at most ${mostRows} rows; moved ${moved.map((px) => px.toFixed(1)).join(" ")} px`,
    );
    expect(mostRows).toBeLessThanOrEqual(ROWS);
    expect(mostRows).toBeGreaterThan(10);
    expect(Math.max(...moved)).toBeLessThanOrEqual(STILL_PX);
    expect(faults).toEqual([]);
    await context.close();
  });
});
