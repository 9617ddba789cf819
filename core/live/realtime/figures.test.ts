import { describe, expect, it } from "vitest";
import { DELIVERY_BOUNDS_MS, type RealtimeReport } from "../../../contract/realtime.ts";
import { FIGURE_LIMITS, RealtimeFigures } from "./figures.ts";

const report = (more: Partial<RealtimeReport> = {}): RealtimeReport => ({
  at: 0,
  overMs: 5_000,
  sockets: 2,
  opened: 1,
  closed: 0,
  errors: {},
  sends: 10,
  deliveries: 100,
  flushes: 5,
  recoveries: 0,
  refusedRecoveries: 0,
  shed: 0,
  bytesSingle: 1_000,
  bytesBatched: 500,
  bytesSent: 200,
  delivery: DELIVERY_BOUNDS_MS.map(() => 0),
  queued: { critical: 0, normal: 0, low: 0 },
  unreadBytes: 0,
  outboxDepth: 0,
  slowQueries: [],
  connections: [],
  ...more,
});
const connection = (id: string, object: string, framesPerSecond: number) => ({
  id,
  object,
  actor: `subject:${id}`,
  subject: null,
  channels: [],
  openedAt: 0,
  framesPerSecond,
  reconnects: 0,
  unreadBytes: 0,
  deflate: false,
});

describe("figures of live objects", () => {
  it("[RM155] are added up over what each reported last, rates by its own time", () => {
    const figures = new RealtimeFigures();
    figures.report("room/a", report({ sends: 999 }), 0);
    figures.report("room/a", report({ errors: { 4101: 2 } }), 1);
    figures.report("hub/0", report({ overMs: 1_000, errors: { 4101: 1, 4410: 1 } }), 2);
    expect(figures.stats(3)).toMatchObject({ objects: 2, sockets: 4, sendsPerSecond: 12, errors: { 4101: 3, 4410: 1 }, bytesSent: 400 });
    expect(figures.stats(3).busiest.map(({ object }) => object)).toEqual(["hub/0", "room/a"]);
  });

  it("[RM155] leave out who has not reported for two minutes, and forget the oldest beyond their limit", () => {
    const figures = new RealtimeFigures();
    for (let n = 0; n < FIGURE_LIMITS.objects + 1; n++)
      figures.report(`room/${n}`, report({ connections: [connection(String(n), `room/${n}`, n)] }), n);
    expect(figures.stats(FIGURE_LIMITS.objects).objects).toBe(FIGURE_LIMITS.objects);
    expect(figures.connections({ limit: 5, object: "room/0" }, 0).total).toBe(0);
    expect(figures.stats(10 * 60_000).objects).toBe(0);
  });

  it("[RM156] ask for reports each five seconds while somebody looks, and no more when they have gone", () => {
    const figures = new RealtimeFigures();
    expect(figures.report("room/a", report(), 0)).toBeNull();
    figures.stats(1_000);
    expect(figures.report("room/a", report(), 2_000)).toBe(1_000 + FIGURE_LIMITS.leaseMs);
    expect(figures.report("room/a", report(), 1_000 + FIGURE_LIMITS.leaseMs)).toBeNull();
  });

  it("[RM155] say the bound that half and all but one percent of deliveries kept", () => {
    const figures = new RealtimeFigures();
    expect(figures.stats(0).delivery).toEqual({ p50Ms: null, p99Ms: null, probes: 0 });
    figures.report("room/a", report({ delivery: [90, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] }), 0);
    expect(figures.stats(1).delivery).toEqual({ p50Ms: 1, p99Ms: 5, probes: 100 });
    figures.report("room/a", report({ delivery: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] }), 2);
    expect(figures.stats(3).delivery.p99Ms).toBe(5_000);
  });

  it("[RM157] list connections of all objects, the busiest first, by object and by actor", () => {
    const figures = new RealtimeFigures();
    figures.report("room/a", report({ connections: [connection("x", "room/a", 1), connection("y", "room/a", 9)] }), 0);
    figures.report("hub/1", report({ connections: [connection("x", "hub/1", 5)] }), 0);
    expect(figures.connections({ limit: 2 }, 1)).toMatchObject({ items: [{ id: "y" }, { id: "x", object: "hub/1" }], total: 3 });
    expect(figures.connections({ limit: 9, actor: "subject:x" }, 1).total).toBe(2);
  });
});
