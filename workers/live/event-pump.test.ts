import { afterEach, describe, expect, it, vi } from "vitest";
import type { Envelope } from "../../contract/live.ts";
import { LIVE_CLOSE } from "../../contract/live-codes.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { EVENT_PUMP_LIMITS, EventPump, type EventSubscription } from "./event-pump.ts";
import type { Position } from "./event-position.ts";

const CHANNEL = "room/lobby";
const at = (offset: number, epoch = "e"): Envelope => ({
  v: 1,
  type: offset % 2 ? "message" : "edited",
  id: `${epoch}:${offset}`,
  at: 5,
  channel: CHANNEL,
  epoch,
  offset,
  data: { n: offset },
});

/** The object's end of the socket. */
class Far {
  readonly said: { type: string; n?: number; [name: string]: unknown }[] = [];
  closed: number | undefined;
  readonly response: Response;
  readonly #socket: WebSocket;

  constructor() {
    const { 0: near, 1: far } = new WebSocketPair();
    this.#socket = far;
    far.accept();
    far.addEventListener("message", ({ data }) => {
      this.said.push(JSON.parse(String(data)));
    });
    far.addEventListener("close", ({ code }) => {
      this.closed = code;
    });
    this.response = new Response(null, { status: 101, webSocket: near });
  }

  say(frame: object): void {
    this.#socket.send(JSON.stringify({ v: 1, ...frame }));
  }

  close(code: number): void {
    this.#socket.close(code, "");
  }

  get acks(): (number | undefined)[] {
    return this.said.filter(({ type }) => type === "ack").map(({ n }) => n);
  }
}

const WELCOME = { type: "welcome", n: 1 };
const subscribed = (offset: number, more: object = {}) => ({
  type: "subscribed",
  n: 2,
  id: "events",
  channel: CHANNEL,
  epoch: "e",
  offset,
  recovered: false,
  ...more,
});
const batch = (...events: Envelope[]) => ({ type: "batch", events });

interface Held {
  readonly far: Far;
  readonly begun: Promise<Outcome<ReadableStream<Uint8Array>>>;
  readonly left: () => number;
}

function hold(since?: Position, more: Partial<EventSubscription> = {}, replay = 50): Held {
  const far = new Far();
  let left = 0;
  const pump = new EventPump({ channel: CHANNEL, open: async () => await Promise.resolve(accept(far.response)), ...more }, since, () => {
    left++;
  });
  return { far, begun: pump.begin(replay), left: () => left };
}

/** Reads chunks as a browser would, one after the other. */
async function reading({ begun }: Held) {
  const body = await begun;
  if (!body.ok) throw new Error(body.problem.detail);
  const reader = body.value.getReader();
  const decoder = new TextDecoder();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? undefined : decoder.decode(value);
    },
    cancel: async () => await reader.cancel(),
  };
}

const retryless = (text: string | undefined) => text?.replace(/^retry: \d+\n/, "");

afterEach(() => {
  vi.useRealTimers();
});

