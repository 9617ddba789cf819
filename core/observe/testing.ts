import { DEFINED, encodeBatch } from "../../contract/metric-batch.ts";
import { type Labels, seriesKey } from "../../contract/metric-key.ts";
import { STALE_BITS } from "../../contract/metric-limits.ts";
import type { Outcome } from "../../contract/problems.ts";
import type { ShardIngestReply } from "../../contract/rpc/metrics.ts";
import { MemoryStore } from "./memory-store.ts";
import { Shard } from "./shard.ts";
import type { ShardStore } from "./store.ts";
import { sweepSlice } from "./sweep.ts";
import { ALL_KEPT, type KeptMs, TierReader } from "./tier-reader.ts";
import { Seal } from "./seal.ts";
import { upkeep } from "./upkeep.ts";

/** Noon of a day, on a whole hour so that steps begin at round numbers. */
export const NOON = Date.parse("2026-11-20T12:00:00.000Z");

const DAY_MS = 24 * 3_600_000;
/** What every plan has. */
export const TEST_KEPT: KeptMs = { raw: DAY_MS, minute: 7 * DAY_MS, hour: 90 * DAY_MS };

/** A sample as tests write it. */
export interface TestSample {
  readonly metric: string;
  readonly labels?: Labels;
  readonly at: number;
  readonly value: number | null;
}

/** A batch that names every series in full. */
export function batchOf(samples: readonly TestSample[]): Uint8Array<ArrayBuffer> {
  const keys = samples.map(({ metric, labels }) => seriesKey(metric, labels));
  const definitions = [...new Set(keys)];
  const place = new Map(definitions.map((key, i) => [key, i]));
  const values = new Float64Array(samples.map(({ value }) => value ?? 0));
  const valueBits = new Uint32Array(values.buffer);
  for (const [i, { value }] of samples.entries()) if (value === null) valueBits.set([STALE_BITS.low, STALE_BITS.high], 2 * i);
  return encodeBatch({
    count: samples.length,
    dictionary: 0,
    atMs: new Float64Array(samples.map(({ at }) => at)),
    valueBits,
    series: new Uint32Array(keys.map((key) => DEFINED + (place.get(key) ?? 0))),
    definitions,
  });
}

let nextId = 1;

/** A shard over a store in memory, with the verbs that tests need. */
export class TestShard {
  shard: Shard;
  readonly store: MemoryStore;
  readonly #maxSeries: number;
  readonly #perHour: number;
  readonly #wrapped: ShardStore;

  constructor(options: { maxSeries?: number; perHour?: number; store?: MemoryStore; wrap?: (store: MemoryStore) => ShardStore } = {}) {
    this.store = options.store ?? new MemoryStore();
    this.#wrapped = options.wrap?.(this.store) ?? this.store;
    this.#maxSeries = options.maxSeries ?? 20_000;
    this.#perHour = options.perHour ?? Number.POSITIVE_INFINITY;
    this.shard = this.#open(NOON);
  }

  /** Forgets memory and reads everything back, as an eviction does. */
  restart(now = NOON): void {
    this.shard = this.#open(now);
  }

  /** One request in one commit. */
  ingest(samples: readonly TestSample[], now = NOON, id = `id-${nextId++}`): ShardIngestReply {
    return valueOf(this.shard.commit([{ batch: batchOf(samples), id }], now)[0]);
  }

  seal(now = NOON): void {
    const seal = new Seal(this.shard, now);
    while (seal.slice());
    seal.finish();
  }

  sweep(now: number, kept = TEST_KEPT): void {
    while (sweepSlice(this.shard, now, kept));
  }

  /** All of a shard's upkeep in one go. */
  upkeep(now: number, kept = TEST_KEPT): void {
    for (const _ of upkeep(this.shard, now, kept, 0));
  }

  /** Reads as questions do. */
  tiers(now: number, kept = TEST_KEPT): TierReader {
    return new TierReader(this.shard, now, kept);
  }

  slotOf(metric: string, labels?: Labels): number {
    return this.shard.series.slotOfKey(seriesKey(metric, labels)) ?? -1;
  }

  /** Points of one series as `[time, value]`, null for the stale marker. */
  points(metric: string, labels?: Labels, from = 0, end = Number.MAX_SAFE_INTEGER): [number, number | null][] {
    const slot = this.shard.series.slotOfKey(seriesKey(metric, labels));
    if (slot === undefined) return [];
    const { points, first, last } = this.tiers(NOON, ALL_KEPT).raw(slot, from, end);
    const { at, values } = points.columns;
    return Array.from({ length: last - first }, (_, i) => {
      const value = values[first + i] ?? 0;
      return [at[first + i] ?? 0, Number.isNaN(value) ? null : value];
    });
  }

  #open(now: number): Shard {
    const shard = new Shard({
      store: this.#wrapped,
      transaction: (work) => work(),
      room: () => ({ active: this.#maxSeries, perHour: this.#perHour, shard: 40_000 }),
      randomId: () => 77,
    });
    shard.load(now);
    return shard;
  }
}

export function valueOf<T>(outcome: Outcome<T> | undefined): T {
  if (!outcome?.ok) throw new Error(outcome?.problem.detail ?? "no outcome");
  return outcome.value;
}

export type { ShardIngestReply };
