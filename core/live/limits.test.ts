import { describe, expect, it } from "vitest";
import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import { Bench, NOW, admission, publication } from "./testing.ts";

function follower(): Bench {
  const bench = new Bench();
  bench.join("a");
  bench.follow("a", "metrics/all");
  bench.follow("a", "metrics/web-1");
  return bench;
}

/** Publishes with a pause before each, so that each is a frame of its own. */
function publishEach(bench: Bench, channel: string, from: number, to: number): void {
  for (let offset = from; offset <= to; offset++) {
    bench.now += LIVE_LIMITS.flushMs;
    bench.publish(publication(channel, offset));
  }
}

describe("a slow reader", () => {
  // Welcome and two answers are three unread frames.
  const SOFT = LIVE_LIMITS.unackedSoft + 1 - 3;

  it("[LV5] gets every frame up to the soft limit, then the newest per channel once it has caught up", () => {
    const bench = follower();
    publishEach(bench, "metrics/all", 1, SOFT);
    expect(bench.last("a")).toMatchObject({ n: LIVE_LIMITS.unackedSoft + 1, events: [{ offset: SOFT }] });
    bench.take("a");
    publishEach(bench, "metrics/all", SOFT + 1, SOFT + 5);
    publishEach(bench, "metrics/web-1", 1, 2);
    expect(bench.take("a")).toEqual([]);
    bench.say("a", { type: "ack", n: 1 });
    const [frame] = bench.take("a");
    expect(frame).toMatchObject({
      type: "batch",
      n: LIVE_LIMITS.unackedSoft + 2,
      coalesced: 5,
      events: [
        { channel: "metrics/all", offset: SOFT + 5 },
        { channel: "metrics/web-1", offset: 2 },
      ],
    });
    bench.say("a", { type: "ack", n: frame?.n });
    publishEach(bench, "metrics/all", SOFT + 6, SOFT + 6);
    expect(bench.last("a")).not.toHaveProperty("coalesced");
  });

  it("[LV6] is closed with 4101 when it is too far behind, one publication after the limit", () => {
    const bench = follower();
    publishEach(bench, "metrics/all", 1, LIVE_LIMITS.unackedHard - 3);
    expect(bench.closed.size).toBe(0);
    publishEach(bench, "metrics/all", LIVE_LIMITS.unackedHard - 2, LIVE_LIMITS.unackedHard - 2);
    expect(bench.closed.get("a")).toBe(4101);
  });

  it("[LV6] cannot escape by asking instead of reading", () => {
    const bench = follower();
    for (let n = 0; n <= LIVE_LIMITS.unackedHard; n++) {
      bench.now += 1_000;
      bench.say("a", { type: "unsubscribe", id: "x", channel: "metrics/none" });
    }
    expect(bench.closed.get("a")).toBe(4101);
  });

  it("[LV28] is told after a sleep which channels lost what was withheld", () => {
    const bench = follower();
    publishEach(bench, "metrics/all", 1, SOFT);
    publishEach(bench, "metrics/all", SOFT + 1, SOFT + 2);
    publishEach(bench, "metrics/web-1", 1, 1);
    bench.sleep();
    publishEach(bench, "metrics/web-1", 2, 2);
    bench.take("a");
    bench.say("a", { type: "ack", n: 100 });
    expect(bench.take("a")).toMatchObject([
      { type: "batch", coalesced: 2, gaps: ["metrics/all"], events: [{ channel: "metrics/web-1", offset: 2 }] },
    ]);
  });

  it("[LV5] that subscribes again starts anew, without what was withheld before", () => {
    const bench = follower();
    publishEach(bench, "metrics/all", 1, SOFT + 2);
    bench.follow("a", "metrics/all");
    expect(bench.last("a")).toMatchObject({ type: "subscribed", offset: SOFT + 2 });
    bench.take("a");
    bench.say("a", { type: "ack", n: 100 });
    expect(bench.take("a")).toMatchObject([{ type: "batch", coalesced: 1, events: [] }]);
  });

  it("[LV5] that left its channels is told nothing of them", () => {
    const bench = follower();
    publishEach(bench, "metrics/all", 1, SOFT + 1);
    bench.say("a", { type: "unsubscribe", id: "u", channel: "metrics/all" });
    bench.take("a");
    bench.say("a", { type: "ack", n: 100 });
    expect(bench.take("a")).toEqual([]);
  });
});

