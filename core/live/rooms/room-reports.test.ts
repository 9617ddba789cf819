import { describe, expect, it } from "vitest";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import { DELIVERY_BOUNDS_MS, REPORTED_CONNECTIONS } from "../../../contract/realtime.ts";
import { entry, RoomBench } from "./live-testing.ts";

describe("what a room reports to operators", () => {
  it("[RM83] comes each minute while it is active, each five seconds while one looks, and never while it is idle", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    const talk = (seconds: number): number => {
      bench.reports.length = 0;
      for (let n = 0; n < 2 * seconds; n++) {
        bench.send("ann", `${bench.now}`);
        bench.ack("ann");
        bench.wait(500);
      }
      return bench.reports.length;
    };
    talk(60);
    expect(talk(180)).toBe(3);
    bench.machine.watched(bench.now + 30_100);
    expect(talk(30)).toBe(6);
    bench.wait(5_000);
    bench.reports.length = 0;
    bench.wait(3_600_000);
    expect(bench.reports).toEqual([]);
    expect(bench.wakeAt).toBeUndefined();
  });

  it("[RM83] comes when it rests after a minute without one, also over sleeps, and says over which time", () => {
    const bench = new RoomBench();
    bench.follow("ann");
    bench.reports.length = 0;
    for (let n = 0; n < 8; n++) {
      bench.sleep(); // twenty seconds
      bench.send("ann", `c${n}`);
      bench.wait(2_000);
    }
    const [first, ...later] = bench.reports;
    expect(later).toHaveLength(2);
    for (const [n, { at, overMs }] of later.entries()) {
      expect(overMs).toBeGreaterThanOrEqual(L.reportMs);
      expect(overMs).toBe(at - ((n === 0 ? first : later[n - 1])?.at ?? 0));
    }
  });

  it("[RM83] counts what was said and sent, and lists the hundred busiest sockets", () => {
    const bench = new RoomBench();
    bench.follow("ann", "bob");
    bench.machine.takeReport(bench.now);
    bench.send("ann", "c1", "x".repeat(100));
    bench.wait(200);
    bench.do(bench.machine.leave("bob", bench.now));
    bench.wait(1_800);
    const report = bench.machine.takeReport(bench.now);
    expect(report).toMatchObject({ overMs: 2_000, sockets: 1, closed: 1, sends: 1, deliveries: 2, flushes: 1, errors: {} });
    expect(report.delivery).toHaveLength(DELIVERY_BOUNDS_MS.length + 1);
    expect(report.connections).toMatchObject([
      { id: "ann", object: "room/lobby", actor: "subject:ref-ann", subject: "minted|ann", channels: ["room/lobby"], framesPerSecond: 1 },
    ]);
    const visitor = { kind: "visitor", id: "visitor", ref: "", name: "", avatarUrl: null, isPublic: true } as const;
    for (let n = 0; n < REPORTED_CONNECTIONS; n++) bench.do(bench.machine.join(`v${n}`, entry("v", [], { person: visitor }), bench.now));
    expect(bench.machine.takeReport(bench.now)).toMatchObject({ sockets: REPORTED_CONNECTIONS + 1, opened: REPORTED_CONNECTIONS });
    bench.do(bench.machine.kick("v3", bench.now).effects);
    const after = bench.machine.takeReport(bench.now);
    expect(after.connections).toHaveLength(REPORTED_CONNECTIONS);
    expect(after.errors).toEqual({ 4403: 1 });
  });
});

describe("subscribing in a room", () => {
  it("[RC16] is done ten times at once and once a second; more is refused with the time to wait", () => {
    const bench = new RoomBench();
    bench.join("ann");
    for (let n = 0; n < 10; n++) bench.subscribe("ann", { replay: 0 });
    expect(bench.taken("ann", "error")).toEqual([]);
    bench.subscribe("ann", { replay: 0 });
    expect(bench.taken("ann", "error")).toMatchObject([{ id: "s", code: "rate-limited", retryAfterMs: 1_000 }]);
    bench.wait(1_000);
    bench.subscribe("ann", { replay: 0 });
    expect(bench.taken("ann", "subscribed")).toHaveLength(1);
  });
});
