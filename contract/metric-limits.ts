/** Limits of metric ingest and query, free of any library so that browsers can carry them. */
export const METRIC_LIMITS = {
  /** Bytes as sent: a Worker buffers the body. */
  compressedBytes: 1 << 20,
  /** Bytes after decompression: about 50,000 native samples' worth of JSON. */
  decompressedBytes: 8 << 20,
  samples: 10_000,
  metricChars: 200,
  labels: 30,
  labelNameChars: 100,
  labelValueChars: 1_024,
  /** Oldest accepted sample: the length of the raw tier. */
  pastMs: 24 * 3_600_000,
  /** Clocks of agents run ahead; a sample further in the future is a mistake. */
  futureMs: 10 * 60_000,
  batchIdChars: 200,
  /** Same batch id, or same content, within this time is stored once. */
  dedupeMs: 10 * 60_000,
  /** Rejected samples named one by one in an answer; more are counted only. */
  namedRejections: 100,
  /** Series of one query's answer. */
  querySeries: 1_000,
  /** Points per series of one query's answer. */
  queryPoints: 11_000,
  /** Values of one query's answer over all its series: a reply crosses an RPC of at most 32 MiB. */
  queryValues: 1_000_000,
  /** Series that a query may look at before grouping. */
  scannedSeries: 20_000,
  /** Bytes of packed blocks that a query may decode: about 30 million points, seconds of work. */
  scannedBytes: 48 << 20,
  matchers: 20,
  regexChars: 1_000,
  /** Native resolution of the raw tier. */
  rawStepMs: 5_000,
} as const;

/** The classic charset (https://prometheus.io/docs/concepts/data_model/). Other UTF-8 names are accepted in double quotes on the wire: `"my.metric"`. */
export const METRIC_NAME_PATTERN = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** A metric name in double quotes; backslash escapes the next character. */
export const QUOTED_METRIC_PATTERN = /^"(?:[^"\\]|\\.)+"$/u;
/** Names that start with two underscores are reserved, as in Prometheus. */
export const LABEL_NAME_PATTERN = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

export const REJECT_REASONS = [
  "not-an-object",
  "unknown-field",
  "metric-missing",
  "metric-invalid",
  "metric-too-long",
  "labels-invalid",
  "too-many-labels",
  "label-name-invalid",
  "label-name-too-long",
  "label-value-invalid",
  "label-value-too-long",
  "timestamp-invalid",
  "timestamp-too-old",
  "timestamp-in-future",
  "value-invalid",
  "series-limit",
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

export const AGGREGATES = ["avg", "min", "max", "sum", "last"] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/**
 * The bits of Prometheus' stale marker, a signalling NaN that no computation yields. Values travel as bits, because
 * JavaScript may change a NaN's payload when it passes through a number.
 */
export const STALE_BITS = { high: 0x7ff00000, low: 0x00000002 } as const;
