import { describe, expect, it } from "vitest";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import { entry, person, RoomBench } from "./live-testing.ts";
import { callerOf } from "./room-session.ts";

/** So many members more, without sockets. */
function crowd(bench: RoomBench, count: number): void {
  for (let n = 0; n < count; n++) bench.put(`crowd${n}`, { role: "member" });
}

describe("presence in a room", () => {
  it("[RM74] is one person's, however many tabs: away when all are, offline ten seconds after the last one closed", () => {
    const bench = new RoomBench();
    bench.follow("ann");
    for (const id of ["b1", "b2", "b3"]) bench.join(id, entry("bob", undefined, { credential: `token:${id}` }));
    bench.wait(1_000);
    expect(bench.taken("ann", "presence").map(({ items }) => items)).toEqual([
      [{ subject: "minted|bob", state: "online", lastSeenAt: null, data: null }],
    ]);
    for (const id of ["b1", "b2"]) bench.say(id, { type: "presence", state: "away" });
    bench.wait(1_000);
    expect(bench.taken("ann", "presence")).toEqual([]);
    bench.say("b3", { type: "presence", state: "away", data: { mood: "tea" } });
    bench.wait(1_000);
    expect(bench.taken("ann", "presence")[0]?.items).toMatchObject([{ state: "away", data: { mood: "tea" } }]);
    expect(bench.machine.stateOf("minted|bob")).toBe("away");
    for (const id of ["b1", "b2", "b3"]) bench.do(bench.machine.leave(id, bench.now));
    const leftAt = bench.now;
    bench.wait(L.presenceGraceMs - 1);
    expect(bench.taken("ann", "presence")).toEqual([]);
    expect(bench.machine.stateOf("minted|bob")).toBe("away");
    bench.wait(1);
    expect(bench.taken("ann", "presence")[0]?.items).toEqual([{ subject: "minted|bob", state: "offline", lastSeenAt: leftAt, data: null }]);
    expect(bench.machine.stateOf("minted|bob")).toBe("offline");
    expect(bench.acts.lastSeen("minted|bob")).toBe(leftAt);
  });

  it("[RM74] does not change for who comes back within ten seconds", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.do(bench.machine.leave("bob", bench.now));
    bench.wait(9_000);
    bench.join("bob again", entry("bob"));
    bench.wait(60_000);
    expect(bench.taken("ann", "presence")).toEqual([]);
    expect(bench.machine.takeReport(bench.now).connections.find(({ id }) => id === "bob again")?.reconnects).toBe(1);
  });

  it("[RM84] ends at once for who is removed, banned or leaves, and for who had just gone", () => {
    const removal = { type: "remove-member", subject: "minted|bob" } as const;
    const ends: readonly [boolean, (bench: RoomBench) => void][] = [
      [false, (bench) => bench.put("bob", { state: "banned" })],
      [true, (bench) => bench.put("bob", { state: "banned" })],
      [false, (bench) => bench.change(callerOf(person("op", { kind: "operator", id: "user:op" }), ["rooms:manage"]), removal)],
      [false, (bench) => bench.change(callerOf(person("bob"), []), removal)],
    ];
    for (const [gone, end] of ends) {
      const bench = new RoomBench();
      bench.follow("ann", "bob");
      const lastSeenAt = bench.now;
      if (gone) {
        bench.do(bench.machine.leave("bob", bench.now));
        bench.wait(1_000);
      }
      bench.take("ann");
      end(bench);
      bench.wait(L.presenceEveryMs);
      const offline = { subject: "minted|bob", state: "offline", lastSeenAt, data: null };
      expect(bench.taken("ann", "presence").map(({ items }) => items)).toEqual([[offline]]);
      expect(bench.machine.stateOf("minted|bob")).toBe("offline");
      expect(bench.acts.lastSeen("minted|bob")).toBe(lastSeenAt);
      bench.wait(60_000);
      expect(bench.taken("ann", "presence")).toEqual([]);
    }
  });

  it("[RM75] and receipts are shown whole at a subscription, and changes together at most each 200 ms", () => {
    const bench = new RoomBench();
    bench.follow("ann");
    const people = Array.from({ length: 6 }, (_, n) => `p${n}`);
    for (const id of people) bench.join(id);
    bench.wait(L.presenceEveryMs);
    expect(bench.taken("ann", "presence").map(({ items }) => items.length)).toEqual([1, 5]);
    bench.say("ann", { type: "receipt", readOffset: 1 });
    bench.wait(1_000);
    bench.join("late");
    bench.subscribe("late", { replay: 0 });
    const frames = bench.take("late");
    expect(frames.map(({ type }) => type)).toEqual(["welcome", "subscribed", "presence", "receipts"]);
    const [, , present, receipts] = frames;
    expect(present?.type === "presence" && present.items.length).toBe(8);
    expect(receipts?.type === "receipts" && receipts.items).toContainEqual({ subject: "minted|ann", deliveredOffset: 1, readOffset: 1 });
  });

  it("[RM76] is pushed in rooms of 128 members and not of 129", () => {
    const bench = new RoomBench();
    bench.follow("ann");
    crowd(bench, L.receiptMembers - 2);
    bench.wait(2_000);
    bench.take("ann");
    bench.join("bob");
    bench.wait(2_000);
    expect(bench.taken("ann", "presence")).toHaveLength(1);
    bench.join("cem");
    bench.wait(2_000);
    expect(bench.taken("ann", "presence")).toEqual([]);
    expect(bench.machine.stateOf("minted|cem")).toBe("online");
    bench.subscribe("cem", { replay: 0 });
    expect(bench.taken("cem", "presence")).toEqual([]);
  });

  it("[RM74] of a guest who becomes a member begins then", () => {
    const bench = new RoomBench();
    bench.follow("ann");
    const guest = entry("gil", []);
    expect(bench.join("gil", { ...guest, person: { ...guest.person, isPublic: true } })).toBe(true);
    bench.wait(1_000);
    expect(bench.taken("ann", "presence")).toEqual([]);
    bench.put("gil", { role: "member" });
    bench.wait(1_000);
    expect(bench.taken("ann", "presence")[0]?.items).toMatchObject([{ subject: "minted|gil", state: "online" }]);
    bench.put("gil", { state: "banned" });
    expect(bench.closed.get("gil")).toBe(4403);
  });
});

