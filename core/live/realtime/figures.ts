import { DELIVERY_BOUNDS_MS, type Connection, type RealtimeReport, type RealtimeStats } from "../../../contract/realtime.ts";
import { ROOM_LIMITS } from "../../../contract/room-limits.ts";

export const FIGURE_LIMITS = {
  /** Objects that are remembered; of more, those that reported longest ago are forgotten. */
  objects: 2_000,
  /** Listed as the busiest, and as slow queries. */
  shown: 20,
  /** An operator who looked is taken to look on for so long. */
  leaseMs: 30_000,
} as const;

/** Whoever has not reported for two rounds is idle or gone. */
const FRESH_MS = 2 * ROOM_LIMITS.reportMs + 5_000;
const PER_SECOND = 1_000;

/**
 * What live objects report, added up. In memory only: an object that was put away hears of everybody again within a minute. Holds no
 * clock: `now` is epoch milliseconds.
 */
export class RealtimeFigures {
  readonly #reports = new Map<string, RealtimeReport>();
  #leaseUntil = 0;

  /** @returns until when somebody looks; null when nobody does */
  report(object: string, report: RealtimeReport, now: number): number | null {
    this.#reports.delete(object); // the newest stands last
    this.#reports.set(object, { ...report, at: now });
    if (this.#reports.size > FIGURE_LIMITS.objects) {
      const [oldest] = this.#reports.keys();
      if (oldest !== undefined) this.#reports.delete(oldest);
    }
    return this.#leaseUntil > now ? this.#leaseUntil : null;
  }

  /** Looking makes the lease. */
  stats(now: number): RealtimeStats {
    this.#leaseUntil = now + FIGURE_LIMITS.leaseMs;
    const fresh = this.#fresh(now);
    const reports = fresh.map(([, report]) => report);
    const sum = (of: (report: RealtimeReport) => number) => reports.reduce((total, report) => total + of(report), 0);
    const rate = (of: (report: RealtimeReport) => number) => sum((report) => (of(report) * PER_SECOND) / Math.max(1, report.overMs));
    const delivery = DELIVERY_BOUNDS_MS.concat().map((_, at) => sum((report) => report.delivery[at] ?? 0));
    delivery.push(sum((report) => report.delivery[DELIVERY_BOUNDS_MS.length] ?? 0));
    return {
      at: now,
      objects: reports.length,
      sockets: sum((report) => report.sockets),
      sendsPerSecond: rate((report) => report.sends),
      deliveriesPerSecond: rate((report) => report.deliveries),
      opensPerSecond: rate((report) => report.opened),
      recoveries: sum((report) => report.recoveries),
      refusedRecoveries: sum((report) => report.refusedRecoveries),
      shed: sum((report) => report.shed),
      errors: addedUp(reports.map(({ errors }) => errors)),
      bytesSingle: sum((report) => report.bytesSingle),
      bytesBatched: sum((report) => report.bytesBatched),
      bytesSent: sum((report) => report.bytesSent),
      delivery: { p50Ms: quantile(delivery, 0.5), p99Ms: quantile(delivery, 0.99), probes: delivery.reduce((all, one) => all + one, 0) },
      queued: {
        critical: sum(({ queued }) => queued.critical),
        normal: sum(({ queued }) => queued.normal),
        low: sum(({ queued }) => queued.low),
      },
      unreadBytes: sum((report) => report.unreadBytes),
      outboxDepth: sum((report) => report.outboxDepth),
      slowQueries: fresh
        .flatMap(([object, { slowQueries }]) => slowQueries.map((query) => ({ object, ...query })))
        .sort((a, b) => b.rows - a.rows)
        .slice(0, FIGURE_LIMITS.shown),
      busiest: fresh
        .map(([object, { sockets, sends, deliveries, overMs }]) => {
          const perSecond = PER_SECOND / Math.max(1, overMs);
          return { object, sockets, sendsPerSecond: sends * perSecond, deliveriesPerSecond: deliveries * perSecond };
        })
        .sort((a, b) => b.deliveriesPerSecond - a.deliveriesPerSecond || b.sockets - a.sockets)
        .slice(0, FIGURE_LIMITS.shown),
    };
  }

  objectOf(connectionId: string, now: number): string | undefined {
    return this.#fresh(now).find(([, { connections }]) => connections.some(({ id }) => id === connectionId))?.[0];
  }

  /** A connection was ended: it is listed no more, also before its object reports again. */
  forget(connectionId: string): void {
    for (const [object, report] of this.#reports) {
      const connections = report.connections.filter(({ id }) => id !== connectionId);
      // In its place: the order is that of reports.
      if (connections.length < report.connections.length) this.#reports.set(object, { ...report, connections });
    }
  }

  /** The connections that were reported: of each object its busiest. @returns the first so many, and how many there are */
  connections({ limit, object, actor }: ConnectionQuery, now: number): { items: Connection[]; total: number } {
    this.#leaseUntil = now + FIGURE_LIMITS.leaseMs;
    const found = this.#fresh(now)
      .flatMap(([, { connections }]) => connections)
      .filter((one) => (object === undefined || one.object === object) && (actor === undefined || one.actor === actor))
      .sort((a, b) => b.framesPerSecond - a.framesPerSecond || a.openedAt - b.openedAt);
    return { items: found.slice(0, limit), total: found.length };
  }

  #fresh(now: number): [string, RealtimeReport][] {
    return [...this.#reports].filter(([, { at }]) => at + FRESH_MS > now);
  }
}

export interface ConnectionQuery {
  readonly limit: number;
  /** `hub/2`, `room/lobby`. */
  readonly object?: string;
  readonly actor?: string;
}

function addedUp(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const one of all) for (const [key, count] of Object.entries(one)) total[key] = (total[key] ?? 0) + count;
  return total;
}

/** The upper bound of the bucket in which the quantile falls; null without counts, and above the highest bound that bound. */
function quantile(counts: readonly number[], q: number): number | null {
  const total = counts.reduce((all, one) => all + one, 0);
  if (total === 0) return null;
  let seen = 0;
  for (const [at, count] of counts.entries()) {
    seen += count;
    if (seen >= q * total) return DELIVERY_BOUNDS_MS[Math.min(at, DELIVERY_BOUNDS_MS.length - 1)] ?? null;
  }
  return null;
}
