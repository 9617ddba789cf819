import { describe, expect, it } from "vitest";
import { LIVE_LIMITS } from "../../../contract/live-codes.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import { callerOf } from "./room-session.ts";
import { entry, person, RoomBench } from "./live-testing.ts";

const SERVICE = callerOf(person("bot", { kind: "service", id: "key:bot", ref: "" }), ["rooms:read", "rooms:write"]);

/** Messages of a service, which has no pace. */
function post(bench: RoomBench, count: number, text = "x"): void {
  const from = bench.acts.position().offset;
  for (let n = 0; n < count; n++) {
    const message = { clientId: `${from}-${n}`, text, mediaId: null, replyTo: null, mentions: [] };
    bench.change(SERVICE, { type: "send", message });
  }
}

/** What a subscription was answered with. */
function answer(bench: RoomBench, id: string) {
  const frames = bench.take(id);
  const at = frames.findLastIndex(({ type }) => type === "subscribed");
  const subscribed = frames[at];
  if (subscribed?.type !== "subscribed") throw new Error("no answer");
  const offsets = frames.slice(at).flatMap((frame) => (frame.type === "batch" ? frame.events.map(({ offset }) => offset) : []));
  const { recovered, reason, epoch, offset } = subscribed;
  return { recovered, reason, epoch, offset, offsets };
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe("a subscription with a place", () => {
  it("[RC1] is answered with every later event in order, and then with what comes", () => {
    const bench = new RoomBench();
    bench.join("ann");
    post(bench, 20);
    bench.subscribe("ann", { epoch: "e1", offset: 5 });
    expect(answer(bench, "ann")).toEqual({ recovered: true, reason: undefined, epoch: "e1", offset: 21, offsets: range(6, 21) });
    post(bench, 2);
    expect(bench.offsets("ann")).toEqual([22, 23]);
    bench.subscribe("ann", { epoch: "e1", offset: 23 });
    expect(answer(bench, "ann")).toMatchObject({ recovered: true, offsets: [] });
  });

  it("[RC2] of another epoch, or that was never reached, is refused with nothing after it", () => {
    const bench = new RoomBench();
    bench.join("ann");
    post(bench, 3);
    for (const since of [
      { epoch: "e0", offset: 2 },
      { epoch: "e1", offset: 5 },
    ]) {
      bench.subscribe("ann", since);
      expect(answer(bench, "ann")).toEqual({ recovered: false, reason: "epoch-changed", epoch: "e1", offset: 4, offsets: [] });
    }
    post(bench, 1);
    expect(bench.offsets("ann")).toEqual([5]);
  });

  it("[RC3] is recovered over 1,000 events and refused whole over 1,001", () => {
    const bench = new RoomBench();
    bench.join("ann");
    post(bench, L.recoveryEvents);
    bench.subscribe("ann", { epoch: "e1", offset: 1 });
    expect(answer(bench, "ann")).toMatchObject({ recovered: true, offsets: range(2, 1_001) });
    bench.subscribe("ann", { epoch: "e1", offset: 0 });
    expect(answer(bench, "ann")).toMatchObject({ recovered: false, reason: "too-many", offsets: [] });
  });

  it("[RC4] is recovered over 1 MiB of frames and refused whole above it, and is not what makes a slow reader", () => {
    const bench = new RoomBench();
    bench.join("ann");
    const body = "y".repeat(16 * 1024);
    post(bench, 62, body);
    bench.subscribe("ann", { epoch: "e1", offset: 1 });
    expect(answer(bench, "ann")).toMatchObject({ recovered: true, offsets: range(2, 63) });
    // Live news still fit beside it.
    post(bench, 40, body);
    expect(bench.offsets("ann")).toEqual(range(64, 103));
    expect(bench.closed.size).toBe(0);
    bench.join("bob");
    bench.subscribe("bob", { epoch: "e1", offset: 103 - 64 });
    expect(answer(bench, "bob")).toMatchObject({ recovered: false, reason: "too-many", offsets: [] });
  });

  it("[RC4] is measured as it is sent, with what goes around each event", () => {
    const bench = new RoomBench();
    bench.join("ann");
    post(bench, 1);
    const [event] = bench.acts.recover({ epoch: "e1", offset: 1 }, 0).events;
    const around = JSON.stringify(event).length + 8; // places and ids grow
    post(bench, 999, "y".repeat(Math.floor(L.recoveryBytes / 1_000) - around));
    expect(bench.acts.recover({ epoch: "e1", offset: 1 }, 0)).toMatchObject({ recovered: true });
    bench.subscribe("ann", { epoch: "e1", offset: 1 });
    expect(answer(bench, "ann")).toMatchObject({ recovered: false, reason: "too-many", offsets: [] });
    bench.subscribe("ann", { epoch: "e1", offset: 100 });
    expect(answer(bench, "ann")).toMatchObject({ recovered: true, offsets: range(101, 1_001) });
  });

  it("[RC4] once more before the last answer was read counts like everything else: who only asks is closed with 4101", () => {
    const bench = new RoomBench();
    bench.join("ann");
    post(bench, 60, "y".repeat(16 * 1024));
    for (let n = 0; n < 2; n++) {
      expect(bench.closed.size).toBe(0);
      bench.subscribe("ann", { epoch: "e1", offset: 1 });
    }
    expect(bench.closed.size).toBe(0);
    bench.subscribe("ann", { epoch: "e1", offset: 1 });
    expect(bench.closed.get("ann")).toBe(4101);
  });

  it("[RC5] less of one begins with the newest 50 messages, or as many as are asked for and fit", () => {
    const bench = new RoomBench();
    bench.join("ann");
    post(bench, 60);
    bench.subscribe("ann");
    expect(answer(bench, "ann")).toEqual({ recovered: false, reason: undefined, epoch: "e1", offset: 61, offsets: range(12, 61) });
    bench.subscribe("ann", { replay: 2 });
    expect(answer(bench, "ann").offsets).toEqual([60, 61]);
    bench.subscribe("ann", { replay: 0 });
    expect(answer(bench, "ann").offsets).toEqual([]);
    bench.join("bob");
    post(bench, 50, "é".repeat(15_000));
    bench.subscribe("bob");
    const { offsets } = answer(bench, "bob");
    expect(offsets.at(-1)).toBe(112);
    expect(offsets.length).toBeGreaterThan(30);
    expect(offsets.length).toBeLessThan(36);
    expect(bench.closed.has("bob")).toBe(false);
  });

  it("[RC6] folds what was changed meanwhile: a recovery shows the present text, and the changes after it", () => {
    const bench = new RoomBench();
    bench.follow("ann");
    bench.send("ann", "c1", "one");
    bench.wait(200);
    bench.say("ann", { type: "edit", ref: "r", offset: 2, text: "two" });
    bench.wait(200);
    bench.join("bob");
    bench.subscribe("bob", { epoch: "e1", offset: 1 });
    const [batch] = bench.taken("bob", "batch");
    expect(batch?.events.map(({ type, data }) => [type, data])).toMatchObject([
      ["message", { text: "two" }],
      ["edited", { offset: 2, text: "two" }],
      ["member", {}],
    ]);
  });
});

describe("what several wires commit", () => {
  it("[RC7] reaches every socket in the order of the log, also when it is told late or in another order", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    const message = (clientId: string) => ({ clientId, text: clientId, mediaId: null, replyTo: null, mentions: [] });
    const commit = (clientId: string) =>
      bench.acts.commit([{ by: SERVICE, change: { type: "send", message: message(clientId) } }], bench.now).events;
    const first = commit("http 1");
    const second = commit("http 2");
    bench.send("ann", "socket");
    bench.do(bench.machine.tell(second, bench.now));
    bench.do(bench.machine.tell(first, bench.now));
    expect(bench.offsets("bob")).toEqual([3, 4, 5]);
    expect(bench.offsets("ann")).toEqual([3, 4, 5]);
    // Somebody who comes in between gets it once too.
    commit("http 3");
    bench.join("cem");
    bench.subscribe("cem", { epoch: "e1", offset: 4 });
    expect(answer(bench, "cem").offsets).toEqual([5, 6, 7]);
    expect(bench.offsets("bob")).toEqual([6, 7]);
  });

  it("[RC8] that cannot be told whole closes with 4410: a new epoch, or more than a recovery holds", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.book.restart("e2");
    bench.join("cem");
    bench.subscribe("cem");
    expect([bench.closed.get("ann"), bench.closed.get("bob")]).toEqual([4410, 4410]);
    expect(answer(bench, "cem").epoch).toBe("e2");
    for (let n = 0; n <= L.recoveryEvents; n++)
      bench.acts.commit(
        [{ by: SERVICE, change: { type: "send", message: { clientId: `n${n}`, text: "x", mediaId: null, replyTo: null, mentions: [] } } }],
        bench.now,
      );
    bench.join("dan");
    bench.subscribe("dan", { replay: 1 });
    expect(bench.closed.get("cem")).toBe(4410);
  });

  it("[RC9] is missed by nobody unseen: who acknowledges more than was sent is closed with 4410", () => {
    const bench = new RoomBench();
    bench.follow("ann");
    bench.ack("ann");
    expect(bench.closed.size).toBe(0);
    bench.ack("ann", (bench.counts.get("ann") ?? 0) + 1);
    expect(bench.closed.get("ann")).toBe(4410);
  });
});

