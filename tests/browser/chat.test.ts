import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Meridian } from "../../sdk/client.ts";
import { launchBrowser } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { PATIENT, visit, type Visit } from "./console.ts";
import { axeFaults, boxFaults } from "./measures.ts";

let server: TestServer;
let browser: Browser;
let client: Meridian;

beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
  client = new Meridian({ url: server.url, key: server.demo.apiKey });
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  if (server) removeState(server);
});

/** A guest of their own browser, in the room. */
async function guestIn(room: string, options: Parameters<typeof visit>[2] = {}): Promise<Visit> {
  const visited = await visit(browser, server, options);
  const { page } = visited;
  await page.goto(`/play/chat?tenant=demo&room=${room}`);
  await page.getByRole("button", { name: "Continue as a guest" }).click();
  await connected(page);
  return visited;
}

async function connected(page: Page): Promise<void> {
  await expect.poll(async () => await page.locator(".room-light").textContent(), PATIENT).toMatch(/connected/);
}

async function say(page: Page, text: string): Promise<void> {
  const field = page.getByRole("textbox", { name: "Message", exact: true });
  await field.fill(text);
  await field.press("Enter");
}

const texts = async (page: Page): Promise<string[]> => await page.locator(".message .message-text").allTextContents();

describe("the chat", () => {
  it(
    "[RM210] carries a message with double ticks, shows who types, and each message once on both sides",
    { timeout: 180_000 },
    async () => {
      const ada = await guestIn("two-of-us");
      const ben = await guestIn("two-of-us");
      await say(ada.page, "Hello Ben");
      await expect.poll(async () => await texts(ben.page), PATIENT).toEqual(["Hello Ben"]);
      await expect.poll(async () => await ada.page.locator(".ticks.read").count(), PATIENT).toBe(1);
      await ben.page.getByRole("textbox", { name: "Message", exact: true }).pressSequentially("I am writing", { delay: 20 });
      await expect.poll(async () => await ada.page.locator(".typing").textContent(), PATIENT).toMatch(/typing/);
      await ben.page.getByRole("textbox", { name: "Message", exact: true }).press("Enter");
      await expect.poll(async () => await texts(ada.page), PATIENT).toEqual(["Hello Ben", "I am writing"]);
      await expect.poll(async () => await ada.page.locator(".typing").textContent(), PATIENT).toBe("");
      expect([...ada.faults, ...ben.faults]).toEqual([]);
      await ada.context.close();
      await ben.context.close();
    },
  );

  it(
    "[RM211] keeps what is written offline, over a reload too, and sends it once, in order, when the network is back",
    { timeout: 180_000 },
    async () => {
      const ada = await guestIn("offline");
      const ben = await guestIn("offline");
      await say(ada.page, "before");
      await expect.poll(async () => await texts(ben.page), PATIENT).toEqual(["before"]);
      await ada.context.setOffline(true);
      await expect.poll(async () => await ada.page.locator(".room-light").textContent(), { timeout: 60_000 }).not.toMatch(/^connected/);
      for (const text of ["one", "two", "three"]) await say(ada.page, text);
      expect(await ada.page.locator(".message.unsent").count()).toBe(3);
      await ada.context.setOffline(false);
      await expect.poll(async () => await texts(ben.page), { timeout: 60_000 }).toEqual(["before", "one", "two", "three"]);
      await expect.poll(async () => await texts(ada.page), PATIENT).toEqual(["before", "one", "two", "three"]);
      expect(await ada.page.locator(".message.unsent").count()).toBe(0);
      await ada.page.reload();
      await expect.poll(async () => await texts(ada.page), PATIENT).toEqual(["before", "one", "two", "three"]);
      await ada.context.close();
      await ben.context.close();
    },
  );

  it(
    "[RM212] sends a photo: a small picture in a box that was reserved for it, opened whole by a click",
    { timeout: 180_000 },
    async () => {
      const ada = await guestIn("photos");
      const ben = await guestIn("photos");
      const picture = await ada.page.evaluate(async () => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [2_400, 1_800];
        const context = canvas.getContext("2d");
        // As uneven as a photo is: a PNG of it is large.
        for (let y = 0; y < 180; y++)
          for (let x = 0; x < 240; x++) {
            if (context) context.fillStyle = `hsl(${(x * x + y * 7 * x) % 360} 70% ${30 + ((x * y) % 40)}%)`;
            context?.fillRect(x * 10, y * 10, 10, 10);
          }
        return canvas.toDataURL("image/png").split(",")[1] ?? "";
      });
      const whole = Buffer.from(picture, "base64");
      await ada.page.locator('input[type="file"]').setInputFiles({ name: "photo.png", mimeType: "image/png", buffer: whole });
      const shown = ben.page.locator(".picture img");
      await shown.waitFor(PATIENT);
      const loaded = async () => await shown.evaluate((img) => (img instanceof HTMLImageElement && img.complete ? img.naturalWidth : 0));
      await expect.poll(loaded, PATIENT).toBe(320);
      const box = await ben.page.locator(".picture").boundingBox();
      expect((box?.width ?? 0) / (box?.height ?? 1)).toBeCloseTo(4 / 3, 1);
      const small = await ben.page.evaluate(() =>
        performance
          .getEntriesByType("resource")
          .filter(({ name }) => name.includes("/room-media/"))
          .reduce((sum, one) => sum + (one as PerformanceResourceTiming).encodedBodySize, 0),
      );
      // A first look takes a fifth of what the pictures take.
      expect(small).toBeLessThan(whole.length / 5);
      await ada.context.close();
      await ben.context.close();
    },
  );

  it("[RM213] takes a removed person's room away within a second", { timeout: 120_000 }, async () => {
    await client.rooms.create({ room: "removal" });
    const ada = await guestIn("removal");
    await say(ada.page, "here");
    await expect.poll(async () => await ada.page.locator(".message.unsent").count(), PATIENT).toBe(0);
    const { items } = await client.rooms.members("removal");
    await client.rooms.putMember("removal", items[0]?.subject ?? "", { state: "banned" });
    await expect.poll(async () => await ada.page.locator(".room-light").textContent(), PATIENT).toMatch(/no access/);
    await ada.context.close();
  });

  it("[RM214] is sound at phone width: one pane at a time, nothing cut off, no fault that axe finds", { timeout: 120_000 }, async () => {
    const ada = await guestIn("narrow", { viewport: { width: 390, height: 800 } });
    await say(ada.page, "a message on a phone");
    await expect.poll(async () => await texts(ada.page), PATIENT).toEqual(["a message on a phone"]);
    expect(await axeFaults(ada.page)).toEqual([]);
    expect(await boxFaults(ada.page)).toEqual([]);
    await ada.page.screenshot({ path: ".cache/pictures/chat-phone.png" });
    await ada.page.getByRole("button", { name: "Back to the conversations" }).click();
    await expect.poll(async () => await ada.page.getByRole("button", { name: /narrow/ }).count(), PATIENT).toBe(1);
    await ada.page.screenshot({ path: ".cache/pictures/chat-phone-list.png" });
    expect(await axeFaults(ada.page)).toEqual([]);
    expect(ada.faults).toEqual([]);
    await ada.context.close();
  });
});
