import { BATCH_LIMITS, DEFINED, encodeBatch } from "../../contract/metric-batch.ts";
import { type BatchExemplar, type MetricMetadata, writeExtras } from "../../contract/metric-extras.ts";
import type { Labels } from "../../contract/metric-key.ts";
import { METRIC_LIMITS, type RejectReason, STALE_BITS } from "../../contract/metric-limits.ts";
import type { Rejection, SampleSink } from "../../contract/metric-samples.ts";
import { type BatchPart, importPartsOf, partsOf } from "./batch-parts.ts";
import type { KnownSeries, TenantSeries } from "./series-cache.ts";

/** Rejections of one reason, for the inspector. */
export interface RejectedOfReason {
  count: number;
  readonly example: string;
  readonly detail: string;
}

export type NewExemplar = Omit<BatchExemplar, "series">;

/** Exemplars taken of one request; one a series and scrape is usual, and only some series have any. */
const MAX_EXEMPLARS = 1_000;
/** Of an example of a rejected sample. */
const EXAMPLE_CHARS = 200;

const WHOLE: BatchPart = { place: 0, turn: 0 };

/** What `encode` made: the bytes, and what the shard learns by them. */
export interface EncodedPart {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The series that the bytes define, in order. */
  readonly defined: KnownSeries[];
  readonly metadata: readonly MetricMetadata[];
}