describe("a stream of events", () => {
  it("[RM120] begins with how long to wait and where it is, then has each event with its id, name and whole envelope", async () => {
    const held = hold(undefined, {}, 0);
    held.far.say(WELCOME);
    held.far.say(subscribed(6));
    held.far.say(batch(at(7), at(8)));
    const reader = await reading(held);
    const opening = await reader.next();
    expect(opening).toMatch(/^retry: [12]\d{3}\nid: e:6\n\n$/);
    expect(held.far.said[0]).toEqual({ v: 1, type: "subscribe", id: "events", channel: CHANNEL, replay: 0 });
    expect(await reader.next()).toBe(
      `id: e:7\ndata: ${JSON.stringify(at(7))}\n\nid: e:8\nevent: edited\ndata: ${JSON.stringify(at(8))}\n\n`,
    );
    await reader.cancel();
    await vi.waitFor(() => expect([held.far.closed, held.left()]).toEqual([1000, 1]));
  });

  it("[RM121] goes on after an id with everything since, or says `gap` first", async () => {
    const whole = hold({ epoch: "e", offset: 4 });
    whole.far.say(WELCOME);
    whole.far.say(subscribed(6, { recovered: true }));
    whole.far.say(batch(at(5), at(6)));
    const reader = await reading(whole);
    expect(whole.far.said[0]).toMatchObject({ epoch: "e", offset: 4 });
    expect(retryless(await reader.next())).toBe("id: e:4\n\n");
    expect((await reader.next())?.match(/^id: .*$/gm)).toEqual(["id: e:5", "id: e:6"]);

    const refused = hold({ epoch: "old", offset: 4 });
    refused.far.say(WELCOME);
    refused.far.say(subscribed(9, { reason: "epoch-changed" }));
    refused.far.say(batch(at(10)));
    const other = await reading(refused);
    const gap = `id: e:9\nevent: gap\ndata: ${JSON.stringify({ channel: CHANNEL, reason: "epoch-changed", epoch: "e", offset: 9 })}\n\n`;
    expect(retryless(await other.next())).toBe(`id: e:9\n\n${gap}`);
    expect(await other.next()).toContain("id: e:10\n");
  });

  it("[RM120] may begin with the newest events from before its place, which then is the reader's; who saw none of them begins anew", async () => {
    const held = hold();
    held.far.say(WELCOME);
    held.far.say(subscribed(9));
    held.far.say(batch(at(3), at(7), at(7)));
    held.far.say(batch(at(10), at(8)));
    const reader = await reading(held);
    expect(await reader.next()).toMatch(/^retry: \d+\n\n$/);
    expect((await reader.next())?.match(/^id: .*$/gm)).toEqual(["id: e:3", "id: e:9", "id: e:7", "id: e:9"]);
    expect((await reader.next())?.match(/^id: .*$/gm)).toEqual(["id: e:10"]);
    await reader.cancel();
  });

  it.each([
    ["an event that does not follow", [batch(at(8))]],
    ["another epoch", [batch(at(7, "f"))]],
    ["a frame with another number", [{ ...batch(at(7)), n: 9 }]],
    ["what is no frame", [{ events: 5 }]],
    ["a channel of which something was withheld", [{ ...batch(), gaps: [CHANNEL] }]],
  ])("[RM121] ends at %s, so that the reader comes back and recovers", async (_what, frames) => {
    const held = hold();
    held.far.say(WELCOME);
    held.far.say(subscribed(6));
    for (const frame of frames) held.far.say(frame);
    const reader = await reading(held);
    await reader.next();
    expect(await reader.next()).toBeUndefined();
    await vi.waitFor(() => expect(held.far.closed).toBe(LIVE_CLOSE.gap));
  });

  it("[RM121] leaves out what it has told already, and what is of another channel", async () => {
    const held = hold({ epoch: "e", offset: 6 });
    held.far.say(WELCOME);
    held.far.say(subscribed(6, { recovered: true }));
    held.far.say(batch(at(6), { ...at(7), channel: "room/other" }, at(7)));
    const reader = await reading(held);
    await reader.next();
    expect((await reader.next())?.match(/^id: .*$/gm)).toEqual(["id: e:7"]);
  });

  it("[RM122] names an event by its type, but never by a name with a meaning of its own", async () => {
    const held = hold();
    held.far.say(WELCOME);
    held.far.say(subscribed(6));
    const types = ["gap", "error", "deploy.done", "a\nid: x:1", "message"];
    held.far.say(batch(...types.map((type, i) => ({ ...at(7 + i), type }))));
    const reader = await reading(held);
    await reader.next();
    const text = (await reader.next()) ?? "";
    expect(text.match(/^event: .*$/gm)).toEqual(["event: deploy.done"]);
    expect(text.match(/^id: .*$/gm)).toHaveLength(5);
  });
});

