import type { ExemplarList, MetadataList, MetricNames, SeriesList } from "../../contract/metric-catalog.ts";
import { plainMetric } from "../../contract/metric-key.ts";
import { type Counted, HIDDEN_LABELS, type LabelIndex, METRIC_LABEL, type Within } from "./label-index.ts";
import { selectSlots } from "./label-matchers.ts";
import type { MetricMetadata } from "../../contract/metric-extras.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import { TEMPORALITY_LABEL } from "../../contract/metric-limits.ts";
import { listLines, packLines, type PackedLines, rankLines } from "../../contract/ranked-lines.ts";
import type { CatalogAsk } from "../../contract/rpc/metrics.ts";
import { isAlive } from "./metadata.ts";
import type { SeriesTable } from "./series-table.ts";
import type { ShardExtras } from "./shard-extras.ts";

/** What the lists are made of; all of it in memory. */
export interface CatalogParts {
  readonly series: SeriesTable;
  readonly labels: LabelIndex;
  /** Time of a series' newest sample, epoch milliseconds; not finite when none is known. */
  newestAt(slot: number): number;
  readonly extras: ShardExtras;
}

/** Metrics with their number of series and what they are. */
export function listNames(ask: CatalogAsk, { labels, extras }: CatalogParts): Outcome<MetricNames> {
  const within = selected(ask, labels);
  if (!within.ok) return within;
  const { items, total } = rankLines(labels.values(METRIC_LABEL, within.value), ask.search, ask.limit);
  return accept({
    items: items.map(({ value, series: count }) => {
      const { type, unit, help } = extras.metadata.of(value) ?? { type: null, unit: null, help: null };
      return { metric: value, series: count, type, unit, help };
    }),
    total,
  });
}

/** Series that match, those with the newest samples first. */
export function listSeries(ask: CatalogAsk, parts: CatalogParts): Outcome<SeriesList> {
  const { labels, series } = parts;
  const within = selected(ask, labels);
  if (!within.ok) return within;
  const slots = within.value === undefined ? labels.match(undefined, []) : labels.slotsOf(within.value);
  const wanted = ask.search?.toLowerCase();
  const found = wanted === undefined ? slots : slots.filter((slot) => (series.keyOf(slot) ?? "").toLowerCase().includes(wanted));
  const newest = found.sort((a, b) => parts.newestAt(b) - parts.newestAt(a) || a - b).slice(0, ask.limit);
  return accept({
    items: newest.map((slot) => {
      const { metric, labels: own } = series.identityOf(slot);
      const newestAt = parts.newestAt(slot);
      return { metric, labels: shown(own), newestAt: Number.isFinite(newestAt) ? newestAt : null };
    }),
    total: found.length,
  });
}

/** Labels with their number of series. */
export function listLabels(ask: CatalogAsk, { labels }: CatalogParts): Outcome<PackedLines> {
  const within = selected(ask, labels);
  if (!within.ok) return within;
  return accept(kept(labels, ["labels"], ask, within.value, () => shownLines(labels.labels(within.value))));
}

/** A label's values with their number of series. */
export function listValues(ask: CatalogAsk, { labels }: CatalogParts): Outcome<PackedLines> {
  const { label = "" } = ask;
  // Ours, and in no answer: what it says is only matched by.
  if (label === TEMPORALITY_LABEL) return accept(packLines({ items: [], total: 0 }));
  const within = selected(ask, labels);
  if (!within.ok) return within;
  return accept(
    kept(labels, ["values", label], ask, within.value, () => {
      // Whoever puts lists of several shards together needs them in one order.
      if (ask.unranked) labels.order(label);
      return labels.values(label, within.value);
    }),
  );
}

/** A list of all series, or of all of a metric, is made once until one comes or goes; one that a reader types at is not kept. */
function kept(
  labels: LabelIndex,
  what: readonly string[],
  ask: CatalogAsk,
  within: Within | undefined,
  lines: () => Iterable<Counted>,
): PackedLines {
  const make = () => packLines(listLines(lines(), ask));
  if (ask.search !== undefined || (within !== undefined && typeof within !== "string")) return make();
  return labels.lists.find(JSON.stringify([what, within, ask.limit, ask.unranked]), make);
}

/** What senders have said of metrics that have series. */
export function listMetadata(ask: CatalogAsk, { extras, series }: CatalogParts): Outcome<MetadataList> {
  const known: { value: string; series: number; metadata: MetricMetadata }[] = [];
  const wanted = ask.metric === undefined ? undefined : extras.metadata.of(plainMetric(ask.metric));
  for (const metadata of extras.metadata.all()) {
    if (ask.metric !== undefined && metadata !== wanted) continue;
    if (isAlive(metadata.metric, (metric) => series.hasMetric(metric))) known.push({ value: metadata.metric, series: 1, metadata });
  }
  const { items, total } = rankLines(known, ask.search, ask.limit);
  return accept({ items: items.map(({ metadata }) => metadata), total });
}

/** Exemplars of series that match, the newest first. */
export function listExemplars(ask: CatalogAsk, { labels, extras, series }: CatalogParts): Outcome<ExemplarList> {
  const within = selected(ask, labels);
  if (!within.ok) return within;
  const slots = within.value === undefined ? undefined : new Set(labels.slotsOf(within.value));
  const { startMs = Number.NEGATIVE_INFINITY, endMs = Number.POSITIVE_INFINITY } = ask;
  const found: { slot: number; at: number; item: Omit<ExemplarList["items"][number], "metric" | "series"> }[] = [];
  for (const { series: ref, at, value, traceId, spanId, labels: own } of extras.exemplars.all()) {
    const slot = series.slotOf(ref);
    if (slot === undefined || at < startMs || at > endMs || (slots && !slots.has(slot))) continue;
    found.push({ slot, at, item: { at, value, traceId, spanId, labels: own } });
  }
  found.sort((a, b) => b.at - a.at);
  return accept({
    items: found.slice(0, ask.limit).map(({ slot, item }) => {
      const identity = series.identityOf(slot);
      return { metric: identity.metric, series: shown(identity.labels), ...item };
    }),
  });
}

/** What the question is about; undefined when it is about all. */
function selected({ metric, matchers = [] }: Pick<CatalogAsk, "metric" | "matchers">, labels: LabelIndex): Outcome<Within | undefined> {
  if (metric === undefined && matchers.length === 0) return accept(undefined);
  return selectSlots(labels, metric, matchers, "?match");
}

function shown(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !HIDDEN_LABELS.has(name)));
}

function* shownLines(labels: Iterable<Counted>): Generator<Counted> {
  for (const { value, series } of labels) yield { value, series };
}