/** The good samples of one request as columns, and the bad ones by name. */
export class IngestBatch implements SampleSink {
  readonly rejected: Rejection[] = [];
  rejectedCount = 0;
  count = 0;
  /** Rejections by reason, all of them. */
  readonly reasons = new Map<RejectReason, RejectedOfReason>();
  readonly #tenant: TenantSeries;
  readonly #series: KnownSeries[] = [];
  #atMs: Float64Array;
  #values: Float64Array<ArrayBuffer>;
  #bits: Uint32Array<ArrayBuffer>;
  /** Where each good sample stood in the request. */
  #index: Uint32Array;
  #metadata: MetricMetadata[] = [];
  #exemplars: { readonly series: KnownSeries; readonly exemplar: NewExemplar }[] = [];

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
    const at = this.#next(index, series, atMs);
    if (value === null) {
      this.#bits[2 * at] = STALE_BITS.low;
      this.#bits[2 * at + 1] = STALE_BITS.high;
    } else this.#values[at] = value;
  }

  /** A sample whose value is given by its bits, so that a NaN keeps its payload. */
  addBits(index: number, series: KnownSeries, atMs: number, low: number, high: number): void {
    const at = this.#next(index, series, atMs);
    this.#bits[2 * at] = low;
    this.#bits[2 * at + 1] = high;
  }

  /** What a metric is. It is sent only when the isolate has not sent the same lately. */
  metadata(metadata: MetricMetadata): void {
    if (this.#metadata.length < METRIC_LIMITS.foreignSamples) this.#metadata.push(metadata);
  }

  /** Values that are no numbers, and exemplars beyond what one request may bring, are passed over. */
  exemplar(series: KnownSeries, exemplar: NewExemplar): void {
    if (this.#exemplars.length < MAX_EXEMPLARS && Number.isFinite(exemplar.value)) this.#exemplars.push({ series, exemplar });
  }

  /** @param example the sample as it came, for the inspector; called for the first of each reason only */
  reject(rejection: Rejection, example?: () => string): void {
    const { reason, detail } = rejection;
    this.rejectedCount++;
    if (this.rejected.length < METRIC_LIMITS.namedRejections) this.rejected.push(rejection);
    const known = this.reasons.get(reason);
    if (known) known.count++;
    else this.reasons.set(reason, { count: 1, example: (example?.() ?? "").slice(0, EXAMPLE_CHARS), detail });
  }

  get tenant(): TenantSeries {
    return this.#tenant;
  }

  /** Whether there is anything to send to a shard. */
  get isEmpty(): boolean {
    return this.count === 0 && this.#exemplars.length === 0 && this.#metadata.length === 0;
  }

  /** Drops everything, for another way of reading the same body. */
  clear(): void {
    this.count = 0;
    this.rejectedCount = 0;
    this.rejected.length = 0;
    this.reasons.clear();
    this.#metadata = [];
    this.#exemplars = [];
  }

  /** Where the n-th good sample stood in the request. */
  indexOf(sample: number): number {
    return this.#index[sample] ?? 0;
  }

  seriesOf(sample: number): KnownSeries | undefined {
    return this.#series[sample];
  }

  /**
   * What goes to which shard. Drops metadata that was sent lately.
   * @param whole `hours`: never an hour of a series in two parts
   */
  parts(shards: number, nowMs: number, whole?: "hours"): BatchPart[] {
    if (this.#metadata.length > 0) this.#metadata = this.#metadata.filter((one) => this.#tenant.metadata.isDue(one, nowMs));
    if (this.isEmpty) return [];
    // An array that was longer before `clear` has series behind its end.
    this.#series.length = this.count;
    const columns = { count: this.count, series: this.#series, atMs: this.#atMs, others: this.#exemplars.map(({ series }) => series) };
    return whole === "hours" ? importPartsOf(columns, shards) : partsOf(columns, shards);
  }

  /**
   * One part for its shard.
   * @param withReferences false: name every series in full, because the shard did not know a reference
   */
  encode(withReferences: boolean, part: BatchPart = WHOLE): EncodedPart {
    const { samples } = part;
    const count = samples?.length ?? this.count;
    const dictionary = withReferences ? this.#dictionary(samples, count) : 0;
    const defined: KnownSeries[] = [];
    const definitionOf = new Map<KnownSeries, number>();
    const column = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const series = this.#series[samples ? (samples[i] ?? 0) : i];
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
    const exemplars = part.turn === 0 ? this.#exemplarsOf(part.place, dictionary, definitionOf) : [];
    const metadata = part.turn === 0 ? this.#metadata : [];
    const extras = extrasOf(metadata, exemplars);
    const bytes = encodeBatch({
      count,
      dictionary,
      atMs: samples ? Float64Array.from(samples, (sample) => this.#atMs[sample] ?? 0) : this.#atMs,
      valueBits: samples ? this.#bitsOf(samples) : this.#bits,
      series: column,
      definitions: defined.map(({ key }) => key),
      ...(extras.bytes ? { extras: extras.bytes } : {}),
    });
    return { bytes, defined, metadata: extras.metadata };
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
    return `content/${await digestOf(words)}`;
  }

  #next(index: number, series: KnownSeries, atMs: number): number {
    const at = this.count++;
    if (at === this.#atMs.length) this.#grow();
    this.#series[at] = series;
    this.#atMs[at] = atMs;
    this.#index[at] = index;
    return at;
  }

  /** Those of this shard whose series it can be told: by reference, or because the batch defines it. */
  #exemplarsOf(place: number, dictionary: number, definitionOf: ReadonlyMap<KnownSeries, number>): BatchExemplar[] {
    const exemplars: BatchExemplar[] = [];
    for (const { series, exemplar } of this.#exemplars) {
      if (series.place !== place) continue;
      const definition = definitionOf.get(series);
      if (definition !== undefined) exemplars.push({ series: DEFINED + definition, ...exemplar });
      else if (dictionary !== 0 && series.dictionary === dictionary) exemplars.push({ series: series.ref, ...exemplar });
    }
    return exemplars;
  }

  /** The dictionary that the first known series was given its reference in. */
  #dictionary(samples: readonly number[] | undefined, count: number): number {
    for (let i = 0; i < count; i++) {
      const dictionary = this.#series[samples ? (samples[i] ?? 0) : i]?.dictionary ?? 0;
      if (dictionary !== 0) return dictionary;
    }
    return count === 0 ? (this.#exemplars[0]?.series.dictionary ?? 0) : 0;
  }

  #bitsOf(samples: readonly number[]): Uint32Array {
    const bits = new Uint32Array(2 * samples.length);
    for (const [i, sample] of samples.entries()) {
      bits[2 * i] = this.#bits[2 * sample] ?? 0;
      bits[2 * i + 1] = this.#bits[2 * sample + 1] ?? 0;
    }
    return bits;
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

/** SHA-256 in base64, as batch ids carry it. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

/** As much of it as one batch may carry; what is left out of the metadata is sent with a later request. */
function extrasOf(
  allMetadata: readonly MetricMetadata[],
  allExemplars: readonly BatchExemplar[],
): { readonly bytes: Uint8Array | undefined; readonly metadata: readonly MetricMetadata[] } {
  let [metadata, exemplars] = [allMetadata, allExemplars];
  for (;;) {
    const bytes = writeExtras({ metadata, exemplars });
    if (!bytes || bytes.length <= BATCH_LIMITS.extrasBytes) return { bytes, metadata };
    metadata = metadata.slice(0, metadata.length >> 1);
    exemplars = exemplars.slice(0, exemplars.length >> 1);
  }
}
