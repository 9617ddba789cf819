import type { ExemplarList, LabelList, MetadataList, MetricNames, Rejected, SeriesList } from "../../contract/metric-catalog.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { rankLines, uniteLines, unpackLines } from "../../contract/ranked-lines.ts";
import type { CatalogAnswers, CatalogAsk } from "../../contract/rpc/metrics.ts";

type Answer<K extends keyof CatalogAnswers> = readonly CatalogAnswers[K][];

/** Lines of each shard, so that those of all can be added up: one shard's first hundred are not the tenant's. */
export function asksOfEach(query: CatalogAsk, shards: number): CatalogAsk {
  return shards === 1 ? query : { ...query, limit: METRIC_LIMITS.listed, unranked: true };
}

export function mergeNames(parts: Answer<"names">, { search, limit }: CatalogAsk): MetricNames {
  const merged = new Map<string, MetricNames["items"][number] & { value: string }>();
  for (const item of parts.flatMap(({ items }) => items)) {
    const known = merged.get(item.metric);
    const described = known && known.type !== null ? known : item;
    merged.set(item.metric, { ...described, value: item.metric, series: item.series + (known?.series ?? 0) });
  }
  const { items, total } = rankLines(merged.values(), search, limit);
  return {
    items: items.map(({ metric, series, type, unit, help }) => ({ metric, series, type, unit, help })),
    total: totalOf(parts, total),
  };
}

export function mergeLabels(parts: Answer<"labels">, { search, limit }: CatalogAsk): LabelList {
  const [only] = parts;
  // One shard has ranked and cut them already.
  if (only && parts.length === 1) return { items: unpackLines(only), total: only.total };
  const { items, total } = rankLines(uniteLines(parts.map(unpackLines)), search, limit);
  return { items, total: totalOf(parts, total) };
}

export function mergeSeries(parts: Answer<"series">, { limit }: CatalogAsk): SeriesList {
  const items = parts.flatMap((part) => part.items).sort((a, b) => (b.newestAt ?? 0) - (a.newestAt ?? 0));
  return { items: items.slice(0, limit), total: parts.reduce((sum, { total }) => sum + total, 0) };
}

export function mergeMetadata(parts: Answer<"metadata">, { search, limit }: CatalogAsk): MetadataList {
  const merged = new Map(parts.flatMap(({ items }) => items.map((item) => [item.metric, { ...item, value: item.metric, series: 1 }])));
  const { items, total } = rankLines(merged.values(), search, limit);
  return { items: items.map(({ metric, type, unit, help }) => ({ metric, type, unit, help })), total: totalOf(parts, total) };
}

export function mergeExemplars(parts: Answer<"exemplars">, { limit }: CatalogAsk): ExemplarList {
  return {
    items: parts
      .flatMap(({ items }) => items)
      .sort((a, b) => b.at - a.at)
      .slice(0, limit),
  };
}

export function mergeCardinality(parts: Answer<"cardinality">, { limit }: CatalogAsk): CatalogAnswers["cardinality"] {
  const hours = new Map<number, CatalogAnswers["cardinality"]["newSeries"][number]>();
  for (const { hourMs, made, refused } of parts.flatMap(({ newSeries }) => newSeries)) {
    const known = hours.get(hourMs);
    hours.set(hourMs, { hourMs, made: made + (known?.made ?? 0), refused: refused + (known?.refused ?? 0) });
  }
  const values = new Map<string, number>();
  for (const { name, values: count } of parts.flatMap(({ labels }) => labels)) values.set(name, (values.get(name) ?? 0) + count);
  return {
    activeSeries: parts.reduce((sum, { activeSeries }) => sum + activeSeries, 0),
    // Each knows the tenant's; one that has not asked for it lately knows a former one.
    maxSeries: Math.max(...parts.map(({ maxSeries }) => maxSeries)),
    newSeriesPerHour: Math.max(...parts.map(({ newSeriesPerHour }) => newSeriesPerHour)),
    newSeries: [...hours.values()].sort((a, b) => a.hourMs - b.hourMs).slice(-24),
    metrics: addUp(parts.flatMap(({ metrics }) => metrics)).slice(0, limit),
    labels: addUp(parts.flatMap(({ labels }) => labels))
      .map(({ name, series }) => ({ name, values: values.get(name) ?? 0, series }))
      .sort((a, b) => b.values - a.values || b.series - a.series)
      .slice(0, limit),
    pairs: addUp(parts.flatMap(({ pairs }) => pairs)).slice(0, limit),
  };
}

/** What was refused is told to the first shard; what came in is counted by each. */
export function mergeRejected(parts: Answer<"rejected">): Rejected {
  const senders = new Map<string, Rejected["ingest"][number]>();
  for (const sender of parts.flatMap(({ ingest }) => ingest)) {
    const name = `${sender.protocol} ${sender.keyId}`;
    const known = senders.get(name);
    senders.set(name, known ? mergeSenders(known, sender) : sender);
  }
  const first = parts[0];
  return { items: first?.items ?? [], totals: first?.totals ?? [], ingest: [...senders.values()] };
}

function mergeSenders(a: Rejected["ingest"][number], b: Rejected["ingest"][number]): Rejected["ingest"][number] {
  const minutes = new Map(a.minutes.map((minute) => [minute.minuteMs, minute]));
  for (const { minuteMs, samples, requests, rejected } of b.minutes) {
    const known = minutes.get(minuteMs) ?? { samples: 0, requests: 0, rejected: 0 };
    minutes.set(minuteMs, {
      minuteMs,
      samples: samples + known.samples,
      requests: requests + known.requests,
      rejected: rejected + known.rejected,
    });
  }
  const lagMs = a.lagMs === null || b.lagMs === null ? (a.lagMs ?? b.lagMs) : Math.max(a.lagMs, b.lagMs);
  return { ...a, minutes: [...minutes.values()].sort((one, other) => one.minuteMs - other.minuteMs), lagMs };
}

/** Sums by name, the largest first. */
function addUp(lines: readonly { readonly name: string; readonly series: number }[]): { name: string; series: number }[] {
  const sums = new Map<string, number>();
  for (const { name, series } of lines) sums.set(name, (sums.get(name) ?? 0) + series);
  return [...sums].map(([name, series]) => ({ name, series })).sort((a, b) => b.series - a.series);
}

/** Of a list that a shard has cut, only that shard knows how long it is. */
function totalOf(parts: readonly { readonly total: number }[], merged: number): number {
  return Math.max(merged, ...parts.map(({ total }) => total));
}
