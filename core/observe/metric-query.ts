import { plainMetric, type SeriesIdentity } from "../../contract/metric-key.ts";
import { type Aggregate, METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { Matcher, MetricQueryReply, SingleQuery } from "../../contract/metric-query.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { SeriesReader } from "./series-reader.ts";
import type { SeriesTable } from "./series-table.ts";
import { planSteps, type Steps, StepSums } from "./steps.ts";

export interface QueryDeps {
  readonly series: SeriesTable;
  readonly reader: SeriesReader;
  /** Points before this are gone, or about to be. */
  readonly oldestMs: number;
}

interface Group {
  readonly labels: Readonly<Record<string, string>>;
  readonly sums: StepSums;
}

/** Answers a query over one shard's series. Limits are refused with the way to narrow the question. */
export function runQuery(query: SingleQuery, deps: QueryDeps): Outcome<MetricQueryReply> {
  const startMs = Date.parse(query.start);
  const endMs = Date.parse(query.end);
  if (!(startMs < endMs)) {
    return refuse("invalid-body", "The range is empty: `end` must be later than `start`.", {
      errors: [{ pointer: "/end", detail: "must be later than `start`" }],
    });
  }
  const steps = planSteps(startMs, endMs, query.stepMs, query.maxPoints);
  const selected = select(query, deps.series);
  if (!selected.ok) return selected;
  const groups = plan(query, selected.value, steps);
  if (!groups.ok) return groups;

  // A point at `t` covers `[t, t + step)`, so the first step may begin before the asked start.
  const from = Math.max(steps.startMs, deps.oldestMs);
  const end = Math.min(endMs, steps.startMs + steps.count * steps.stepMs);
  const work = scannedBytes(selected.value, deps.reader, from, end);
  if (work > METRIC_LIMITS.scannedBytes) {
    return narrow(
      "/start",
      `This would read ${Math.ceil(work / (1 << 20))} MiB of points; at most ${METRIC_LIMITS.scannedBytes >> 20} MiB. Ask for a shorter range, or add matchers.`,
    );
  }
  const own = query.groupBy === undefined ? undefined : new StepSums(steps.count, query.aggregate as Aggregate);
  for (const { slot, group } of groups.value.members) {
    const { points, first, last } = deps.reader.read(slot, from, end);
    const { at, values } = points.columns;
    const sums = own ?? group.sums;
    own?.clear();
    for (let i = first; i < last; i++) {
      const time = at[i] ?? 0;
      sums.add(Math.floor((time - steps.startMs) / steps.stepMs), values[i] ?? 0, time);
    }
    if (own) combine(own, group.sums, steps);
  }
  const { trace } = deps.reader;
  return accept({
    stepMs: steps.stepMs,
    startMs: steps.startMs,
    series: groups.value.list.map(({ labels, sums }) => ({ labels, values: sums.toValues() })),
    trace: {
      seriesScanned: selected.value.length,
      ...trace,
      bytesRead: 0,
      shards: 1,
      tiers: { raw: trace.pointsRead, minute: 0, hour: 0 },
      cached: 0,
      cacheable: 0,
      waitedMs: 0,
    },
  });
}

interface Selected {
  readonly slot: number;
  readonly identity: SeriesIdentity;
}

function select(query: SingleQuery, series: SeriesTable): Outcome<Selected[]> {
  const selected: Selected[] = [];
  for (const slot of series.ofMetric(plainMetric(query.metric))) {
    const identity = series.identityOf(slot);
    if (!query.matchers.every((matcher) => matches(matcher, identity))) continue;
    selected.push({ slot, identity });
    if (selected.length > METRIC_LIMITS.scannedSeries) {
      return narrow("/matchers", `More than ${METRIC_LIMITS.scannedSeries} series match. Add matchers, for example on \`host\`.`);
    }
  }
  // Neighbours lie in the same rows.
  selected.sort((a, b) => series.refOf(a.slot) - series.refOf(b.slot));
  return accept(selected);
}

/** An absent label has the empty value. */
function matches(matcher: Matcher, { labels }: SeriesIdentity): boolean {
  return ((labelOf(labels, matcher.label) ?? "") === matcher.value) === (matcher.op === "=");
}

/** A label of one's own: `constructor` and the like are names as good as any, and every object has them. */
function labelOf(labels: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

function plan(
  query: SingleQuery,
  selected: readonly Selected[],
  steps: Steps,
): Outcome<{ list: Group[]; members: { slot: number; group: Group }[] }> {
  const { groupBy } = query;
  const aggregate = groupBy === undefined ? query.aggregate : (query.groupAggregate ?? query.aggregate);
  const groups = new Map<string, Group>();
  const members: { slot: number; group: Group }[] = [];
  for (const { slot, identity } of selected) {
    const labels = groupBy === undefined ? identity.labels : pick(identity.labels, groupBy);
    const key = groupBy === undefined ? String(slot) : JSON.stringify(groupBy.map((name) => labelOf(labels, name) ?? ""));
    let group = groups.get(key);
    if (!group) {
      if (groups.size === METRIC_LIMITS.querySeries) {
        return narrow(
          "/groupBy",
          `The answer would hold more than ${METRIC_LIMITS.querySeries} series. Add matchers, or group by fewer labels.`,
        );
      }
      if ((groups.size + 1) * steps.count > METRIC_LIMITS.queryValues) {
        const most = Math.floor(METRIC_LIMITS.queryValues / (groups.size + 1));
        return narrow(
          "/maxPoints",
          `The answer would hold more than ${METRIC_LIMITS.queryValues} values. Ask for at most ${most} points per series, or for fewer series.`,
        );
      }
      groups.set(key, (group = { labels, sums: new StepSums(steps.count, aggregate as Aggregate) }));
    }
    members.push({ slot, group });
  }
  return accept({ list: [...groups.values()], members });
}

function pick(labels: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = labelOf(labels, name);
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

/** Adds each step's value of one series to its group. */
function combine(own: StepSums, group: StepSums, steps: Steps): void {
  for (let step = 0; step < steps.count; step++) {
    const value = own.at(step);
    if (value === undefined) continue;
    const newest = own.newestAt(step);
    group.add(step, value, newest === Number.NEGATIVE_INFINITY ? steps.startMs + step * steps.stepMs : newest);
  }
}

/** Bytes of the rows that reading these series would decode, each series' share of a row. */
function scannedBytes(selected: readonly Selected[], reader: SeriesReader, from: number, end: number): number {
  let bytes = 0;
  const seen = new Set<number>();
  for (const { slot } of selected) {
    for (const row of reader.rowsFor(slot, from, end)) {
      if (seen.has(row.id)) continue;
      seen.add(row.id);
      bytes += row.bytes;
    }
  }
  return bytes;
}

function narrow(pointer: string, detail: string): Outcome<never> {
  return refuse("invalid-body", detail, { errors: [{ pointer, detail }] });
}
