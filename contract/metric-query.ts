import * as z from "zod";
import { ACROSS, METRIC_LIMITS, OVER_TIME } from "./metric-limits.ts";

export const MATCHER_OPS = ["=", "!=", "=~", "!~"] as const;
export type MatcherOp = (typeof MATCHER_OPS)[number];

const labelName = z.string().min(1).max(METRIC_LIMITS.labelNameChars);
const fraction = z.number().min(0).max(1);

/** `=~` and `!~` match the whole value with RE2 syntax. An absent label has the empty value. */
export const matcherSchema = z.strictObject({
  label: labelName,
  op: z.enum(MATCHER_OPS).default("="),
  value: z.string().max(METRIC_LIMITS.labelValueChars),
});
export type Matcher = z.infer<typeof matcherSchema>;

const selectionShape = {
  metric: z.string().min(1).max(METRIC_LIMITS.metricChars),
  matchers: z.array(matcherSchema).max(METRIC_LIMITS.matchers).default([]),
  /** How the samples of one series within a step, or within `windowMs` up to it, become one value. */
  aggregate: z.enum(OVER_TIME).default("avg"),
  /**
   * Absent: a point at `t` is made of the samples in `[t, t + step)`. Present: of those in `[t - windowMs, t]`, by the rules of
   * Prometheus' range functions, with the extrapolation of its `rate`, `increase` and `delta`; `last` with 300,000 is its instant selector.
   */
  windowMs: z.number().int().min(1_000).max(METRIC_LIMITS.windowMs).optional(),
  /** For `quantile`, over time or across series. */
  quantile: fraction.optional(),
  /** When present, series that agree on these labels become one; [] makes a single series of all. */
  groupBy: z.array(labelName).max(METRIC_LIMITS.labels).optional(),
  /** Like groupBy with all labels but these. Not both. */
  without: z.array(labelName).max(METRIC_LIMITS.labels).optional(),
  /** How grouped series are combined per step, over each series' step value. Defaults to `aggregate` where that is one of these, else sum. */
  groupAggregate: z.enum(ACROSS).optional(),
  /** Of the (grouped) series only the k largest or smallest at each step, as `topk` and `bottomk`. */
  top: z
    .strictObject({ k: z.number().int().min(1).max(METRIC_LIMITS.topSeries), order: z.enum(["largest", "smallest"]).default("largest") })
    .optional(),
  /** This quantile of a histogram from its buckets, whose bounds are in the label `le`: Prometheus' `histogram_quantile`, after grouping. */
  histogramQuantile: fraction.optional(),
};

export const selectionSchema = z.strictObject({
  /** By which formulas and answers call it. */
  name: z.string().regex(/^[a-z][a-z0-9_]{0,15}$/),
  ...selectionShape,
  /** Whether the answer holds it, or only what formulas make of it. */
  shown: z.boolean().default(true),
});
export type Selection = z.infer<typeof selectionSchema>;

/** Arithmetic over selections: `+ - * / % ^`, brackets, numbers and names. Series pair up by equal labels, or by those named. */
export const formulaSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,15}$/),
  expression: z.string().min(1).max(METRIC_LIMITS.formulaChars),
  on: z.array(labelName).max(METRIC_LIMITS.labels).optional(),
  ignoring: z.array(labelName).max(METRIC_LIMITS.labels).optional(),
  /** The side that may have several series for one of the other, whose labels the result has. */
  many: z.enum(["left", "right"]).optional(),
});
export type Formula = z.infer<typeof formulaSchema>;

const instant = z.iso.datetime({ offset: true });

const rangeShape = {
  start: instant,
  end: instant,
  /** Milliseconds; chosen from the range and maxPoints when absent, never below 1 s. Steps are multiples of it since the epoch. */
  stepMs: z.number().int().min(1_000).max(86_400_000).optional(),
  /** At most this many points per series; the step grows until they fit. */
  maxPoints: z.number().int().min(1).max(METRIC_LIMITS.queryPoints).default(1_000),
  /** What stands at a step without samples: nothing, the value before, or 0. */
  gaps: z.enum(["null", "previous", "zero"]).default("null"),
  /**
   * How more points than asked become fewer. `steps`: the step grows. `lttb`: the points that keep a line's look. `m4`: the first, last,
   * smallest and largest of each stretch, so that no spike is lost. The latter two look at points of the finest step and give `times`.
   */
  downsample: z.enum(["steps", "lttb", "m4"]).default("steps"),
  /** Whether every value comes with the smallest and largest sample of its step. Not with windowMs, formulas or grouping. */
  band: z.boolean().default(false),
};

/** One selection, in short. */
export const singleQuerySchema = z.strictObject({ ...selectionShape, ...rangeShape });

/** Several selections and formulas over one range. `end` alone counts for an instant: give the same `start`, and one point per series comes back. */
const severalSchema = z.strictObject({
  selections: z.array(selectionSchema).min(1).max(METRIC_LIMITS.selections),
  formulas: z.array(formulaSchema).max(METRIC_LIMITS.formulas).default([]),
  ...rangeShape,
});

export const metricQuerySchema = z.union([singleQuerySchema, severalSchema]);
export type MetricQuery = z.infer<typeof metricQuerySchema>;
export type SeveralQuery = z.infer<typeof severalSchema>;

const values = z.array(z.number().nullable());

/** Work done, in counts; milliseconds only where somebody was waited for. */
export const queryTraceSchema = z.object({
  seriesScanned: z.number().int(),
  blocksRead: z.number().int(),
  pointsRead: z.number().int(),
  bytesRead: z.number().int(),
  shards: z.number().int(),
  /** Points by tier. */
  tiers: z.object({ raw: z.number().int(), minute: z.number().int(), hour: z.number().int() }),
  /** Parts of the answer that came from the edge's cache, and those that could have. */
  cached: z.number().int(),
  cacheable: z.number().int(),
  waitedMs: z.number(),
});
export type QueryTrace = z.infer<typeof queryTraceSchema>;

export const metricQueryReplySchema = z.object({
  stepMs: z.number().int(),
  /** Epoch milliseconds of the first step; value `i` of every series stands for `startMs + i * stepMs`. */
  startMs: z.number().int(),
  series: z.array(
    z.object({
      /** The selection or formula, when the query named some. */
      name: z.string().optional(),
      labels: z.record(z.string(), z.string()),
      values,
      /** Present after `lttb` and `m4`: epoch milliseconds of each value. */
      times: z.array(z.number().int()).optional(),
      band: z.object({ min: values, max: values }).optional(),
    }),
  ),
  trace: queryTraceSchema,
});
export type MetricQueryReply = z.infer<typeof metricQueryReplySchema>;
