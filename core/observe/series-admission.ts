import { type BatchView, DEFINED } from "../../contract/metric-batch.ts";
import { parseSeriesKey } from "../../contract/metric-key.ts";
import type { ShardIngestReply } from "../../contract/rpc/metrics.ts";
import type { SeriesLimit } from "../../contract/series-limit.ts";
import { firstLimit, type SeriesLimits, type SeriesRoom } from "./series-limits.ts";
import type { SeriesTable } from "./series-table.ts";

/** Characters of all series' names in a shard: 20,000 of 800 each. A name may have 30,000, and an isolate has 128 MB. */
export const MAX_KEY_CHARS = 16 << 20;

export interface AdmissionParts {
  readonly series: SeriesTable;
  /** Slots of series that are kept for their past alone. */
  readonly dormant: ReadonlySet<number>;
  readonly limits: SeriesLimits;
  readonly room: () => SeriesRoom;
}

/** References for a batch's definitions, 0 where a series was refused, and what the answer says of it. */
export interface Judged extends Pick<ShardIngestReply, "accepted" | "refusedSeries" | "refusedBy"> {
  readonly assigned: Uint32Array;
}

/** Judges the series of one round of batches. Nothing is made: the round may fail. */
export class SeriesAdmission {
  readonly #parts: AdmissionParts;
  readonly #dictionary: number;
  readonly #nextRef: number;
  readonly #now: number;
  #chars = 0;
  /** New series by their key. */
  readonly defined = new Map<string, number>();
  /** Dormant ones that come back. */
  readonly waking = new Set<number>();

  constructor(parts: AdmissionParts, state: { readonly dictionary: number; readonly nextRef: number }, now: number) {
    this.#parts = parts;
    this.#dictionary = state.dictionary;
    this.#nextRef = state.nextRef;
    this.#now = now;
  }

  /** Whether the shard has all series that a batch names by reference alone. */
  knows({ series, count, dictionary }: BatchView): boolean {
    const isOurs = dictionary === this.#dictionary;
    for (let i = 0; i < count; i++) {
      const entry = series[i] ?? 0;
      if (entry < DEFINED && !(isOurs && this.#takes(entry))) return false;
    }
    return true;
  }

  /** Undefined when a definition is no series' key. */
  judge(view: BatchView): Judged | undefined {
    const { series, count, definitions } = view;
    for (const key of definitions) if (!parseSeriesKey(key)) return undefined;
    const met = new Set<SeriesLimit>();
    const refusedSeries: number[] = [];
    const assigned = Uint32Array.from(definitions, (key) => {
      const ref = this.#refFor(key);
      if (typeof ref === "number") return ref;
      met.add(ref);
      return 0;
    });
    const refusedBy = firstLimit(met);
    if (assigned.includes(0)) {
      for (let i = 0; i < count; i++) {
        const entry = series[i] ?? 0;
        if (entry >= DEFINED && assigned[entry - DEFINED] === 0) refusedSeries.push(i);
      }
    }
    return { assigned, accepted: count - refusedSeries.length, refusedSeries, ...(refusedBy && { refusedBy }) };
  }

  /** The reference of a series, a new one when there is room; else the limit that it has met. */
  #refFor(key: string): number | SeriesLimit {
    const { series, dormant, limits, room } = this.#parts;
    const slot = series.slotOfKey(key);
    if (slot !== undefined && !(dormant.has(slot) && !this.waking.has(slot))) return series.refOf(slot);
    const planned = this.defined.get(key);
    if (planned !== undefined) return planned;
    const chars = slot === undefined ? series.keyChars + this.#chars + key.length : 0;
    const live = series.size - dormant.size + this.waking.size;
    const limit = chars > MAX_KEY_CHARS ? "names" : limits.judge(this.#now, live, this.defined.size, room());
    if (limit) {
      limits.refused(this.#now, limit);
      return limit;
    }
    if (slot !== undefined) {
      this.waking.add(slot);
      return series.refOf(slot);
    }
    this.#chars += key.length;
    const ref = this.#nextRef + this.defined.size;
    this.defined.set(key, ref);
    return ref;
  }

  /** Whether samples may come under this reference alone. Those of a dormant series come with its name, so that its coming back is judged. */
  #takes(ref: number): boolean {
    const { series, dormant } = this.#parts;
    const slot = series.slotOf(ref);
    return slot !== undefined && (dormant.size === 0 || !dormant.has(slot));
  }
}
