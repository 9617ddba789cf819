import * as z from "zod";
import type { BatchExemplar } from "../../contract/metric-extras.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { type KeptRows, packKept, readKept } from "./kept-rows.ts";

const ROW = "exemplars";

/** Characters of all of them: about 5,000 with a trace id and two labels. */
export const EXEMPLAR_CHARS = 400_000;

/** An exemplar of a series by its reference. */
export type KeptExemplar = BatchExemplar;

const keptSchema = z.array(
  z.object({
    series: z.number(),
    at: z.number(),
    value: z.number(),
    traceId: z.string(),
    spanId: z.string(),
    labels: z.record(z.string(), z.string()),
  }),
);

/** The newest exemplars of a shard, bounded in number and characters; the first to come are the first to go. */
export class ExemplarRing {
  /** In the order of their arrival, by what makes two of them the same: senders repeat themselves. */
  readonly #kept = new Map<string, KeptExemplar>();
  #chars = 0;
  #changed = false;

  get size(): number {
    return this.#kept.size;
  }

  add(exemplar: KeptExemplar): void {
    const { series, at, value, traceId, spanId } = exemplar;
    const name = `${series} ${at} ${value} ${traceId} ${spanId}`;
    if (!Number.isFinite(value) || this.#kept.has(name)) return;
    this.#kept.set(name, exemplar);
    this.#chars += charsOf(exemplar);
    this.#changed = true;
    for (const [oldest, old] of this.#kept) {
      if (this.#kept.size <= METRIC_LIMITS.exemplars && this.#chars <= EXEMPLAR_CHARS) return;
      this.#kept.delete(oldest);
      this.#chars -= charsOf(old);
    }
  }

  all(): Iterable<KeptExemplar> {
    return this.#kept.values();
  }

  /** Forgets those of series that are gone. */
  prune(has: (ref: number) => boolean): void {
    for (const [name, exemplar] of this.#kept) {
      if (has(exemplar.series)) continue;
      this.#kept.delete(name);
      this.#chars -= charsOf(exemplar);
      this.#changed = true;
    }
  }

  load(rows: KeptRows): void {
    for (const exemplar of readKept(rows, ROW, keptSchema) ?? []) this.add(exemplar);
    this.#changed = false;
  }

  save(rows: KeptRows): void {
    if (!this.#changed) return;
    rows.putKept(ROW, packKept([...this.#kept.values()]));
    this.#changed = false;
  }
}

/** With what its numbers take in a row. */
function charsOf({ traceId, spanId, labels }: KeptExemplar): number {
  let chars = 64 + traceId.length + spanId.length;
  for (const [name, value] of Object.entries(labels)) chars += name.length + value.length;
  return chars;
}
