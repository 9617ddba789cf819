import { describe, expect, it } from "vitest";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import { gatherMs } from "./flush-window.ts";
import { entry, RoomBench, RoomBook, START } from "./live-testing.ts";

describe("messages on a room's sockets", () => {
  it("[RM60] are acknowledged with their place, and then come to everybody with the sender among them", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.send("ann", "c1", "hello");
    const [ack, batch] = bench.take("ann");
    expect(ack).toMatchObject({ type: "ack", items: [{ ref: "c1", offset: 3, at: bench.now }] });
    expect(batch).toMatchObject({
      type: "batch",
      events: [{ channel: "room/lobby", epoch: "e1", offset: 3, id: "e1:3", type: "message" }],
    });
    expect(bench.taken("bob", "batch")[0]?.events[0]?.data).toMatchObject({ clientId: "c1", text: "hello", sender: "minted|ann" });
    expect(bench.book.fannedOut.at(-1)).toBe(3);
  });

  it("[RM60] take edits, deletions and reactions by their refs, and say of each what is wrong with it", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.send("ann", "c1", "hello");
    bench.wait(200);
    bench.take("ann");
    for (const frame of [
      { type: "edit", ref: "r1", offset: 3, text: "hallo" },
      { type: "react", ref: "r2", offset: 3, emoji: "👍", on: true },
      { type: "edit", ref: "r3", offset: 77, text: "nothing there" },
      { type: "delete", ref: "r4", offset: 3 },
    ])
      bench.say("ann", frame);
    bench.wait(20);
    const frames = bench.take("ann");
    expect(frames.flatMap((frame) => (frame.type === "ack" ? frame.items.map(({ ref, offset }) => [ref, offset]) : []))).toEqual([
      ["r1", 4],
      ["r2", 5],
      ["r4", 6],
    ]);
    expect(frames.find(({ type }) => type === "error")).toMatchObject({ ref: "r3", code: "not-found" });
    const types = bench.taken("bob", "batch").flatMap(({ events }) => events.map(({ type }) => type));
    expect(types).toEqual(["message", "edited", "reaction", "deleted"]);
  });

  it("[RM61] that come alone are stored at once; those after it within milliseconds wait for each other in one commit and one frame", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.send("ann", "c0");
    expect(bench.take("ann").map(({ type }) => type)).toEqual(["ack", "batch"]);
    for (let n = 1; n <= 5; n++) bench.send(n % 2 === 0 ? "ann" : "bob", `c${n}`);
    expect(bench.taken("ann", "ack")).toEqual([]);
    bench.wait(L.flushMs);
    const acks = bench.take("ann");
    expect(acks.map(({ type }) => type)).toEqual(["ack", "batch"]);
    expect(acks[0]).toMatchObject({ items: [{ ref: "c2" }, { ref: "c4" }] });
    expect(acks[1]).toMatchObject({ events: [{ offset: 4 }, { offset: 5 }, { offset: 6 }, { offset: 7 }, { offset: 8 }] });
    bench.wait(200);
    bench.take("ann");
    bench.send("bob", "c9");
    expect(bench.offsets("ann")).toEqual([9]);
  });

  it("[RM61] wait the longer the more will hear of it, and never longer than 10 ms", () => {
    expect([1, 64, 65, 640, 10_000].map((sockets) => gatherMs(sockets, 5))).toEqual([1, 1, 2, 10, 10]);
    expect([1, 10_000].map((sockets) => gatherMs(sockets, undefined))).toEqual([0, 0]);
    expect([101, 102].map((sinceMs) => gatherMs(3, sinceMs))).toEqual([1, 0]);
    expect([413, 414].map((sinceMs) => gatherMs(10_000, sinceMs))).toEqual([10, 0]);
    expect(gatherMs(3, -5)).toBe(0);
  });

  it("[RM61] wait for no more than 256 others", () => {
    const bench = new RoomBench();
    const many = Array.from({ length: 20 }, (_, n) => `p${n}`);
    bench.follow(...many);
    bench.send("p0", "first");
    for (let n = 0; n < 255; n++) bench.send(many[n % 20] ?? "", `c${n}`);
    expect(bench.offsets("p0")).toHaveLength(1);
    bench.send("p5", "last");
    expect(bench.offsets("p0")).toHaveLength(256);
  });

  it("[RM62] are the same bytes for everybody, encoded once, and count without a number", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob", "cem");
    bench.shares.length = 0;
    bench.send("ann", "c1");
    expect(bench.shares).toHaveLength(1);
    expect(bench.shares[0]?.sockets).toEqual(["ann", "bob", "cem"]);
    expect(bench.shares[0]?.frame).not.toContain('"n":');
    bench.say("bob", { type: "unsubscribe", id: "u", channel: "room/lobby" });
    expect(bench.take("bob").at(-1)).toMatchObject({ type: "unsubscribed", n: bench.counts.get("bob") });
  });

  it("[RM63] come deflated, once for all who asked and have room for it, when they are large enough to gain", () => {
    const bench = new RoomBench();
    for (const id of ["ann", "bob", "cem"]) bench.join(id);
    for (const id of ["bob", "cem"]) bench.say(id, { type: "options", data: { deflate: true } });
    bench.follow("ann", "bob", "cem");
    bench.shares.length = 0;
    bench.send("ann", "small");
    bench.wait(200);
    bench.send("ann", "large", "so much to say ".repeat(100));
    const [small, plain, packed] = bench.shares;
    expect(small).toMatchObject({ sockets: ["ann", "bob", "cem"] });
    expect(plain).toMatchObject({ sockets: ["ann"] });
    expect(packed?.sockets).toEqual(["bob", "cem"]);
    expect(packed?.frame.length).toBeLessThan((plain?.frame.length ?? 0) / 4);
    expect(bench.taken("cem", "batch").map(({ events }) => events[0]?.offset)).toEqual([4, 5]);
  });

  it("[RM64] that were sent again get the first place, and are stored once", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.send("ann", "c1");
    bench.wait(200);
    bench.send("ann", "c1");
    expect(bench.taken("ann", "ack").map(({ items }) => items[0]?.offset)).toEqual([3, 3]);
    expect(bench.offsets("bob")).toEqual([3]);
  });

  it("[RM65] that cannot be stored are refused each, and may be sent again", () => {
    const bench = new RoomBench();
    bench.follow("ann");
    const desk = bench.acts;
    const broken = new Error("the disk is full");
    const commit = bench.book.desk.commit.bind(bench.book.desk);
    bench.book.desk.commit = () => {
      throw broken;
    };
    bench.send("ann", "c1");
    expect(bench.take("ann")).toMatchObject([{ type: "error", ref: "c1", code: "unavailable", retryAfterMs: 2_000 }]);
    expect(bench.failures).toEqual([broken]);
    bench.book.desk.commit = commit;
    bench.send("ann", "c1");
    bench.wait(20);
    expect(bench.taken("ann", "ack")).toHaveLength(1);
    expect(desk.position().offset).toBe(2);
  });

  it("[RM66] faster than the rate are refused with the time to wait, and a hundred refusals in a minute close with 4429", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    for (let n = 0; n < L.sendBurst; n++) bench.send("ann", `ok${n}`);
    bench.wait(20);
    expect(bench.taken("ann", "error")).toEqual([]);
    for (let n = 0; n < L.abuses; n++) {
      bench.send("ann", `no${n}`);
      if (n % 50 === 49) bench.ack("ann");
    }
    bench.wait(20);
    const refusals = bench.taken("ann", "error");
    expect(refusals.length).toBe(L.abuses);
    expect(refusals[0]).toMatchObject({ code: "rate-limited", ref: "no0" });
    expect(refusals[0]?.retryAfterMs).toBeGreaterThan(0);
    expect(bench.closed.size).toBe(0);
    bench.send("ann", "once more");
    bench.wait(20);
    expect(bench.closed.get("ann")).toBe(4429);
    expect(bench.offsets("bob")).toHaveLength(L.sendBurst);
  });
});

