import * as z from "zod";
import { METRIC_LIMITS } from "./metric-limits.ts";
import { sampleSchema } from "./metrics.ts";

/** A line of an import: many points of one series. */
export const importLineSchema = z.strictObject({
  metric: sampleSchema.shape.metric,
  labels: sampleSchema.shape.labels,
  /** Epoch milliseconds, in any order; one for each value. */
  timestamps: z.array(z.number().int()).max(METRIC_LIMITS.importPoints),
  /** `null` is the stale marker. */
  values: z.array(z.number().nullable()).max(METRIC_LIMITS.importPoints),
});

/** For the documentation: the body is NDJSON, a line of either kind. */
export const importBodySchema = z.union([importLineSchema, sampleSchema]);
