import { z } from "zod";

/** Limits of metric ingest and query. */
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
  /** Series that a query may look at before grouping. */
  scannedSeries: 20_000,
  matchers: 20,
  regexChars: 1_000,
  /** Native resolution of the raw tier. */
  rawStepMs: 5_000,
} as const;

/** The classic charset (https://prometheus.io/docs/concepts/data_model/). Other UTF-8 names are accepted in double quotes on the wire: `"my.metric"`. */
export const METRIC_NAME_PATTERN = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
export const LABEL_NAME_PATTERN = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

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

const metricName = z
  .string()
  .max(METRIC_LIMITS.metricChars)
  .refine((name) => METRIC_NAME_PATTERN.test(name) || /^"(?:[^"\\]|\\.)+"$/u.test(name));

/** One sample. The single-pass validator in `contract/metric-samples.ts` is held equal to this by a property test. */
export const sampleSchema = z.strictObject({
  metric: metricName,
  labels: z
    .record(z.string().regex(LABEL_NAME_PATTERN).max(METRIC_LIMITS.labelNameChars), z.string().max(METRIC_LIMITS.labelValueChars))
    .refine((labels) => Object.keys(labels).length <= METRIC_LIMITS.labels)
    .optional(),
  /** Epoch milliseconds. */
  timestamp: z.number().int(),
  /** `null` is the stale marker: the series has ended. */
  value: z.number().nullable(),
});
export type Sample = z.infer<typeof sampleSchema>;

export const ingestBodySchema = z.strictObject({
  batchId: z.string().min(1).max(METRIC_LIMITS.batchIdChars).optional(),
  samples: z.array(sampleSchema).max(METRIC_LIMITS.samples),
});
export type IngestBody = z.infer<typeof ingestBodySchema>;

export const ingestReplySchema = z.object({
  accepted: z.number().int(),
  /** Whether this batch (by id or content) had been stored before; nothing was stored again. */
  duplicate: z.boolean(),
  rejectedCount: z.number().int(),
  /** The first rejections, by index in `samples` (or NDJSON line number from 0). */
  rejected: z.array(z.object({ index: z.number().int(), reason: z.enum(REJECT_REASONS), detail: z.string() })),
});
export type IngestReply = z.infer<typeof ingestReplySchema>;

export const AGGREGATES = ["avg", "min", "max", "sum", "last"] as const;
export type Aggregate = (typeof AGGREGATES)[number];

export const matcherSchema = z.strictObject({
  label: z.string().min(1).max(METRIC_LIMITS.labelNameChars),
  op: z.enum(["=", "!="]).default("="),
  value: z.string().max(METRIC_LIMITS.labelValueChars),
});
export type Matcher = z.infer<typeof matcherSchema>;

/** A query. Steps are aligned to multiples of the step since the epoch; a point at `t` covers `[t, t + step)`. */
export const metricQuerySchema = z.strictObject({
  metric: z.string().min(1).max(METRIC_LIMITS.metricChars),
  matchers: z.array(matcherSchema).max(METRIC_LIMITS.matchers).default([]),
  start: z.iso.datetime({ offset: true }),
  end: z.iso.datetime({ offset: true }),
  /** Milliseconds; chosen from the range and maxPoints when absent, never below 1 s. */
  stepMs: z.number().int().min(1_000).max(86_400_000).optional(),
  /** How the samples of one series within a step become one value. */
  aggregate: z.enum(AGGREGATES).default("avg"),
  /** When present, series that agree on these labels become one; [] makes a single series of all. */
  groupBy: z.array(z.string().min(1).max(METRIC_LIMITS.labelNameChars)).max(METRIC_LIMITS.labels).optional(),
  /** How grouped series are combined per step, over each series' step value. Defaults to `aggregate`. */
  groupAggregate: z.enum(AGGREGATES).optional(),
  /** At most this many points per series; the step grows until they fit. */
  maxPoints: z.number().int().min(1).max(METRIC_LIMITS.queryPoints).default(1_000),
});
export type MetricQuery = z.infer<typeof metricQuerySchema>;

export const metricQueryReplySchema = z.object({
  stepMs: z.number().int(),
  /** Epoch milliseconds of the first step; value `i` of every series stands for `startMs + i * stepMs`. */
  startMs: z.number().int(),
  series: z.array(z.object({ labels: z.record(z.string(), z.string()), values: z.array(z.number().nullable()) })),
  /** Work done, in counts. */
  trace: z.object({ seriesScanned: z.number().int(), blocksRead: z.number().int(), pointsRead: z.number().int() }),
});
export type MetricQueryReply = z.infer<typeof metricQueryReplySchema>;
