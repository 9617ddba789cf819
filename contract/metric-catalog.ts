import * as z from "zod";
import { metricMetadataSchema } from "./metric-extras.ts";
import { INGEST_PROTOCOLS, METRIC_LIMITS, REJECT_REASONS, TIERS } from "./metric-limits.ts";
import { matcherSchema } from "./metric-query.ts";

// What there is: names, series, labels, and how much of it. All of it is read from memory of the shards, never from points.

const count = z.number().int();
const labelName = z.string().min(1).max(METRIC_LIMITS.labelNameChars);

/** Matchers come as a JSON array in the query parameter `match`. */
export const matchParamSchema = z
  .string()
  .max(8_192)
  .transform((text, ctx): z.infer<typeof matcherSchema>[] => {
    try {
      const parsed = z.array(matcherSchema).max(METRIC_LIMITS.matchers).safeParse(JSON.parse(text));
      if (parsed.success) return parsed.data;
    } catch {
      // No JSON: told below, like any other text that is no list of matchers.
    }
    ctx.addIssue({ code: "custom", message: 'must be a JSON array such as [{"label":"host","op":"=~","value":"web-.*"}]' });
    return z.NEVER;
  })
  .optional();

export const catalogQuerySchema = z.object({
  metric: z.string().min(1).max(METRIC_LIMITS.metricChars).optional(),
  match: matchParamSchema,
  /** A part of the name or value that is looked for; what begins with it comes first. */
  search: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(METRIC_LIMITS.listed).default(100),
});

/** `GET /v1/metrics/names` */
export const metricNamesSchema = z.object({
  items: z.array(
    z.object({ metric: z.string(), series: count, type: z.string().nullable(), unit: z.string().nullable(), help: z.string().nullable() }),
  ),
  /** How many there are in all: a list that was cut says so. */
  total: count,
});
export type MetricNames = z.infer<typeof metricNamesSchema>;

/** `GET /v1/metrics/series` */
export const seriesListSchema = z.object({
  items: z.array(z.object({ metric: z.string(), labels: z.record(z.string(), z.string()), newestAt: count.nullable() })),
  total: count,
});
export type SeriesList = z.infer<typeof seriesListSchema>;

/** `GET /v1/metrics/labels`, and `/labels/{name}/values` with values for names. */
export const labelListSchema = z.object({ items: z.array(z.object({ value: z.string(), series: count })), total: count });
export type LabelList = z.infer<typeof labelListSchema>;

/** `GET /v1/metrics/metadata` */
export const metadataListSchema = z.object({ items: z.array(metricMetadataSchema), total: count });
export type MetadataList = z.infer<typeof metadataListSchema>;

export const exemplarsQuerySchema = catalogQuerySchema.omit({ search: true }).extend({
  start: z.iso.datetime({ offset: true }).optional(),
  end: z.iso.datetime({ offset: true }).optional(),
});

/** `GET /v1/metrics/exemplars?metric&match&start&end&limit`, newest first. */
export const exemplarListSchema = z.object({
  items: z.array(
    z.object({
      metric: z.string(),
      series: z.record(z.string(), z.string()),
      at: count,
      value: z.number(),
      traceId: z.string(),
      spanId: z.string(),
      labels: z.record(z.string(), z.string()),
    }),
  ),
});
export type ExemplarList = z.infer<typeof exemplarListSchema>;

const topLine = z.object({ name: z.string(), series: count });

export const cardinalityQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(METRIC_LIMITS.cardinalityTop).default(METRIC_LIMITS.cardinalityTop),
});

/** `GET /v1/metrics/cardinality`: what takes how many series. */
export const cardinalitySchema = z.object({
  activeSeries: count,
  maxSeries: count,
  newSeriesPerHour: count,
  /** Series that began in each of the last 24 hours, the oldest first; the last is the running hour. */
  newSeries: z.array(z.object({ hourMs: count, made: count, refused: count })),
  metrics: z.array(topLine),
  /** Labels by how many different values they have; a value that lies on several shards counts on each. */
  labels: z.array(z.object({ name: z.string(), values: count, series: count })),
  /** `label=value` by how many series have it. */
  pairs: z.array(topLine),
});
export type Cardinality = z.infer<typeof cardinalitySchema>;

const tierStorage = z.object({
  tier: z.enum(TIERS),
  keptMs: count,
  points: count,
  bytes: count,
  rows: count,
  oldestAt: count.nullable(),
  newestAt: count.nullable(),
});

/** `GET /v1/metrics/storage` */
export const storageSchema = z.object({
  shards: z.array(
    z.object({
      shard: count,
      series: count,
      /** Points only in memory and write-ahead rows, and bytes of those rows. */
      unsealedPoints: count,
      logBytes: count,
      headBytes: count,
      rowsWritten: count,
      databaseBytes: count,
      tiers: z.array(tierStorage),
    }),
  ),
});
export type Storage = z.infer<typeof storageSchema>;

/** `GET /v1/metrics/rejected`: the inspector, newest first; and what came in, by protocol and key, minute by minute. */
export const rejectedSchema = z.object({
  items: z.array(
    z.object({
      at: count,
      reason: z.enum(REJECT_REASONS),
      protocol: z.enum(INGEST_PROTOCOLS),
      keyId: z.string(),
      /** How many of the same kind this line stands for. */
      count,
      /** The sample's name and labels as far as they could be read, cut to 500 characters. */
      example: z.string(),
      detail: z.string(),
    }),
  ),
  /** By reason over the last 24 h. */
  totals: z.array(z.object({ reason: z.enum(REJECT_REASONS), count })),
  /** Of the last hour. */
  ingest: z.array(
    z.object({
      protocol: z.enum(INGEST_PROTOCOLS),
      keyId: z.string(),
      minutes: z.array(z.object({ minuteMs: count, samples: count, requests: count, rejected: count })),
      /** How much older than their arrival the newest samples of a request were at the median of the last minutes, milliseconds. */
      lagMs: count.nullable(),
    }),
  ),
});
export type Rejected = z.infer<typeof rejectedSchema>;

/** `DELETE /v1/metrics/series?metric&match`: at least one of both. */
export const deleteSeriesQuerySchema = z.object({
  metric: z.string().min(1).max(METRIC_LIMITS.metricChars).optional(),
  match: matchParamSchema,
});
export const deleteSeriesReplySchema = z.object({ deleted: count });

export const labelParamSchema = z.object({ name: labelName });
