import { metricAllowance, type MetricSettings, type MetricSettingsView } from "../../contract/metric-settings.ts";
import { PLANS } from "../../contract/plans.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { changedMetricSettings, metricSettingsErrors, partOfMetricSettings } from "../../core/control/metric-settings.ts";
import { audited, type TenantChange } from "./tenant-change.ts";
import { tenantEventData } from "./tenant-desk.ts";
import type { MetricSettingsStore, StoredMetricSettings } from "./tenant-metric-settings.ts";
import type { Profile } from "./tenant-profile.ts";

export interface VersionedMetricSettings {
  readonly view: MetricSettingsView;
  readonly version: number;
}

export function metricSettingsView(profile: Profile, store: MetricSettingsStore): VersionedMetricSettings {
  return viewOf(profile, store.find());
}

/** Puts settings in place of the former. The same again changes nothing. */
export function putMetricSettings(
  change: TenantChange,
  settings: MetricSettings,
  expectedVersion: number | undefined,
  store: MetricSettingsStore,
): Outcome<VersionedMetricSettings> {
  const { profile } = change;
  const stored = store.find();
  if (expectedVersion !== undefined && expectedVersion !== stored.version)
    return refuse("precondition-failed", "The settings were changed meanwhile; read them again and repeat your change.");
  const changed = changedMetricSettings(stored.settings, settings);
  if (changed.length === 0) return accept(viewOf(profile, stored));
  return audited(
    change,
    { action: "metrics.change-settings", target: "metrics/settings", detail: { changed } },
    () => {
      const errors = metricSettingsErrors(stored.settings, settings, PLANS[profile.plan]);
      if (errors.length > 0) return refuse("invalid-body", "Change the fields listed in `errors`.", { errors });
      const next = { settings, version: stored.version + 1 };
      store.put(next);
      const versions = change.advance({ config: true });
      change.emit({ type: "meridian.tenant.changed", subject: "tenant", data: tenantEventData({ ...profile, ...versions }, change.meta) });
      return accept(viewOf(profile, next));
    },
    () => ({ before: partOfMetricSettings(stored.settings, changed), after: partOfMetricSettings(settings, changed) }),
  );
}

function viewOf({ plan }: Profile, { settings, version }: StoredMetricSettings): VersionedMetricSettings {
  return { view: { settings, effective: metricAllowance(PLANS[plan], settings) }, version };
}