describe("a slow reader", () => {
  it("[RC10] is left out of presence and typing above 256 KiB, gets every event, and is shown who is there once it has caught up", () => {
    const bench = new RoomBench();
    bench.follow("ann", "slow");
    bench.ack("slow");
    post(bench, 17, "y".repeat(16 * 1024));
    bench.ack("ann");
    bench.say("ann", { type: "presence", state: "away" });
    bench.say("ann", { type: "typing", on: true });
    bench.wait(1_000);
    expect(bench.take("slow").filter(({ type }) => type !== "batch")).toEqual([]);
    expect(bench.taken("ann", "typing")).toHaveLength(1);
    expect(bench.machine.takeReport(bench.now).shed).toBeGreaterThanOrEqual(2);
    bench.say("ann", { type: "receipt", readOffset: 2 });
    bench.wait(1_000);
    expect(bench.taken("slow", "receipts")).toHaveLength(1);
    bench.ack("slow");
    expect(bench.taken("slow", "presence")[0]?.items).toHaveLength(2);
    bench.say("ann", { type: "presence", state: "online" });
    bench.wait(1_000);
    expect(bench.taken("slow", "presence")[0]?.items).toMatchObject([{ state: "online" }]);
  });

  it("[RC11] is closed with 4101 at 1 MiB unread and not below, and has lost nothing when it comes back", () => {
    const bench = new RoomBench();
    bench.follow("ann", "slow");
    bench.ack("slow");
    const body = "y".repeat(15 * 1024);
    let sent = 0;
    while (!bench.closed.has("slow")) {
      const unread = bench.machine.takeReport(bench.now).connections.find(({ id }) => id === "slow")?.unreadBytes ?? 0;
      expect(unread).toBeLessThanOrEqual(L.unackedBytes);
      post(bench, 1, body);
      bench.ack("ann");
      sent++;
    }
    expect(bench.closed.get("slow")).toBe(4101);
    expect(sent * body.length).toBeGreaterThan(L.unackedBytes - 2 * body.length);
    const got = bench.offsets("slow");
    const last = got.at(-1) ?? 0;
    bench.join("again", entry("slow"));
    bench.subscribe("again", { epoch: "e1", offset: last });
    expect([...got, ...answer(bench, "again").offsets]).toEqual(range(3, bench.acts.position().offset));
    expect(bench.closed.has("ann")).toBe(false);
  });
});

