import { parseSeriesKey } from "../../contract/metric-key.ts";
import { FIRST_METRIC_SETTINGS, type MetricSettings } from "../../contract/metric-settings.ts";
import { rendezvousPlace } from "../../contract/rendezvous.ts";
import { accessOf } from "../http/access-cache.ts";
import type { ObjectCall } from "../http/objects.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import type { KnownSeries } from "./series-cache.ts";

/** The tenant's metric settings, at most 1.5 s old. @throws when the tenant's object cannot be read */
export async function metricSettingsOf(call: ObjectCall & { readonly ctx: KeepAlive; readonly now: number }): Promise<MetricSettings> {
  const access = await accessOf(call.env, call.ctx, call.principal.tenantId, call.now);
  return access?.config.metrics ?? FIRST_METRIC_SETTINGS;
}

/** The shard of a series among so many. Worked out once and kept with the series. */
export function placeOf(series: KnownSeries, shards: number): number {
  if (series.placedAmong === shards) return series.place;
  series.place = shards === 1 ? 0 : rendezvousPlace(sourceOf(series.key), shards);
  // Another shard numbers it anew.
  if (series.placedAmong !== 0) [series.ref, series.dictionary] = [0, 0];
  series.placedAmong = shards;
  return series.place;
}

/**
 * What sent a series: its `host`, else its `job` and `instance`, else only itself. Series of one source lie in one shard, so that
 * an agent's request touches one.
 */
export function sourceOf(key: string): string {
  const { host, job, instance } = parseSeriesKey(key)?.labels ?? {};
  if (host) return JSON.stringify(["host", host]);
  return job || instance ? JSON.stringify(["job", job ?? "", instance ?? ""]) : key;
}