describe("typing in a room", () => {
  it("[RM77] is passed on at once, at most once a second for each, and ends after three seconds", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    const seen: [at: number, on: boolean][] = [];
    const look = (): void => {
      for (const { items } of bench.taken("ann", "typing")) for (const { on } of items) seen.push([bench.now - from, on]);
    };
    const from = bench.now;
    for (let n = 0; n < 10; n++) {
      bench.say("bob", { type: "typing", on: true });
      look();
      bench.wait(250);
      look();
    }
    bench.wait(749);
    look();
    expect(seen).toEqual([
      [0, true],
      [1_000, true],
      [2_000, true],
    ]);
    bench.wait(10_000);
    expect(bench.taken("ann", "typing").map(({ items }) => items)).toEqual([[{ subject: "minted|bob", on: false }]]);
    bench.wait(20_000);
    expect(bench.wakeAt).toBeUndefined();
  });

  it("[RM78] ends with the message that was typed, with a word, and with the socket", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    const message = { clientId: "http", text: "over HTTP", mediaId: null, replyTo: null, mentions: [] };
    const ends: (() => void)[] = [
      () => bench.send("bob", "c1"),
      () => bench.change({ ...person("bob"), granted: [] }, { type: "send", message }),
      () => bench.say("bob", { type: "typing", on: false }),
      () => bench.put("bob", { mutedUntil: new Date(bench.now + 500).toISOString() }),
      () => bench.put("bob", { role: "reader" }),
      () => bench.do(bench.machine.leave("bob", bench.now)),
    ];
    for (const end of ends) {
      bench.put("bob", { role: "member" });
      bench.say("bob", { type: "typing", on: true });
      bench.wait(1_500);
      bench.take("ann");
      end();
      bench.wait(200);
      expect(bench.taken("ann", "typing").map(({ items }) => items)).toEqual([[{ subject: "minted|bob", on: false }]]);
      bench.wait(1_000);
    }
  });

  it("[RM77] of many comes together, twenty in one frame", () => {
    const bench = new RoomBench();
    const people = Array.from({ length: 25 }, (_, n) => `p${n}`);
    bench.follow("ann", ...people);
    for (const id of people) bench.say(id, { type: "typing", on: true });
    bench.wait(L.typingTogetherMs * 2);
    expect(bench.taken("ann", "typing").map(({ items }) => items.length)).toEqual([1, L.typistsShown, 4]);
    crowd(bench, L.receiptMembers);
    bench.wait(5_000);
    bench.take("ann");
    for (const id of people.slice(0, 3)) bench.say(id, { type: "typing", on: true });
    bench.wait(L.wideEveryMs - 1);
    expect(bench.taken("ann", "typing").map(({ items }) => items.length)).toEqual([1]);
    bench.wait(1);
    expect(bench.taken("ann", "typing").map(({ items }) => items.length)).toEqual([2]);
  });

  it("[RM78] is not seen of who may not write, and what nobody saw is not taken back", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.put("bob", { role: "reader" });
    bench.say("bob", { type: "typing", on: true });
    expect(bench.taken("bob", "error")).toMatchObject([{ code: "forbidden" }]);
    bench.put("bob", { role: "member" });
    bench.follow("cem");
    bench.say("cem", { type: "typing", on: true });
    bench.say("bob", { type: "typing", on: true });
    bench.say("bob", { type: "typing", on: false });
    bench.wait(1_000);
    expect(bench.taken("ann", "typing").flatMap(({ items }) => items)).toEqual([{ subject: "minted|cem", on: true }]);
  });
});