describe("a room that sleeps", () => {
  it("[RC12] goes on with every socket's place, numbers, unread bytes and presence, and tells nobody of it", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.say("bob", { type: "options", data: { deflate: true } });
    bench.say("bob", { type: "presence", state: "away", data: { mood: "tea" } });
    post(bench, 3);
    bench.wait(2_000);
    bench.take("ann");
    bench.take("bob");
    const sockets = () => bench.machine.takeReport(bench.now).connections.map((one) => ({ ...one, framesPerSecond: 0 }));
    const before = sockets();
    bench.sleep();
    expect(sockets()).toEqual(before);
    expect(bench.machine.stateOf("minted|bob")).toBe("away");
    bench.shares.length = 0;
    post(bench, 1, "long ".repeat(200));
    expect(bench.offsets("ann")).toEqual([6]);
    expect(bench.offsets("bob")).toEqual([6]);
    expect(bench.shares.map(({ frame }) => typeof frame)).toEqual(["string", "object"]);
    bench.join("cem");
    bench.subscribe("cem", { replay: 0 });
    const shown = bench.taken("cem", "presence")[0]?.items;
    expect(shown).toContainEqual({ subject: "minted|bob", state: "away", lastSeenAt: null, data: { mood: "tea" } });
  });

  it("[RC13] saves sockets a second after the last change and not before each frame; then it is not woken", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.wait(30_000);
    expect(bench.wakeAt).toBeUndefined();
    bench.saves = 0;
    for (let n = 0; n < 50; n++) {
      post(bench, 1);
      bench.wait(200);
    }
    expect(bench.saves).toBe(0);
    bench.wait(1_000);
    expect(bench.saves).toBe(2);
    expect(bench.wakeAt).toBeUndefined();
    bench.wait(600_000);
    expect(bench.saves).toBe(2);
  });

  it("[RC14] that ended suddenly closes with 4410 whom it may owe something, and keeps those whom it owes nothing", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    post(bench, 2);
    bench.wait(5_000);
    bench.end();
    expect(bench.closed.size).toBe(0);
    post(bench, 1);
    bench.join("cem");
    bench.end();
    expect([bench.closed.get("ann"), bench.closed.get("bob"), bench.closed.get("cem")]).toEqual([4410, 4410, undefined]);
    expect([...bench.misnumbered]).toEqual(["ann", "bob"]);
    const got = bench.offsets("ann");
    bench.join("ann2", entry("ann"));
    bench.subscribe("ann2", { epoch: "e1", offset: got.at(-1) });
    expect([...got, ...answer(bench, "ann2").offsets]).toEqual(range(3, bench.acts.position().offset));
  });
});

