/** What the readers of OTLP's two encodings hand to the mapper: the same calls for the same data. */
export interface OtlpVisitor {
  // Each says whether to go on: false refuses the request.
  /** A resource begins; everything until the next one is of it. */
  resource(attributes: Attributes): boolean;
  /** A metric begins; its points follow. */
  metric(metric: OtlpMetric): boolean;
  /** A point of the metric; the object is used again for the next one. */
  point(point: OtlpPoint): boolean;
}

/** Names and values by turns. Undefined is what cannot be a text: no UTF-8, or nested too deep. */
export type Attributes = (string | undefined)[];

export type OtlpKind = "gauge" | "sum" | "histogram" | "exponential" | "summary";

export const DELTA_TEMPORALITY = 1;
export const CUMULATIVE = 2;

export interface OtlpMetric {
  /** Undefined when it is no UTF-8. */
  readonly name: string | undefined;
  readonly description: string;
  readonly unit: string;
  readonly kind: OtlpKind;
  /** As on the wire; gauges and summaries have none. */
  readonly temporality: number;
  readonly monotonic: boolean;
}

export interface OtlpExemplar {
  readonly atMs: number;
  readonly value: number;
  /** Lower case hex; empty when there is none. */
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

export const OTLP_LIMITS = {
  /** Buckets, bounds or quantiles of one point: SDKs make 160, and 20 where a person chose the bounds. */
  buckets: 4_096,
  /** Attributes of one point or resource; of longer lists one more is read, by which they are known as too long. */
  attributes: 1_000,
  /** Items of a list or map in an attribute's value: more make a text that no label may have. */
  items: 1_000,
  /** Lists within lists of an attribute's value. */
  depth: 16,
  /** Exemplars read of one point: SDKs keep one per bucket. */
  exemplars: 160,
} as const;

/** One run of an exponential histogram's buckets: the first is number `offset`. */
export interface BucketRun {
  offset: number;
  counts: number[];
}

/** A data point of any kind; fields of other kinds are left empty. */
export class OtlpPoint {
  /** The attributes as they were written: equal texts are equal attributes, so that a known point's need not be read. */
  spelling = "";
  /** Reads the attributes, while the point is the reader's newest. */
  readonly attributes: () => Attributes;
  /** Epoch milliseconds; 0 when absent. */
  startMs = 0;
  atMs = 0;
  flags = 0;
  /** Of gauges and sums; undefined when the point has none. */
  value: number | undefined = undefined;
  exemplars: OtlpExemplar[] = [];
  /** Of histograms and summaries. */
  count = 0;
  sum: number | undefined = undefined;
  /** Of a histogram: one more count than bounds. Of a summary: quantiles in `bounds`, their values in `counts`. */
  bounds: number[] = [];
  counts: number[] = [];
  /** Of an exponential histogram. */
  scale = 0;
  zeroCount = 0;
  zeroThreshold = 0;
  readonly positive: BucketRun = { offset: 0, counts: [] };
  readonly negative: BucketRun = { offset: 0, counts: [] };
  /** Some list was longer than {@link OTLP_LIMITS}. */
  tooLong = false;

  constructor(attributes: () => Attributes) {
    this.attributes = attributes;
  }

  clear(): void {
    this.spelling = "";
    this.startMs = this.atMs = this.flags = this.count = this.scale = this.zeroCount = this.zeroThreshold = 0;
    this.value = this.sum = undefined;
    this.exemplars = [];
    this.bounds.length = this.counts.length = 0;
    this.tooLong = false;
    this.positive.offset = this.negative.offset = 0;
    this.positive.counts.length = this.negative.counts.length = 0;
  }
}
