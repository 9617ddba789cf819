import { EventSource } from "eventsource";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Envelope } from "../../contract/live.ts";
import type { Message } from "../../contract/rooms.ts";
import { Meridian } from "../../sdk/client.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";

/** A restart under load takes seconds, and a client waits before it comes back. */
const SOON = { timeout: 60_000, interval: 50 };

let server: TestServer;
let meridian: Meridian;
beforeAll(async () => {
  server = await startTestServer();
  meridian = clientOf(server);
});
afterAll(async () => {
  await server.stop();
  removeState(server);
});

const clientOf = ({ url, demo }: TestServer): Meridian => new Meridian({ url, key: demo.apiKey });

/** Stops it and starts another on the same port and state. */
async function restart(): Promise<void> {
  await server.stop();
  server = await startTestServer({ state: server.state, port: server.port });
  meridian = clientOf(server);
}

async function say(room: string, ...texts: string[]): Promise<void> {
  await meridian.rooms.send(
    room,
    texts.map((text) => ({ clientId: text, text })),
  );
}

/** An EventSource as it comes, what it heard, and the requests that it made. */
class Follower {
  readonly source: EventSource;
  readonly texts: string[] = [];
  readonly ids: string[] = [];
  readonly gaps: Record<string, unknown>[] = [];
  /** `message` and `gap`, in the order in which they came. */
  readonly order: string[] = [];
  /** What each connection began with. */
  readonly positions: (string | null)[] = [];

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.source = new EventSource(url, {
      fetch: async (address, init) => {
        const all = { ...init.headers, ...headers };
        this.positions.push(new Headers(all).get("last-event-id"));
        return await fetch(address, { ...init, headers: all });
      },
    });
    // A room's `message` has the name that events without one have: there it is unnamed.
    this.source.addEventListener("message", ({ data, lastEventId }) => {
      const { type, data: message } = JSON.parse(String(data)) as Envelope; // the room's own
      if (type !== "message") return;
      this.texts.push((message as Message).text); // of this type
      this.ids.push(lastEventId);
      this.order.push("message");
    });
    this.source.addEventListener("gap", ({ data }) => {
      this.gaps.push(JSON.parse(String(data)) as Record<string, unknown>); // an object, by the protocol
      this.order.push("gap");
    });
  }

  async has(texts: readonly string[]): Promise<void> {
    await vi.waitUntil(() => this.texts.length >= texts.length, SOON);
    expect(this.texts).toEqual(texts);
  }
}

const eventsOf = (room: string): string => `${server.url}/v1/rooms/${room}/events`;
const byKey = (): Record<string, string> => ({ authorization: `Bearer ${server.demo.apiKey}` });

/** The address that a browser's EventSource takes: whatever is needed is in it. */
async function ticketed(room: string): Promise<string> {
  const answer = await fetch(`${server.url}/v1/connect/tickets?events=room/${room}`, { method: "POST", headers: byKey() });
  const { url } = (await answer.json()) as { url: string }; // the route's own tests hold the shape
  return url;
}

describe("eventsource over a real connection", () => {
  it("[RC50] follows a room with a key and with a ticket over a restart, and has every message once and in order", async () => {
    await meridian.rooms.create({ room: "restarted" });
    await say("restarted", "zero");
    const followers = [new Follower(eventsOf("restarted"), byKey()), new Follower(await ticketed("restarted"))];
    for (const each of followers) await each.has(["zero"]);
    await say("restarted", "one", "two");
    for (const each of followers) await each.has(["zero", "one", "two"]);
    await restart();
    // It may be said before anybody is back: whoever comes says from where.
    await say("restarted", "three", "four");
    for (const each of followers) await each.has(["zero", "one", "two", "three", "four"]);
    await say("restarted", "five");
    for (const each of followers) {
      await each.has(["zero", "one", "two", "three", "four", "five"]);
      expect(each.gaps).toEqual([]);
      expect(new Set(each.ids).size).toBe(6);
      expect(each.positions.length).toBeGreaterThan(1);
      expect([each.positions[0], each.positions.at(-1)]).toEqual([null, expect.stringMatching(/^[^:]+:\d+$/)]);
      each.source.close();
    }
  });

  it("[RC51] gets `gap` before anything else when its id is of another epoch, too old, or not of this room at all", async () => {
    await meridian.rooms.create({ room: "gone-by", hotMessages: 1_000 });
    await say("gone-by", "first");
    const { epoch } = await meridian.rooms.get("gone-by");
    const lines = Array.from({ length: 1_200 }, (_, n) => ({ at: Date.now() - 1_000_000 + n, sender: "ann", text: `line ${n}` }));
    await meridian.rooms.importMessages("gone-by", lines, "gone-by");
    const cases = [
      { id: "another-epoch:1", reason: "epoch-changed" },
      { id: `${epoch}:9000000`, reason: "epoch-changed" },
      { id: `${epoch}:1`, reason: expect.stringMatching(/^too-(many|old)$/) },
    ];
    for (const [n, { id, reason }] of cases.entries()) {
      const { offset } = await meridian.rooms.get("gone-by");
      const follower = new Follower(`${eventsOf("gone-by")}?lastEventId=${encodeURIComponent(id)}`, byKey());
      await vi.waitUntil(() => follower.gaps.length > 0, SOON);
      expect(follower.gaps).toEqual([{ channel: "room/gone-by", reason, epoch, offset }]);
      await say("gone-by", `after ${n}`);
      await follower.has([`after ${n}`]);
      expect(follower.order).toEqual(["gap", "message"]);
      follower.source.close();
    }
  });
});
