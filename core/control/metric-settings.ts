import * as z from "zod";
import { FIRST_METRIC_SETTINGS, metricAllowance, type MetricSettings, metricSettingsSchema } from "../../contract/metric-settings.ts";
import type { Plan } from "../../contract/plans.ts";
import type { FieldError } from "../../contract/problems.ts";

/** Rows may hold fields of a later release, which an older one that came back leaves out. */
const storedSchema = z.object(metricSettingsSchema.shape);
const partsSchema = z.looseObject({});

/**
 * Settings as they were stored, possibly by a version that knew fewer fields; none at all before the first change.
 * @throws when they cannot be read
 */
export function readMetricSettings(stored: string | undefined): MetricSettings {
  if (stored === undefined) return FIRST_METRIC_SETTINGS;
  return storedSchema.parse({ ...FIRST_METRIC_SETTINGS, ...partsSchema.parse(JSON.parse(stored)) });
}

const NAMES = Object.keys(FIRST_METRIC_SETTINGS) as (keyof MetricSettings)[]; // the keys of a typed object

/** Names of the settings that differ. */
export function changedMetricSettings(before: MetricSettings, after: MetricSettings): (keyof MetricSettings)[] {
  return NAMES.filter((name) => before[name] !== after[name]);
}

/** Only the named settings. */
export function partOfMetricSettings(settings: MetricSettings, names: readonly (keyof MetricSettings)[]): Partial<MetricSettings> {
  return Object.fromEntries(names.map((name) => [name, settings[name]]));
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What a tenant may not ask for, by field: more than its plan has, fewer shards than before, a tier that ends before the finer one. */
export function metricSettingsErrors(before: MetricSettings, wanted: MetricSettings, plan: Plan): FieldError[] {
  const errors: FieldError[] = [];
  if (wanted.shards < before.shards)
    errors.push({ pointer: "/shards", detail: `is ${before.shards} and can only grow: what was stored on a shard stays there` });
  const most = {
    rawHours: Math.floor(plan.rawRetentionMs / HOUR_MS),
    minuteDays: Math.floor(plan.minuteRetentionMs / DAY_MS),
    hourDays: Math.floor(plan.hourRetentionMs / DAY_MS),
    activeSeries: plan.activeSeries,
    newSeriesPerHour: plan.newSeriesPerHour,
  };
  const names = Object.keys(most) as (keyof typeof most)[]; // the keys of the object above
  for (const name of names) {
    if ((wanted[name] ?? 0) > most[name]) errors.push({ pointer: `/${name}`, detail: `the plan ${plan.title} has at most ${most[name]}` });
  }
  const { rawMs, minuteMs, hourMs } = metricAllowance(plan, wanted);
  if (minuteMs < rawMs)
    errors.push({ pointer: "/minuteDays", detail: "is shorter than the time that raw points are kept; make that shorter too" });
  if (hourMs < minuteMs)
    errors.push({ pointer: "/hourDays", detail: "is shorter than the time that minutes are kept; make that shorter too" });
  return errors;
}
