import * as z from "zod";
import { type MetricMetadata, metricMetadataSchema } from "../../contract/metric-extras.ts";
import { type KeptRows, packKept, readKept } from "./kept-rows.ts";

const ROW = "metadata";

export const METADATA_LIMITS = {
  metrics: 10_000,
  /** Of all of them: a row of the store holds them with room to spare, whatever their letters. */
  chars: 400_000,
} as const;

/** What is appended to a histogram's, summary's or counter's name in its series. */
const SUFFIXES = ["_bucket", "_sum", "_count", "_total", "_info"] as const;

const keptSchema = z.array(metricMetadataSchema);

/** What metrics are, as their senders say; the newest word counts. */
export class MetadataTable {
  readonly #of = new Map<string, MetricMetadata>();
  #chars = 0;
  #changed = false;

  get size(): number {
    return this.#of.size;
  }

  /** Beyond the limits, what is new is left out. */
  put({ metric, type, unit, help }: MetricMetadata): void {
    const known = this.#of.get(metric);
    if (known && known.type === type && known.unit === unit && known.help === help) return;
    const next = { metric, type, unit, help };
    const chars = this.#chars + charsOf(next) - (known ? charsOf(known) : 0);
    if (chars > METADATA_LIMITS.chars || (!known && this.#of.size >= METADATA_LIMITS.metrics)) return;
    this.#of.set(metric, next);
    this.#chars = chars;
    this.#changed = true;
  }

  /** Of a metric as its series are called: a histogram's `x_bucket` has the metadata of `x`. */
  of(metric: string): MetricMetadata | undefined {
    const known = this.#of.get(metric);
    if (known) return known;
    const suffix = SUFFIXES.find((end) => metric.endsWith(end));
    return suffix === undefined ? undefined : this.#of.get(metric.slice(0, -suffix.length));
  }

  all(): Iterable<MetricMetadata> {
    return this.#of.values();
  }

  /** Forgets metrics that have no series. */
  prune(has: (metric: string) => boolean): void {
    for (const [metric, known] of this.#of) {
      if (isAlive(metric, has)) continue;
      this.#of.delete(metric);
      this.#chars -= charsOf(known);
      this.#changed = true;
    }
  }

  load(rows: KeptRows): void {
    for (const metadata of readKept(rows, ROW, keptSchema) ?? []) this.put(metadata);
    this.#changed = false;
  }

  save(rows: KeptRows): void {
    if (!this.#changed) return;
    rows.putKept(ROW, packKept([...this.#of.values()]));
    this.#changed = false;
  }
}

/** Whether a metric, or one of the names that its parts have, has series. */
export function isAlive(metric: string, has: (metric: string) => boolean): boolean {
  return has(metric) || SUFFIXES.some((suffix) => has(metric + suffix));
}

function charsOf({ metric, unit, help }: MetricMetadata): number {
  return metric.length + unit.length + help.length;
}
