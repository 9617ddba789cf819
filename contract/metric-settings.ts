import * as z from "zod";
import { METRIC_LIMITS } from "./metric-limits.ts";
import type { Plan } from "./plans.ts";

/** How a tenant's metrics are kept. `null` is the plan's value, which is also the most. */
export const metricSettingsSchema = z.strictObject({
  /** Objects over which series spread by their source. It can only grow: series that move leave their past where it was, and questions ask all. */
  shards: z.number().int().min(1).max(METRIC_LIMITS.shards),
  rawHours: z.number().int().min(1).nullable(),
  minuteDays: z.number().int().min(1).nullable(),
  hourDays: z.number().int().min(1).nullable(),
  activeSeries: z.number().int().min(1).nullable(),
  newSeriesPerHour: z.number().int().min(1).nullable(),
});
export type MetricSettings = z.infer<typeof metricSettingsSchema>;

export const FIRST_METRIC_SETTINGS: MetricSettings = {
  shards: 1,
  rawHours: null,
  minuteDays: null,
  hourDays: null,
  activeSeries: null,
  newSeriesPerHour: null,
};

/** The answer of `GET` and `PUT /v1/metrics/settings`: what is set, and what counts because of it. */
export const metricSettingsViewSchema = z.object({
  settings: metricSettingsSchema,
  effective: z.object({
    shards: z.number().int(),
    rawMs: z.number().int(),
    minuteMs: z.number().int(),
    hourMs: z.number().int(),
    activeSeries: z.number().int(),
    newSeriesPerHour: z.number().int(),
  }),
});
export type MetricSettingsView = z.infer<typeof metricSettingsViewSchema>;
/** What counts, after plan and settings. */
export type MetricAllowance = MetricSettingsView["effective"];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What the settings come to under a plan: of each the smaller. A plan that became smaller counts at once. */
export function metricAllowance(plan: Plan, settings: MetricSettings): MetricAllowance {
  const least = (most: number, own: number | null, unit = 1): number => (own === null ? most : Math.min(most, own * unit));
  return {
    shards: settings.shards,
    rawMs: least(plan.rawRetentionMs, settings.rawHours, HOUR_MS),
    minuteMs: least(plan.minuteRetentionMs, settings.minuteDays, DAY_MS),
    hourMs: least(plan.hourRetentionMs, settings.hourDays, DAY_MS),
    activeSeries: least(plan.activeSeries, settings.activeSeries),
    newSeriesPerHour: least(plan.newSeriesPerHour, settings.newSeriesPerHour),
  };
}
