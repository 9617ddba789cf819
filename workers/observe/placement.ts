import { parseSeriesKey } from "../../contract/metric-key.ts";
import { rendezvousPlace } from "../../contract/rendezvous.ts";
import type { KnownSeries } from "./series-cache.ts";

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
  return job && instance ? JSON.stringify(["job", job, instance]) : key;
}
