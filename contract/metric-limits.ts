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
  /** Series of a selection of which only the top, quantiles or a formula are shown. */
  heldSeries: 10_000,
  /** Points per series of one query's answer. */
  queryPoints: 11_000,
  /** Values of one query's answer over all its series: a reply crosses an RPC of at most 32 MiB. */
  queryValues: 1_000_000,
  /** Series that a query may look at before grouping. */
  scannedSeries: 50_000,
  /** Bytes of packed blocks that a query may decode: about 30 million points, seconds of work. */
  scannedBytes: 48 << 20,
  matchers: 20,
  /** Selections of one query, and formulas over them. */
  selections: 10,
  formulas: 10,
  formulaChars: 500,
  /** Values that all formulas of a query compute, those in between too: half a second of work. */
  formulaValues: 50_000_000,
  topSeries: 1_000,
  /** Look-back of a windowed function. */
  windowMs: 30 * 24 * 3_600_000,
  /** Decompressed bytes of a Prometheus or OpenTelemetry request, and of all such requests in flight in an isolate. */
  foreignBytes: 16 << 20,
  foreignInFlightBytes: 32 << 20,
  /** Samples of such a request; a batch to a shard holds no more. */
  foreignSamples: 40_000,
  /** Bytes of an import after decompression, and points in it. */
  importBytes: 16 << 20,
  importPoints: 500_000,
  exemplarLabelsChars: 512,
  /** Exemplars kept of a shard, the newest. */
  exemplars: 5_000,
  helpChars: 500,
  /** Rejected samples kept for the inspector: this many, for so long. */
  rejectedKept: 500,
  rejectedMs: 24 * 3_600_000,
  /** Lines of the tables of the cardinality page. */
  cardinalityTop: 50,
  /** Names, series, labels and values of one answer. */
  listed: 10_000,
  shards: 16,
  regexChars: 1_000,
  /** Instructions of a compiled regular expression: repeats such as `.{0,1000}` make many of a few characters. */
  regexInstructions: 1_000,
  /** Instructions times characters of all values that the expressions of one selection are asked of; at worst ten seconds of work. */
  regexSteps: 500_000_000,
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
  "histogram-unsupported",
  "point-empty",
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** How the samples of one series become one value of a step or window. */
export const OVER_TIME = ["avg", "min", "max", "sum", "count", "last", "stddev", "quantile", "rate", "increase", "delta"] as const;
export type OverTime = (typeof OVER_TIME)[number];

/** How the values of several series become one. */
export const ACROSS = ["avg", "min", "max", "sum", "count", "last", "stddev", "quantile"] as const;
export type Across = (typeof ACROSS)[number];

/** Where points lie, finest first; see DESIGN: the newest minutes of raw are in memory. */
export const TIERS = ["raw", "minute", "hour"] as const;
export type Tier = (typeof TIERS)[number];
/** The tiers made of rollups, with the length of a window. */
export const ROLLUP_STEPS_MS = { minute: 60_000, hour: 3_600_000 } as const;
export type RollupTier = keyof typeof ROLLUP_STEPS_MS;

/** By which way samples came. */
export const INGEST_PROTOCOLS = ["native", "ndjson", "remote-write", "otlp-proto", "otlp-json", "import"] as const;
export type IngestProtocol = (typeof INGEST_PROTOCOLS)[number];

/**
 * Part of a series' identity, set by ourselves and by nobody else: its values are increases since the sample before and not running totals
 * (OTLP's delta temporality). `rate` and `increase` sum such values. Answers leave the label out, matchers may name it.
 */
export const TEMPORALITY_LABEL = "__temporality__";
export const DELTA = "delta";

/**
 * The bits of Prometheus' stale marker, a signalling NaN that no computation yields. Values travel as bits, because
 * JavaScript may change a NaN's payload when it passes through a number.
 */
export const STALE_BITS = { high: 0x7ff00000, low: 0x00000002 } as const;