describe("a room's sockets", () => {
  it("[RM67] carry one channel, and take nobody who was not let in", () => {
    const bench = new RoomBench();
    bench.join("ann");
    bench.say("ann", { type: "subscribe", id: "s1", channel: "room/other" });
    expect(bench.take("ann").at(-1)).toMatchObject({ type: "error", id: "s1", code: "unknown-channel" });
    bench.subscribe("ann", { replay: 0 });
    bench.say("ann", { type: "unsubscribe", id: "u1", channel: "room/other" });
    expect(bench.take("ann").at(-1)).toMatchObject({ type: "error", id: "u1", code: "unknown-channel" });
    const before = bench.offsets("ann").length;
    bench.send("ann", "c1");
    expect(bench.offsets("ann")).toHaveLength(before + 1);
    expect(bench.join("eve", entry("eve", []))).toBe(false);
    bench.put("bob", { state: "banned" });
    expect(bench.join("bob")).toBe(false);
  });

  it("[RM68] of somebody who is removed, banned or leaves close with 4403 at once, before they hear of it", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.join("bob2", entry("bob", undefined, { credential: "token:other" }));
    bench.subscribe("bob2", { replay: 0 });
    bench.follow("cem", "dan");
    const bobs = bench.counts.get("bob");
    bench.put("bob", { state: "banned" });
    expect([bench.closed.get("bob"), bench.closed.get("bob2")]).toEqual([4403, 4403]);
    expect(bench.counts.get("bob")).toBe((bobs ?? 0) + 1); // the goodbye
    expect(bench.taken("ann", "batch")[0]?.events[0]).toMatchObject({ type: "member", data: { subject: "minted|bob", state: "banned" } });
    const cem = { kind: "subject", id: "minted|cem", ref: "ref-cem", name: "cem", avatarUrl: null, granted: [], isPublic: false } as const;
    bench.change(cem, { type: "remove-member", subject: "minted|cem" });
    expect(bench.closed.get("cem")).toBe(4403);
    bench.send("ann", "c1");
    expect(bench.offsets("dan").length).toBeGreaterThan(0);
    expect(bench.machine.sockets).toBe(2);
  });

  it("[RM69] of who is muted stay, and what they send is refused as muted", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.put("bob", { mutedUntil: new Date(bench.now + 60_000).toISOString() });
    bench.take("bob");
    bench.send("bob", "c1");
    bench.say("bob", { type: "typing", on: true });
    bench.wait(200);
    expect(bench.taken("bob", "error").map(({ code, ref }) => [code, ref])).toEqual([
      ["muted", "c1"],
      ["muted", undefined],
    ]);
    expect(bench.taken("ann", "typing")).toEqual([]);
    bench.wait(60_000);
    bench.send("bob", "c2");
    expect(bench.taken("bob", "ack")).toHaveLength(1);
  });

  it("[RM70] of visitors read what is public, and do no more", () => {
    const bench = new RoomBench();
    bench.follow("ann");
    const visitor = { kind: "visitor", id: "visitor", ref: "", name: "", avatarUrl: null, isPublic: true } as const;
    expect(bench.join("v", entry("v", [], { actor: "visitor", person: visitor }))).toBe(true);
    bench.subscribe("v");
    bench.wait(2_000);
    bench.take("v");
    for (const frame of [
      { type: "send", clientId: "c1", text: "hi" },
      { type: "typing", on: true },
      { type: "presence", state: "away" },
      { type: "receipt", readOffset: 1 },
    ])
      bench.say("v", frame);
    bench.wait(20);
    expect(bench.taken("v", "error").map(({ code }) => code)).toEqual(["forbidden", "forbidden", "forbidden", "forbidden"]);
    expect(bench.taken("ann", "presence")).toEqual([]);
    bench.wait(200);
    bench.send("ann", "c2");
    expect(bench.offsets("v")).toEqual([2]);
    expect(bench.closed.size).toBe(0);
  });

  it("[RM71] close when the credential ends, is revoked or cannot be here any more", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.join("cem", entry("cem", undefined, { credentialExpiresAt: bench.now + 5_000 }));
    bench.subscribe("cem", { replay: 0 });
    expect(bench.expiry).toBe(bench.now + 5_000);
    bench.wait(5_000);
    bench.send("ann", "c1");
    expect(bench.closed.get("cem")).toBe(4401);
    const { effects, closed } = bench.machine.closeCredentials(["token:bob"], undefined, bench.now);
    bench.do(effects);
    expect([closed, bench.closed.get("bob")]).toEqual([1, 4401]);
    expect(bench.machine.kick("nobody", bench.now).found).toBe(false);
    bench.do(bench.machine.kick("ann", bench.now).effects);
    expect(bench.closed.get("ann")).toBe(4403);
  });

  it("[RM71] take a new credential of the same person, and close when it may not be here", () => {
    const bench = new RoomBench(new RoomBook());
    const visible = { isPublic: false };
    bench.join(
      "key",
      entry("key", ["rooms:read"], { actor: "key:k", person: { ...entry("key").person, kind: "service", id: "key:k", ...visible } }),
    );
    bench.say("key", { type: "refresh", token: "new" });
    expect(bench.verify).toMatchObject([{ socket: "key", token: "new" }]);
    bench.do(bench.machine.refreshed("key", entry("key", ["rooms:read"], { actor: "key:k" }), bench.now));
    expect(bench.take("key").at(-1)).toMatchObject({ type: "refreshed" });
    bench.do(bench.machine.refreshed("key", entry("key", [], { actor: "key:k" }), bench.now));
    expect(bench.closed.get("key")).toBe(4403);
  });

  it("[RM72] are 10,000, and one more is refused before it opens", () => {
    const bench = new RoomBench();
    const visitor = { kind: "visitor", id: "visitor", ref: "", name: "", avatarUrl: null, isPublic: true } as const;
    const who = entry("v", [], { person: visitor });
    for (let n = 0; n < L.sockets - 1; n++) bench.machine.join(`v${n}`, who, START);
    expect(bench.machine.refusal()).toBeUndefined();
    bench.machine.join("last", who, START);
    expect(bench.machine.refusal()).toMatchObject({ slug: "overloaded" });
  });

  it("[RM73] read a frame of 64 KiB and close with 4413 above it; the tenth malformed one in a minute closes with 4400", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    const frame = JSON.stringify({ v: 1, type: "typing", on: true });
    bench.do(bench.machine.receive("ann", frame.padEnd(L.frameBytes), bench.now));
    expect(bench.closed.size).toBe(0);
    bench.do(bench.machine.receive("ann", frame.padEnd(L.frameBytes + 1), bench.now));
    expect(bench.closed.get("ann")).toBe(4413);
    for (let n = 0; n < L.malformedFrames - 1; n++) bench.say("bob", { type: "send", clientId: "c", text: 1 });
    expect(bench.taken("bob", "error").at(-1)).toMatchObject({ code: "invalid-frame", ref: "c", pointer: "/text" });
    bench.sleep();
    bench.say("bob", { type: "send", clientId: "c" });
    expect(bench.closed.get("bob")).toBe(4400);
  });
});
