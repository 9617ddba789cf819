import * as z from "zod";

import {
  AGGREGATES,
  LABEL_NAME_PATTERN,
  METRIC_LIMITS,
  METRIC_NAME_PATTERN,
  QUOTED_METRIC_PATTERN,
  REJECT_REASONS,
} from "./metric-limits.ts";

const metricName = z
  .string()
  .max(METRIC_LIMITS.metricChars)
  .refine((name) => METRIC_NAME_PATTERN.test(name) || QUOTED_METRIC_PATTERN.test(name));

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
