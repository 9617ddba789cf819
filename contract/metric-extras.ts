import * as z from "zod";
import { type BatchView, DEFINED } from "./metric-batch.ts";
import { METRIC_LIMITS } from "./metric-limits.ts";

/** What a metric is, as its sender says. */
export const METRIC_TYPES = ["counter", "gauge", "histogram", "summary", "unknown"] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

export const metricMetadataSchema = z.object({
  metric: z.string().max(METRIC_LIMITS.metricChars),
  type: z.enum(METRIC_TYPES),
  unit: z.string().max(63),
  help: z.string().max(METRIC_LIMITS.helpChars),
});
export type MetricMetadata = z.infer<typeof metricMetadataSchema>;

/** One request that stands for many behind a counter or bucket. */
export interface BatchExemplar {
  /** An entry as in the batch's series column: a reference, or DEFINED | index of a definition. */
  readonly series: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly value: number;
  /** Hex, empty when it has none. */
  readonly traceId: string;
  readonly spanId: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What travels with a batch besides samples, as JSON behind its definitions. Only metadata that the isolate has not sent lately. */
export interface BatchExtras {
  readonly metadata?: readonly MetricMetadata[];
  readonly exemplars?: readonly BatchExemplar[];
}

export const batchExtrasSchema = z.object({
  metadata: z.array(metricMetadataSchema).max(METRIC_LIMITS.foreignSamples).optional(),
  exemplars: z
    .array(
      z.object({
        series: z.number().int().min(0).max(0xffff_ffff),
        at: z.number().int(),
        value: z.number(),
        traceId: z.string().max(64),
        spanId: z.string().max(32),
        labels: z.record(z.string(), z.string()),
      }),
    )
    .max(METRIC_LIMITS.foreignSamples)
    .optional(),
});

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The extras of a decoded batch; undefined when the bytes are none, or an exemplar names a series that the batch does not define. */
export function readExtras({ extras, definitions }: BatchView): BatchExtras | undefined {
  if (extras.length === 0) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(decoder.decode(extras));
  } catch {
    return undefined; // not UTF-8, or not JSON
  }
  const read = batchExtrasSchema.safeParse(parsed);
  if (!read.success) return undefined;
  const { metadata, exemplars } = read.data;
  if (exemplars?.some(({ series }) => series >= DEFINED && series - DEFINED >= definitions.length)) return undefined;
  return { ...(metadata ? { metadata } : {}), ...(exemplars ? { exemplars } : {}) };
}

/** Extras as they travel; undefined when there is nothing to say. */
export function writeExtras({ metadata = [], exemplars = [] }: BatchExtras): Uint8Array | undefined {
  if (metadata.length === 0 && exemplars.length === 0) return undefined;
  return new TextEncoder().encode(
    JSON.stringify({ ...(metadata.length > 0 ? { metadata } : {}), ...(exemplars.length > 0 ? { exemplars } : {}) }),
  );
}