describe("a client's frame", () => {
  const frame = (bytes: number): string => {
    const text = JSON.stringify({ v: 1, type: "auth", token: "" });
    return text.padEnd(bytes);
  };

  it("[LV7] of the largest size is read, one byte more is 4413", () => {
    const bench = new Bench();
    for (const id of ["a", "b", "c"]) bench.join(id);
    bench.do(bench.machine.receive("a", frame(LIVE_LIMITS.frameBytes), bench.now));
    bench.do(bench.machine.receive("b", frame(LIVE_LIMITS.frameBytes + 1), bench.now));
    // Bytes count, not characters: 8,193 of these are 16,386 bytes.
    bench.do(bench.machine.receive("c", "ä".repeat(LIVE_LIMITS.frameBytes / 2 + 1), bench.now));
    expect([bench.closed.get("a"), bench.closed.get("b"), bench.closed.get("c")]).toEqual([4400, 4413, 4413]);
  });

  it.each([
    ["no JSON", "{"],
    ["null", "null"],
    ["a list", "[]"],
    ["no version", '{"type":"ack","n":1}'],
    ["another version", '{"v":2,"type":"ack","n":1}'],
    ["an unknown type", '{"v":1,"type":"publish"}'],
    ["an unknown field", '{"v":1,"type":"ack","n":1,"m":2}'],
    ["a number as text", '{"v":1,"type":"ack","n":"1"}'],
    ["a negative number", '{"v":1,"type":"ack","n":-1}'],
    ["a channel without a name", '{"v":1,"type":"subscribe","id":"1","channel":"metrics/"}'],
    [
      "a channel that is too long",
      JSON.stringify({ v: 1, type: "subscribe", id: "1", channel: "metrics/".padEnd(LIVE_LIMITS.channelChars + 1, "x") }),
    ],
    ["a deep nest", `{"v":1,"type":"ack","n":${"[".repeat(4_000)}${"]".repeat(4_000)}}`],
  ])("[LV8] that is %s closes with 4400", (_what, text) => {
    const bench = new Bench();
    bench.join("a");
    bench.do(bench.machine.receive("a", text, bench.now));
    expect(bench.closed.get("a")).toBe(4400);
  });

  it("[LV8] in binary closes with 4400", () => {
    const bench = new Bench();
    bench.join("a");
    bench.do(bench.machine.receive("a", new ArrayBuffer(10), bench.now));
    expect(bench.closed.get("a")).toBe(4400);
  });

  it("[LV8] with an acknowledgement of what was never sent gains nothing", () => {
    const bench = new Bench();
    bench.join("a");
    bench.say("a", { type: "ack", n: 1_000_000 });
    bench.follow("a", "metrics/all");
    publishEach(bench, "metrics/all", 1, LIVE_LIMITS.unackedHard + 1);
    expect(bench.closed.get("a")).toBe(4101);
  });

  it("[LV9] is taken at the rate and burst allowed; one more is 4429", () => {
    const bench = new Bench();
    bench.join("a");
    for (let n = 0; n < LIVE_LIMITS.frameBurst; n++) bench.say("a", { type: "ack", n: 1 });
    bench.now += 1_000;
    for (let n = 0; n < LIVE_LIMITS.framesPerSecond; n++) bench.say("a", { type: "ack", n: 1 });
    expect(bench.closed.size).toBe(0);
    bench.say("a", { type: "ack", n: 1 });
    expect(bench.closed.get("a")).toBe(4429);
  });
});

describe("limits of subscriptions", () => {
  it("[LV10] a socket follows so many channels and no more", () => {
    const bench = new Bench();
    bench.join("a");
    for (let n = 1; n <= LIVE_LIMITS.channels; n++) bench.follow("a", `metrics/host-${n}`);
    expect(bench.last("a")).toMatchObject({ type: "subscribed", channel: `metrics/host-${LIVE_LIMITS.channels}` });
    bench.say("a", { type: "subscribe", id: "more", channel: "metrics/one-more" });
    expect(bench.last("a")).toMatchObject({ type: "error", id: "more", code: "too-many-subscriptions" });
    bench.say("a", { type: "unsubscribe", id: "u", channel: "metrics/host-1" });
    bench.follow("a", "metrics/one-more");
    expect(bench.last("a")).toMatchObject({ type: "subscribed", channel: "metrics/one-more" });
  });

  it("[LV10] a hub follows so many different channels and no more", () => {
    const bench = new Bench();
    for (let n = 0; n < LIVE_LIMITS.topicsPerHub; n++) {
      if (n % LIVE_LIMITS.channels === 0) bench.join(`s${n / LIVE_LIMITS.channels}`);
      bench.follow(`s${Math.floor(n / LIVE_LIMITS.channels)}`, `metrics/host-${n}`);
    }
    bench.join("last");
    bench.follow("last", "metrics/host-0");
    expect(bench.last("last")).toMatchObject({ type: "subscribed" });
    bench.say("last", { type: "subscribe", id: "1", channel: "metrics/new" });
    expect(bench.last("last")).toMatchObject({ type: "error", code: "limit-reached" });
  });

  it("[LV10] channels whose names do not fit the attachment are refused, and those before stay", () => {
    const bench = new Bench();
    bench.join("a");
    const name = (n: number): string => `metrics/${"\u4e16".repeat(150)}${n}`;
    let n = 0;
    do {
      bench.now += 100;
      bench.follow("a", name(++n));
    } while (bench.last("a")?.type === "subscribed");
    expect(bench.last("a")).toMatchObject({ code: "limit-reached" });
    expect(bench.attachments.get("a")?.length).toBeLessThanOrEqual(LIVE_LIMITS.attachmentBytes);
    bench.sleep();
    bench.take("a");
    bench.publish(publication(name(n - 1), 1), publication(name(n), 1));
    expect(bench.take("a")).toMatchObject([{ type: "batch", events: [{ channel: name(n - 1) }] }]);
  });

  it("[LV33] a hub holds so many sockets and no more", () => {
    const bench = new Bench();
    for (let n = 0; n < LIVE_LIMITS.socketsPerHub; n++) {
      if (n === LIVE_LIMITS.socketsPerHub - 1) expect(bench.machine.refusal()).toBeUndefined();
      bench.machine.join(`s${n}`, admission(), NOW);
    }
    expect(bench.machine.refusal()).toMatchObject({ slug: "unavailable", retryAfterS: 1 });
    bench.machine.leave("s0");
    expect(bench.machine.refusal()).toBeUndefined();
  });
});