describe("a reader", () => {
  it("[RM123] has taken what it was given when it asks for more; that is acknowledged, and nothing before", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const held = hold();
    held.far.say(WELCOME);
    held.far.say(subscribed(0));
    const reader = await reading(held);
    for (let n = 1; n <= 200; n++) held.far.say(batch(at(n)));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(held.far.acks).toEqual([]); // nothing was taken
    for (let n = 0; n < 100; n++) await reader.next();
    await vi.waitFor(() => expect(held.far.acks.length).toBeGreaterThan(0));
    expect(held.far.acks.at(-1)).toBeLessThanOrEqual(101); // the hundredth may not be taken yet
    expect(held.far.acks.at(-1)).toBeGreaterThanOrEqual(64);
    await reader.cancel();
  });

  it("[RM123] that waits acknowledges frames that say nothing to it", async () => {
    const held = hold();
    held.far.say(WELCOME);
    held.far.say(subscribed(0));
    const reader = await reading(held);
    await reader.next();
    void reader.next();
    for (let n = 0; n < 300; n++) held.far.say({ type: "typing", channel: CHANNEL, items: [] });
    await vi.waitFor(() => expect(held.far.acks.at(-1)).toBeGreaterThanOrEqual(256));
    await reader.cancel();
  });

  it("[RM124] hears a comment each 15 seconds while nothing happens, and none that it has not taken", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const held = hold();
    held.far.say(WELCOME);
    held.far.say(subscribed(0));
    const reader = await reading(held);
    await vi.advanceTimersByTimeAsync(4 * EVENT_PUMP_LIMITS.heartbeatMs);
    await reader.next();
    const waiting = reader.next();
    await vi.advanceTimersByTimeAsync(EVENT_PUMP_LIMITS.heartbeatMs);
    expect(await waiting).toBe(": \n\n");
    await reader.cancel();
  });

  it("[RM124] is sent away at a heartbeat when it may not read any more", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    let allowed = true;
    const held = hold(undefined, { stillAllowed: async () => await Promise.resolve(allowed) });
    held.far.say(WELCOME);
    held.far.say(subscribed(0));
    const reader = await reading(held);
    await reader.next();
    const heartbeat = reader.next();
    await vi.advanceTimersByTimeAsync(EVENT_PUMP_LIMITS.heartbeatMs);
    expect(await heartbeat).toBe(": \n\n");
    allowed = false;
    const end = reader.next();
    await vi.advanceTimersByTimeAsync(EVENT_PUMP_LIMITS.heartbeatMs);
    expect(await end).toBeUndefined();
    await vi.waitFor(() => expect([held.far.closed, held.left()]).toEqual([LIVE_CLOSE.denied, 1]));
  });

  it("[RM125] gets what was sent before the object closed, and then the end", async () => {
    const held = hold();
    held.far.say(WELCOME);
    held.far.say(subscribed(0));
    held.far.say(batch(at(1)));
    held.far.close(LIVE_CLOSE.slow);
    const reader = await reading(held);
    await reader.next();
    expect(await reader.next()).toContain("id: e:1\n");
    expect(await reader.next()).toBeUndefined();
    expect(held.left()).toBe(1);
  });

  it("[RM125] learns by a problem why nothing begins", async () => {
    const refused = hold();
    refused.far.say(WELCOME);
    refused.far.say({ type: "error", n: 2, id: "events", code: "forbidden", detail: "No." });
    expect(await refused.begun).toMatchObject({ ok: false, problem: { slug: "forbidden", detail: "No." } });
    const closed = hold();
    closed.far.close(LIVE_CLOSE.unauthorized);
    expect(await closed.begun).toMatchObject({ ok: false, problem: { slug: "unauthenticated" } });
    const never = hold(undefined, { open: async () => await Promise.resolve(refuse("not-found", "There is no such room.")) });
    expect(await never.begun).toMatchObject({ ok: false, problem: { slug: "not-found" } });
    for (const held of [refused, closed, never]) expect(held.left()).toBe(1);
  });

  it("[RM125] of an object that never answers is told so", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const held = hold();
    const begun = held.begun;
    await vi.advanceTimersByTimeAsync(EVENT_PUMP_LIMITS.answerMs + 1);
    expect(await begun).toMatchObject({ ok: false, problem: { slug: "unavailable" } });
    expect(held.left()).toBe(1);
  });
});