describe("receipts in a room", () => {
  it("[RM79] are passed on within 200 ms, together", () => {
    const bench = new RoomBench();
    const people = Array.from({ length: 5 }, (_, n) => `p${n}`);
    bench.follow("ann", ...people);
    bench.send("ann", "c1");
    const offset = bench.acts.position().offset;
    bench.take("ann");
    for (const id of people) bench.say(id, { type: "receipt", deliveredOffset: offset });
    bench.say("p0", { type: "receipt", readOffset: offset });
    bench.wait(L.receiptFlushMs);
    const frames = bench.taken("ann", "receipts");
    expect(frames.map(({ items }) => items.length)).toEqual([1, 5]);
    expect(frames[1]?.items).toContainEqual({ subject: "minted|p0", deliveredOffset: offset, readOffset: offset });
  });

  it("[RM79] that are ahead of the room, or of who is no member, are refused; one that moves nothing is not told", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.say("bob", { type: "receipt", readOffset: 99 });
    expect(bench.taken("bob", "error")).toMatchObject([{ code: "receipt-ahead" }]);
    bench.say("bob", { type: "receipt", readOffset: 2 });
    bench.say("bob", { type: "receipt", readOffset: 1 });
    bench.wait(1_000);
    expect(bench.taken("ann", "receipts").flatMap(({ items }) => items)).toHaveLength(1);
  });

  it("[RM80] are one's own in rooms above 128 members: only the person's other sockets hear of them", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.join("bob2", entry("bob", undefined, { credential: "token:2" }));
    bench.follow("bob2");
    crowd(bench, L.receiptMembers);
    bench.wait(2_000);
    for (const id of ["ann", "bob", "bob2"]) bench.take(id);
    bench.say("bob", { type: "receipt", readOffset: 2 });
    bench.wait(1_000);
    expect(bench.taken("ann", "receipts")).toEqual([]);
    expect(bench.taken("bob2", "receipts")[0]?.items).toEqual([{ subject: "minted|bob", deliveredOffset: 2, readOffset: 2 }]);
  });
});