describe("a subscription", () => {
  it("[RC14] that was answered is known after a sudden end, however soon", () => {
    const bench = new RoomBench();
    bench.join("ann");
    bench.subscribe("ann", { replay: 0 });
    bench.end();
    post(bench, 1);
    expect(bench.offsets("ann")).toEqual([2]);
    bench.say("ann", { type: "unsubscribe", id: "u", channel: "room/lobby" });
    bench.end();
    post(bench, 1);
    expect(bench.offsets("ann")).toEqual([]);
  });
});

describe("delivery in a room", () => {
  it("[RM81] is measured by each 256th frame of a socket, from its sending to its acknowledgement", () => {
    const bench = new RoomBench();
    bench.follow("ann");
    bench.machine.takeReport(bench.now);
    while ((bench.counts.get("ann") ?? 0) < 2 * LIVE_LIMITS.probeEvery) {
      post(bench, 1);
      const count = bench.counts.get("ann") ?? 0;
      if (count % LIVE_LIMITS.probeEvery === 0) bench.wait(40);
      if (count % 32 === 0) bench.ack("ann");
    }
    const { delivery, deliveries, bytesBatched, bytesSent, flushes, opened } = bench.machine.takeReport(bench.now);
    expect(delivery.reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(delivery[5]).toBe(2); // up to 50 ms
    expect(deliveries).toBeGreaterThan(400);
    expect(bytesSent).toBe(bytesBatched);
    expect([flushes, opened]).toEqual([0, 0]);
    expect(bench.machine.takeReport(bench.now).deliveries).toBe(0);
  });
});
