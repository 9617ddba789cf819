import { type BatchColumns, DEFINED, encodeBatch } from "../../contract/metric-batch.ts";
import type { Labels } from "../../contract/metric-key.ts";
import { METRIC_LIMITS, STALE_BITS } from "../../contract/metric-limits.ts";
import type { Rejection, SampleSink } from "../../contract/metric-samples.ts";
import type { KnownSeries, TenantSeries } from "./series-cache.ts";

/** The good samples of one request as columns, and the bad ones by name. */
export class IngestBatch implements SampleSink {
  readonly rejected: Rejection[] = [];
  rejectedCount = 0;
  count = 0;
  readonly #tenant: TenantSeries;
  readonly #series: KnownSeries[] = [];
  #atMs: Float64Array;
  #values: Float64Array<ArrayBuffer>;
  #bits: Uint32Array<ArrayBuffer>;
  /** Where each good sample stood in the request. */
  #index: Uint32Array;

  constructor(tenant: TenantSeries, capacity = 1_024) {
    this.#tenant = tenant;
    this.#atMs = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
    this.#bits = new Uint32Array(this.#values.buffer);
    this.#index = new Uint32Array(capacity);
  }

  accept(index: number, metric: string, labels: Labels | undefined, atMs: number, value: number | null): void {
    this.add(index, this.#tenant.find(metric, labels), atMs, value);
  }

  add(index: number, series: KnownSeries, atMs: number, value: number | null): void {
    const at = this.count++;
    if (at === this.#atMs.length) this.#grow();
    this.#series[at] = series;
    this.#atMs[at] = atMs;
    this.#index[at] = index;
    if (value === null) {
      this.#bits[2 * at] = STALE_BITS.low;
      this.#bits[2 * at + 1] = STALE_BITS.high;
    } else this.#values[at] = value;
  }

  reject(rejection: Rejection): void {
    this.rejectedCount++;
    if (this.rejected.length < METRIC_LIMITS.namedRejections) this.rejected.push(rejection);
  }

  get tenant(): TenantSeries {
    return this.#tenant;
  }

  /** Drops everything, for another way of reading the same body. */
  clear(): void {
    this.count = 0;
    this.rejectedCount = 0;
    this.rejected.length = 0;
  }

  /** Where the n-th good sample stood in the request. */
  indexOf(sample: number): number {
    return this.#index[sample] ?? 0;
  }

  /**
   * The batch for a shard.
   * @param withReferences false: name every series in full, because the shard did not know a reference
   * @returns the bytes, and the series that it defines
   */
  encode(withReferences: boolean): { bytes: Uint8Array<ArrayBuffer>; defined: KnownSeries[] } {
    const dictionary = withReferences ? this.#dictionary() : 0;
    const defined: KnownSeries[] = [];
    const definitionOf = new Map<KnownSeries, number>();
    const column = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) {
      const series = this.#series[i];
      if (!series) continue; // never: `add` filled it
      if (dictionary !== 0 && series.dictionary === dictionary) {
        column[i] = series.ref;
        continue;
      }
      let definition = definitionOf.get(series);
      if (definition === undefined) {
        definition = defined.length;
        definitionOf.set(series, definition);
        defined.push(series);
      }
      column[i] = DEFINED + definition;
    }
    const columns: BatchColumns = {
      count: this.count,
      dictionary,
      atMs: this.#atMs,
      valueBits: this.#bits,
      series: column,
      definitions: defined.map(({ key }) => key),
    };
    return { bytes: encodeBatch(columns), defined };
  }

  /**
   * The content of the good samples, whatever form they came in: SHA-256 over series, times and values in order.
   * Two requests with equal content get the same text.
   */
  async contentId(): Promise<string> {
    const words = new Uint32Array(6 * this.count);
    const halves = new Uint32Array(this.#atMs.buffer);
    for (let i = 0; i < this.count; i++) {
      const series = this.#series[i];
      words[6 * i] = series?.hashLow ?? 0;
      words[6 * i + 1] = series?.hashHigh ?? 0;
      words[6 * i + 2] = halves[2 * i] ?? 0;
      words[6 * i + 3] = halves[2 * i + 1] ?? 0;
      words[6 * i + 4] = this.#bits[2 * i] ?? 0;
      words[6 * i + 5] = this.#bits[2 * i + 1] ?? 0;
    }
    const digest = await crypto.subtle.digest("SHA-256", words);
    return `content/${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
  }

  /** The dictionary that the first known series was given its reference in. */
  #dictionary(): number {
    for (let i = 0; i < this.count; i++) {
      const dictionary = this.#series[i]?.dictionary ?? 0;
      if (dictionary !== 0) return dictionary;
    }
    return 0;
  }

  #grow(): void {
    const size = 2 * this.#atMs.length;
    const atMs = new Float64Array(size);
    atMs.set(this.#atMs);
    const values = new Float64Array(size);
    const bits = new Uint32Array(values.buffer);
    bits.set(this.#bits);
    const index = new Uint32Array(size);
    index.set(this.#index);
    this.#atMs = atMs;
    this.#values = values;
    this.#bits = bits;
    this.#index = index;
  }
}
