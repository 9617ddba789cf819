import type { MetricSettings, MetricSettingsView } from "../../../../contract/metric-settings.ts";
import { METRIC_LIMITS } from "../../../../contract/metric-limits.ts";
import { type PlanName, PLANS } from "../../../../contract/plans.ts";

/** The fields as they are typed; empty is the plan's value. */
export type SettingsDraft = Readonly<Record<keyof MetricSettings, string>>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const SETTING_FIELDS = ["rawHours", "minuteDays", "hourDays", "activeSeries", "newSeriesPerHour"] as const;
export type SettingField = (typeof SETTING_FIELDS)[number];

/** What a plan allows, in the units of the form. */
export function planValue(plan: PlanName, field: SettingField): number {
  const { rawRetentionMs, minuteRetentionMs, hourRetentionMs, activeSeries, newSeriesPerHour } = PLANS[plan];
  const values: Record<SettingField, number> = {
    rawHours: rawRetentionMs / HOUR_MS,
    minuteDays: minuteRetentionMs / DAY_MS,
    hourDays: hourRetentionMs / DAY_MS,
    activeSeries,
    newSeriesPerHour,
  };
  return values[field];
}

export function draftOf({ settings }: MetricSettingsView): SettingsDraft {
  const text = (value: number | null) => (value === null ? "" : String(value));
  return {
    shards: String(settings.shards),
    rawHours: text(settings.rawHours),
    minuteDays: text(settings.minuteDays),
    hourDays: text(settings.hourDays),
    activeSeries: text(settings.activeSeries),
    newSeriesPerHour: text(settings.newSeriesPerHour),
  };
}

/** The settings that were typed, or what is wrong by field. */
export function settingsOf(
  draft: SettingsDraft,
  before: MetricSettings,
  plan: PlanName,
): { readonly settings: MetricSettings } | { readonly wrong: Readonly<Partial<Record<keyof MetricSettings, string>>> } {
  const wrong: Partial<Record<keyof MetricSettings, string>> = {};
  const whole = (field: keyof MetricSettings, least: number, most: number): number | null => {
    const text = draft[field].trim();
    if (text === "" && field !== "shards") return null;
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    wrong[field] =
      `A whole number from ${least.toLocaleString("en")} to ${most.toLocaleString("en")}${field === "shards" ? "." : ", or nothing for the plan’s."}`;
    return null;
  };
  const shards = whole("shards", before.shards, METRIC_LIMITS.shards) ?? before.shards;
  const [rawHours, minuteDays, hourDays, activeSeries, newSeriesPerHour] = SETTING_FIELDS.map((field) =>
    whole(field, 1, planValue(plan, field)),
  );
  if (Object.keys(wrong).length > 0) return { wrong };
  return {
    settings: {
      shards,
      rawHours: rawHours ?? null,
      minuteDays: minuteDays ?? null,
      hourDays: hourDays ?? null,
      activeSeries: activeSeries ?? null,
      newSeriesPerHour: newSeriesPerHour ?? null,
    },
  };
}

/** Tiers that would be kept for a shorter time than now: what is older goes at once. */
export function shortened(before: MetricSettings, after: MetricSettings, plan: PlanName): ("raw" | "minute" | "hour")[] {
  const tiers = { raw: "rawHours", minute: "minuteDays", hour: "hourDays" } as const;
  return (["raw", "minute", "hour"] as const).filter((tier) => {
    const field = tiers[tier];
    return (after[field] ?? planValue(plan, field)) < (before[field] ?? planValue(plan, field));
  });
}
