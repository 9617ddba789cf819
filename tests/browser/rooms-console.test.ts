import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Meridian } from "../../sdk/client.ts";
import { launchBrowser } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { PATIENT, settled, type SignedIn, signedInState, visit } from "./console.ts";
import { tabTo } from "./keys.ts";
import { axeFaults, boxFaults, picture } from "./measures.ts";

const LIVE = "/console/live";
const NEWS = `${LIVE}/topics/topic/news`;
const ORDERS = `${LIVE}/topics/topic/orders%2Feu`;
const REQUEST = "01a1f823-7484-7e26-a29a-d358019b489f";

let server: TestServer;
let browser: Browser;
let client: Meridian;
let storageState: SignedIn;

beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
  client = new Meridian({ url: server.url, key: server.demo.apiKey });
  await client.rooms.create({ room: "lobby", title: "Lobby", members: ["ann"] });
  await client.rooms.send("lobby", [{ clientId: "m1", text: "Good morning" }]);
  await client.topics.put("topic/news");
  await client.topics.publish("topic/news", [{ clientId: "n1", data: { headline: "first" } }]);
  await client.topics.put("topic/orders/eu", { keyed: true, visibility: "public" });
  await client.topics.publish("topic/orders/eu", [{ clientId: "o1", key: "4711", version: 2, data: "packed" }]);
  await client.topics.publish("topic/orders/eu", [{ clientId: "o2", key: "4711", version: 1, data: "paid" }]);
  storageState = await signedInState(browser, server);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  if (server) removeState(server);
});

async function at(address: string, options: Parameters<typeof visit>[2] = {}) {
  const visited = await visit(browser, server, { storageState, ...options });
  await visited.page.goto(address);
  await settled(visited.page);
  return visited;
}

/** Ann's own socket in the lobby, once she has said something there. */
async function annInLobby(): Promise<WebSocket> {
  const { token } = await client.tokens.mint({ sub: "ann", name: "Ann" });
  const ann = new Meridian({ url: server.url, key: token });
  const { url } = await ann.connect.roomTicket("lobby");
  const socket = new WebSocket(url);
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const say = (frame: object) => socket.send(JSON.stringify({ v: 1, ...frame }));
  say({ type: "subscribe", id: "1", channel: "room/lobby" });
  say({ type: "send", clientId: "a1", text: "Anybody here?" });
  return socket;
}

const messages = (page: Page) => page.getByRole("list", { name: "Messages, newest first" }).getByRole("listitem");

describe("topics in the console", () => {
  it("[RM233] shows what is published as it comes, holds it while paused, and shows it on going on", { timeout: 60_000 }, async () => {
    const { page, context, faults } = await at(NEWS);
    await page.getByText("live", { exact: true }).last().waitFor();
    await messages(page).getByText('{"headline":"first"}').waitFor();
    await client.topics.publish("topic/news", [{ clientId: "n2", data: "second", type: "flash" }]);
    await messages(page).getByText("second", { exact: true }).waitFor();
    await page.getByRole("button", { name: /pause/i }).click();
    await client.topics.publish("topic/news", [{ clientId: "n3", data: "third" }]);
    await page.getByText("1 held").waitFor();
    expect(await messages(page).getByText("third", { exact: true }).count()).toBe(0);
    await page.getByRole("button", { name: /resume/i }).click();
    await messages(page).getByText("third", { exact: true }).waitFor();
    expect(await messages(page).count()).toBe(3);
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[RM231] makes a topic and changes it, and refuses a name that cannot be", { timeout: 60_000 }, async () => {
    const { page, context, faults } = await at(`${LIVE}/topics`);
    await page.getByRole("button", { name: "Create a topic" }).click();
    const name = page.getByLabel("Name, behind topic/");
    await name.fill("a//b");
    await page.getByText("without a slash at either end").waitFor();
    expect(await page.getByRole("button", { name: "Create the topic" }).isDisabled()).toBe(true);
    await name.fill("made/here");
    await page.getByRole("button", { name: "Create the topic" }).click();
    await page.getByRole("dialog", { name: "Topic topic/made/here" }).waitFor();
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByLabel("Messages kept").fill("7");
    await page.getByRole("button", { name: "Save the settings" }).click();
    await page.getByText("Keeps 7 messages for 1 day").waitFor();
    expect(await client.topics.get("topic/made/here")).toMatchObject({ keep: 7, visibility: "private" });
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await page.getByLabel("Type topic/made/here to confirm").fill("topic/made/here");
    await page.getByRole("button", { name: "Remove it" }).click();
    await page.getByRole("link", { name: "topic/made/here" }).waitFor({ state: "detached" });
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[RM232] publishes by hand, and shows the state and which write lost", { timeout: 60_000 }, async () => {
    const { page, context, faults } = await at(ORDERS);
    await page.getByText("1 stale write: whoever sent one was told who had won").click();
    await page.getByText(/^4711: version 1 of key:\S+ came after version 2$/).waitFor();
    await page.getByText("Publish a message").click();
    await page.getByLabel("Data").fill('{"state":"shipped"}');
    await page.getByLabel("Key").fill("4711");
    await page.getByLabel("Version").fill("3");
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByText("Published as 2.").waitFor();
    await page.getByText("State, 1 key").waitFor();
    await expect.poll(async () => await page.locator(".rt-state").innerText(), PATIENT).toContain("shipped");
    await page.getByLabel("Data").fill("late");
    await page.getByLabel("Version").fill("1");
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByText("Not stored: version 3 of 4711 is newer.").waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });
});

