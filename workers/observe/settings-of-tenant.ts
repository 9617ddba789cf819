import { FIRST_METRIC_SETTINGS, type MetricSettings } from "../../contract/metric-settings.ts";
import { accessOf } from "../http/access-cache.ts";
import type { ObjectCall } from "../http/objects.ts";
import type { KeepAlive } from "../http/single-flight.ts";

/** The tenant's metric settings, at most 1.5 s old. @throws when the tenant's object cannot be read */
export async function metricSettingsOf(call: ObjectCall & { readonly ctx: KeepAlive; readonly now: number }): Promise<MetricSettings> {
  const access = await accessOf(call.env, call.ctx, call.principal.tenantId, call.now);
  return access?.config.metrics ?? FIRST_METRIC_SETTINGS;
}
