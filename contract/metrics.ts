import * as z from "zod";

import { LABEL_NAME_PATTERN, METRIC_LIMITS, METRIC_NAME_PATTERN, QUOTED_METRIC_PATTERN, REJECT_REASONS } from "./metric-limits.ts";

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