describe("connections in the console", () => {
  it("[RM234] ends one by keyboard alone, which the list and the audit log say", { timeout: 90_000 }, async () => {
    const socket = await annInLobby();
    const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
    await expect.poll(async () => (await client.realtime.connections({ object: "room/lobby" })).total, PATIENT).toBe(1);
    const { page, context, faults } = await at(`${LIVE}/connections?object=room%2Flobby`);
    const row = page.getByRole("table", { name: "Connections" }).getByRole("row", { name: /minted\|ann/ });
    await row.waitFor();
    await tabTo(page, /\bEnd$/, 80);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "End this connection" }).waitFor();
    await tabTo(page, /\bEnd it$/);
    await page.keyboard.press("Enter");
    await page.getByText("The connection of minted|ann has ended.").waitFor();
    expect(await closed).toBe(4403);
    await row.waitFor({ state: "detached" });
    await page.keyboard.press("g");
    await page.keyboard.press("u");
    await page.getByRole("table", { name: "Audit log" }).waitFor();
    await page.getByRole("row", { name: /connection\.end done/ }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });
});

describe("the look of rooms and topics", () => {
  const pages: readonly (readonly [string, string])[] = [
    ["realtime", `${LIVE}/realtime`],
    ["connections", `${LIVE}/connections`],
    ["rooms", `${LIVE}/rooms`],
    ["room", `${LIVE}/rooms/lobby`],
    ["topics", `${LIVE}/topics`],
    ["topic", ORDERS],
  ];

  it("[RM235] fits each width, and axe-core finds nothing", { timeout: 180_000 }, async () => {
    for (const [width, colorScheme] of [
      [1440, "dark"],
      [390, "light"],
    ] as const) {
      const { page, context, faults } = await at(`${LIVE}/realtime`, { viewport: { width, height: 900 }, colorScheme });
      for (const [name, address] of pages) {
        await page.goto(address);
        await settled(page);
        expect([name, width, await boxFaults(page)]).toEqual([name, width, []]);
        expect([name, width, await axeFaults(page)]).toEqual([name, width, []]);
        await picture(page, `rooms-console-${name}-${width}`);
      }
      expect(faults).toEqual([]);
      await context.close();
    }
  });

  it("[RM235] has words for what could not be read, with a way to try again", { timeout: 60_000 }, async () => {
    const { page, context } = await visit(browser, server, { storageState });
    const problem = { type: "/problems/internal", title: "Something broke", status: 500, detail: "The server failed.", requestId: REQUEST };
    const routes: readonly (readonly [RegExp, string, string])[] = [
      [/\/v1\/realtime\/stats/, `${LIVE}/realtime`, "The figures could not be read"],
      [/\/v1\/realtime\/connections/, `${LIVE}/connections`, "Connections could not be read"],
      [/\/v1\/topics\?/, `${LIVE}/topics`, "The topics could not be read"],
      [/\/v1\/topics\/topic\/news$/, NEWS, "The topic could not be read"],
      [/\/v1\/rooms\/lobby\/messages/, `${LIVE}/rooms/lobby`, "The history could not be read"],
    ];
    for (const [route, address, words] of routes) {
      await page.route(route, async (one) => await one.fulfill({ status: 500, contentType: "application/problem+json", json: problem }));
      await page.goto(address);
      await page.getByRole("heading", { name: words }).waitFor();
      await page.getByText(REQUEST).first().waitFor();
      await page.unrouteAll();
      await page.getByRole("button", { name: "Try again" }).first().click();
      await page.getByRole("heading", { name: words }).waitFor({ state: "detached" });
    }
    await context.close();
  });
});
