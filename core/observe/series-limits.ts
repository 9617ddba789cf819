import * as z from "zod";
import { SERIES_LIMIT_NAMES, type SeriesLimit } from "../../contract/series-limit.ts";
import { type KeptRows, packKept, readKept } from "./kept-rows.ts";

const HOUR_MS = 3_600_000;
const HOURS = 24;
const ROW = "series-limits";

/** How many series a shard may have. */
export interface SeriesRoom {
  /** The tenant's, as far as this shard may use them. */
  readonly active: number;
  readonly perHour: number;
  /** Of any shard, whatever the plan: its heads have to fit into an isolate. */
  readonly shard: number;
}

interface Hour {
  made: number;
  refused: number;
}

const keptSchema = z.tuple([
  z.object({
    throughRef: z.number(),
    lastRefusedAt: z.number().nullable(),
    hours: z.array(z.tuple([z.number(), z.number(), z.number()])),
  }),
]);

/** Decides over new series: those that are there go on, whatever the limits say. Counts what began and what was refused, by the hour. */
export class SeriesLimits {
  readonly #hours = new Map<number, Hour>();
  #lastRefusedAt = Number.NEGATIVE_INFINITY;
  #begun: SeriesLimit | undefined;
  /** Series below are in the counts that were read from the row. */
  #throughRef = 0;
  #changed = false;

  /**
   * The limit that one more series would exceed.
   * @param live series that there are
   * @param planned series that the round being committed makes
   */
  judge(now: number, live: number, planned: number, room: SeriesRoom): SeriesLimit | undefined {
    if (live + planned >= room.active) return "active";
    if (live + planned >= room.shard) return "shard";
    return this.#at(now).made + planned >= room.perHour ? "per-hour" : undefined;
  }

  /** Series were made. */
  made(now: number, count: number): void {
    if (count === 0) return;
    this.#at(now).made += count;
    this.#changed = true;
  }

  /** A series is read back from a write-ahead row of this time. */
  replayed(at: number, ref: number): void {
    if (ref >= this.#throughRef) this.made(at, 1);
  }

  /** A series was refused. */
  refused(now: number, limit: SeriesLimit): void {
    this.#at(now).refused++;
    if (now - this.#lastRefusedAt >= HOUR_MS) this.#begun = limit;
    this.#lastRefusedAt = now;
    this.#changed = true;
  }

  /** The limit that has begun to refuse, once; another time only after an hour in which none did. */
  takeBegun(): SeriesLimit | undefined {
    const begun = this.#begun;
    this.#begun = undefined;
    return begun;
  }

  /** Series made in the running hour. */
  madeNow(now: number): number {
    return this.#hours.get(hourOf(now))?.made ?? 0;
  }

  /** The last 24 hours, the oldest first; the last is the running one. */
  hours(now: number): { hourMs: number; made: number; refused: number }[] {
    const last = hourOf(now);
    return Array.from({ length: HOURS }, (_, at) => {
      const hourMs = last - (HOURS - 1 - at) * HOUR_MS;
      return { hourMs, made: 0, refused: 0, ...this.#hours.get(hourMs) };
    });
  }

  load(rows: KeptRows): void {
    const [kept] = readKept(rows, ROW, keptSchema) ?? [];
    if (!kept) return;
    this.#throughRef = kept.throughRef;
    this.#lastRefusedAt = kept.lastRefusedAt ?? Number.NEGATIVE_INFINITY;
    for (const [hourMs, made, refused] of kept.hours) this.#hours.set(hourMs, { made, refused });
  }

  /** @param nextRef references below are counted */
  save(rows: KeptRows, nextRef: number): void {
    if (!this.#changed) return;
    const hours = [...this.#hours].map(([hourMs, { made, refused }]) => [hourMs, made, refused]);
    const lastRefusedAt = Number.isFinite(this.#lastRefusedAt) ? this.#lastRefusedAt : null;
    rows.putKept(ROW, packKept([{ throughRef: nextRef, lastRefusedAt, hours }]));
    this.#changed = false;
  }

  #at(now: number): Hour {
    const hourMs = hourOf(now);
    let hour = this.#hours.get(hourMs);
    if (hour) return hour;
    for (const old of this.#hours.keys()) if (old <= hourMs - HOURS * HOUR_MS) this.#hours.delete(old);
    this.#hours.set(hourMs, (hour = { made: 0, refused: 0 }));
    return hour;
  }
}

function hourOf(now: number): number {
  return Math.floor(now / HOUR_MS) * HOUR_MS;
}

/** What a reply says of a round's refusals: the limit that is judged first. */
export function firstLimit(limits: ReadonlySet<SeriesLimit>): SeriesLimit | undefined {
  return SERIES_LIMIT_NAMES.find((name) => limits.has(name));
}
