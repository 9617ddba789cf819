import { afterEach, expect, it } from "vitest";
import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import { accept } from "../../contract/problems.ts";
import { edgeEnv } from "../http/testing.ts";
import { holdUntilAuth } from "./hold-until-auth.ts";
import { Client, closeAll, ORIGIN, SCENE } from "./testing.ts";
import type { Entry, SocketPlace } from "./ticket.ts";

afterEach(closeAll);

/** Lets sockets go on until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, 1));
}

const BIG = 64 * 1024;
const entry: Entry = {
  tenantId: "lv-held",
  admission: { v: 1, actor: "key:k1", credential: "key:k1", actions: [], checkedAt: 0, credentialExpiresAt: null, ticket: null },
};

/** A place that lets everybody in once `open` is called, and says what it heard. */
function newPlace() {
  const heard: string[] = [];
  const gate = Promise.withResolvers<void>();
  const place: SocketPlace<Entry> = {
    frameBytes: BIG,
    entryOf: async () => accept(entry),
    ofTicket: async () => entry,
    enter: async () => {
      await gate.promise;
      const { 0: mine, 1: theirs } = new WebSocketPair();
      theirs.accept();
      theirs.addEventListener("message", ({ data }) => {
        heard.push(String(data));
        if (String(data) === "last") theirs.send("heard");
      });
      return accept(new Response(null, { status: 101, webSocket: mine }));
    },
  };
  const client = new Client(holdUntilAuth({ ...SCENE, env: edgeEnv, request: new Request(ORIGIN) }, undefined, place));
  return { client, heard, open: gate.resolve };
}

it("[LV61] passes on what `auth` asks for, before anything else", async () => {
  const { client, heard, open } = newPlace();
  client.say({ type: "auth", token: "t", data: { deflate: true } });
  client.socket.send("early");
  open();
  client.socket.send("last");
  await until(() => client.heard.length > 0);
  expect(heard).toEqual(['{"v":1,"type":"options","data":{"deflate":true}}', "early", "last"]);
});

it("[LV64] keeps frames as large as the place takes them, and none larger", async () => {
  const { client, heard, open } = newPlace();
  client.say({ type: "auth", token: "t" });
  client.socket.send("x".repeat(BIG));
  client.socket.send("last");
  open();
  await until(() => client.heard.length > 0);
  expect(heard.map(({ length }) => length)).toEqual([BIG, 4]);
  const other = newPlace();
  other.client.say({ type: "auth", token: "t" });
  other.client.socket.send("x".repeat(BIG + 1));
  expect(await other.client.closeCode()).toBe(4413);
});

it("[LV64] keeps so many frames and bytes, and no more", async () => {
  const whole = Math.floor(LIVE_LIMITS.earlyBytes / BIG);
  for (const [count, bytes] of [
    [LIVE_LIMITS.frameBurst, 1],
    [whole, BIG],
  ] as const) {
    const { client, heard, open } = newPlace();
    client.say({ type: "auth", token: "t" });
    for (let n = 0; n < count; n++) client.socket.send("x".repeat(bytes));
    const other = newPlace();
    other.client.say({ type: "auth", token: "t" });
    for (let n = 0; n <= count; n++) other.client.socket.send("x".repeat(bytes));
    expect(await other.client.closeCode()).toBe(4429);
    open();
    await until(() => heard.length === count);
    client.socket.send("last");
    await until(() => client.heard.length > 0);
    expect(heard).toHaveLength(count + 1);
  }
});
