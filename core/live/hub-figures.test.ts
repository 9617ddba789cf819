import { describe, expect, it } from "vitest";
import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import { DELIVERY_BOUNDS_MS } from "../../contract/realtime.ts";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import { Bench, NOW, publication } from "./testing.ts";

const CONNECTION = "01900000-0000-7000-8000-000000000001";

/** A bench with one follower, whose first report is out. */
function following(id = CONNECTION): Bench {
  const bench = new Bench();
  bench.join(id);
  bench.follow(id, "metrics/all");
  return bench;
}

describe("what a hub tells operators", () => {
  it("[RM158] goes out with the first socket, then each minute while something happens, each five seconds while one looks", () => {
    const bench = following();
    expect(bench.reports).toMatchObject([{ sockets: 1, opened: 1 }]);
    const reportsWithin = (ms: number) => {
      bench.reports.length = 0;
      for (const end = bench.now + ms; bench.now < end;) {
        bench.now += 1_000;
        bench.publish(publication("metrics/all", bench.now));
      }
      return bench.reports.length;
    };
    expect(reportsWithin(5 * ROOM_LIMITS.reportMs)).toBe(5);
    bench.machine.watched(bench.now + 2 * ROOM_LIMITS.reportMs);
    expect(reportsWithin(ROOM_LIMITS.reportMs)).toBe(ROOM_LIMITS.reportMs / ROOM_LIMITS.reportWatchedMs);
  });

  it("[RM158] is kept over a sleep, and an idle hub tells nothing", () => {
    const bench = following();
    bench.publish(publication("metrics/all", 1)); // from here on the time of the report is in the attachment
    bench.reports.length = 0;
    for (let n = 0; n < 5; n++) {
      bench.now += 10_000;
      bench.sleep();
      bench.do(bench.machine.interestDue(bench.now));
      bench.answer({ all: 1 });
      bench.say(CONNECTION, { type: "ack", n: 3 });
    }
    expect(bench.reports).toEqual([]);
    bench.publish(publication("metrics/all", 2));
    expect(bench.reports).toEqual([]);
    bench.now += ROOM_LIMITS.reportMs;
    bench.publish(publication("metrics/all", 3));
    expect(bench.reports).toHaveLength(1);
  });

  it("[RM158] says at once that the first socket has come and the last has gone, and of the others with the next report", () => {
    const bench = following();
    bench.join("b");
    bench.reports.length = 0;
    bench.now += 1_000;
    bench.do(bench.machine.leave("b", bench.now));
    expect(bench.reports).toEqual([]);
    bench.do(bench.machine.leave(CONNECTION, bench.now));
    bench.do(bench.machine.leave(CONNECTION, bench.now));
    expect(bench.reports).toMatchObject([{ sockets: 0, closed: 2, connections: [] }]);
    bench.join("c");
    bench.join("d");
    expect(bench.reports.slice(1)).toMatchObject([{ sockets: 1, connections: [{ id: "c" }] }]);
  });

  it("[RM158] counts what its sockets did, and whose they are", () => {
    const bench = following();
    bench.join("b", { actor: "user:u2" });
    bench.follow("b", "metrics/all");
    bench.reports.length = 0;
    bench.publish(publication("metrics/all", 1));
    const topic = "topic/news";
    bench.say("b", { type: "subscribe", id: "2", channel: topic, epoch: "e1", offset: 1 });
    bench.do(bench.machine.followed(topic, { epoch: "e1", offset: 9, isPublic: true }, bench.now));
    bench.do(bench.machine.recalled(topic, "b", { ok: false, epoch: "e1", offset: 9, reason: "too-old" }, bench.now));
    bench.do(bench.machine.kick("b", bench.now).effects);
    bench.now += ROOM_LIMITS.reportMs;
    bench.publish(publication("metrics/all", 2), publication("metrics/all", 3));
    const [report] = bench.reports;
    expect(report).toMatchObject({
      at: NOW + ROOM_LIMITS.reportMs,
      overMs: ROOM_LIMITS.reportMs,
      sockets: 1,
      opened: 1,
      closed: 1,
      deliveries: 4,
      flushes: 2,
      refusedRecoveries: 1,
      recoveries: 0,
      errors: { 4403: 1 },
      connections: [{ id: CONNECTION, object: "hub/0", actor: "user:u1", channels: ["metrics/all"], openedAt: 0x0190_0000_0000 }],
    });
    // Two publications of one frame cost less than each alone.
    expect(report?.bytesSingle).toBeGreaterThan(report?.bytesBatched ?? 0);
    expect(report?.bytesBatched).toBeGreaterThan(0);
  });

  it("[RM158] knows by one frame in 256 how long delivery takes", () => {
    const bench = following();
    for (let offset = 1; offset <= LIVE_LIMITS.probeEvery - 2; offset++) {
      bench.now += LIVE_LIMITS.flushMs;
      bench.publish(publication("metrics/all", offset));
      bench.say(CONNECTION, { type: "ack", n: offset + 1 });
    }
    bench.now += 7;
    bench.say(CONNECTION, { type: "ack", n: LIVE_LIMITS.probeEvery });
    bench.reports.length = 0;
    bench.now += ROOM_LIMITS.reportMs;
    bench.publish(publication("metrics/all", 1_000));
    expect(bench.reports[0]?.delivery).toEqual(DELIVERY_BOUNDS_MS.map((bound) => (bound === 10 ? 1 : 0)).concat(0));
  });
});

describe("a socket that an operator ends", () => {
  it("[RM157] is closed with 4403, once", () => {
    const bench = following();
    const { effects, found } = bench.machine.kick(CONNECTION, bench.now);
    bench.do(effects);
    expect([found, bench.closed.get(CONNECTION)]).toEqual([true, 4403]);
    expect(bench.machine.kick(CONNECTION, bench.now).found).toBe(false);
  });
});
