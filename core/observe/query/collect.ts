import type { Labels } from "../../../contract/metric-key.ts";
import { METRIC_LIMITS } from "../../../contract/metric-limits.ts";
import { accept, type Outcome } from "../../../contract/problems.ts";
import { thin } from "../../../contract/query-downsample.ts";
import { acrossOf, wrong } from "../../../contract/query-plan.ts";
import { addSeries, labelsKey, type OpenRow, openRow, packRow, rowLimit } from "../../../contract/query-rows.ts";
import type { Steps } from "../../../contract/query-steps.ts";
import { TopValues } from "../../../contract/query-top.ts";
import type { SelectOrder, SelectRow } from "../../../contract/rpc/metric-select.ts";
import { groupLabels } from "./choose.ts";

/** The step values of one series; columns are valid during the call only. */
export interface Collected {
  readonly labels: () => Labels;
  readonly values: Float64Array;
  readonly weights: Float64Array;
  readonly low?: Float64Array | undefined;
  readonly high?: Float64Array | undefined;
}

/** Makes rows of series that come one after the other. */
interface Collector {
  /** @returns the limit that this series exceeds */
  add(series: Collected): Outcome<never> | undefined;
  rows(): Outcome<SelectRow[]>;
}

/** The collector for an order: groups, the largest of each step, or every series by itself. */
export function collectorFor(order: SelectOrder, steps: Steps): Collector {
  const { selection, thin: thinned } = order;
  const across = acrossOf(selection);
  if (across !== undefined) return groups(order, steps, across);
  // Quantiles come before the largest: those of buckets would mean nothing.
  if (selection.top && selection.histogramQuantile === undefined) return topSeries(order, steps, selection.top);
  return thinned ? thinSeries(order, steps, thinned) : plainSeries(order, steps);
}

function groups(order: SelectOrder, { count }: Steps, form: NonNullable<ReturnType<typeof acrossOf>>): Collector {
  const { selection } = order;
  const room = new Room(order, count);
  const found = new Map<string, OpenRow>();
  // Only `last` knows when its values are from: any other value is of its whole step.
  const noTimes = new Float64Array(selection.aggregate === "last" ? 0 : count);
  let listed = 0;
  return {
    add({ labels, values, weights }) {
      if (!hasAny(values)) return undefined;
      const shared = groupLabels(labels(), selection);
      const key = labelsKey(shared);
      let row = found.get(key);
      if (!row) {
        const fault = room.take();
        if (fault) return fault;
        found.set(key, (row = openRow(shared, { form, count, weights: true, band: false })));
      }
      addSeries(form, row, values, selection.aggregate === "last" ? weights : noTimes);
      // A quantile needs every value: here alone what travels grows with the series.
      if (form === "quantile" && (listed += count) > METRIC_LIMITS.queryValues)
        return wrong(
          "/matchers",
          `A quantile over these series would take more than ${METRIC_LIMITS.queryValues} values. Add matchers, or ask for fewer points.`,
        );
      return undefined;
    },
    rows: () => accept([...found.values()].map(packRow)),
  };
}

function plainSeries(order: SelectOrder, { count }: Steps): Collector {
  const room = new Room(order, count);
  const found: SelectRow[] = [];
  return {
    add({ labels, values, weights, low, high }) {
      if (!hasAny(values)) return undefined;
      const fault = room.take();
      if (fault) return fault;
      const row: SelectRow = { labels: labels(), value: values.slice(), ...(order.several && { weight: weights.slice() }) };
      found.push(low && high ? { ...row, low: low.slice(), high: high.slice() } : row);
      return undefined;
    },
    rows: () => accept(found),
  };
}

function thinSeries(order: SelectOrder, steps: Steps, { by, points }: NonNullable<SelectOrder["thin"]>): Collector {
  const room = new Room(order, Math.min(points, steps.count));
  const found: SelectRow[] = [];
  return {
    add({ labels, values, low, high }) {
      if (!hasAny(values)) return undefined;
      const fault = room.take();
      if (fault) return fault;
      const kept = thin(values, steps.startMs, steps.stepMs, by, points);
      const at = (column: Float64Array) => Float64Array.from(kept.steps, (step) => column[step] ?? Number.NaN);
      const row: SelectRow = { labels: labels(), value: kept.values, times: kept.times };
      found.push(low && high ? { ...row, low: at(low), high: at(high) } : row);
      return undefined;
    },
    rows: () => accept(found),
  };
}

function topSeries(order: SelectOrder, { count }: Steps, { k, order: by }: NonNullable<SelectOrder["selection"]["top"]>): Collector {
  const labelsOf: (() => Labels)[] = [];
  let best: TopValues | undefined;
  return {
    add({ labels, values }) {
      if (k * count > METRIC_LIMITS.queryValues)
        return wrong(
          "/top/k",
          `The ${k} of each of ${count} steps are more than ${METRIC_LIMITS.queryValues} values. Ask for fewer, or for fewer points.`,
        );
      best ??= new TopValues(count, k, by);
      best.add(labelsOf.push(labels) - 1, values);
      return undefined;
    },
    rows() {
      const winners = best?.winners() ?? new Map<number, Float64Array>();
      if (winners.size > METRIC_LIMITS.querySeries || winners.size * count > METRIC_LIMITS.queryValues)
        return wrong(
          "/top/k",
          `${winners.size} series are among the ${k} at some step. Ask for fewer, for a longer step, or for a shorter range.`,
        );
      return accept([...winners].map(([owner, value]) => ({ labels: labelsOf[owner]?.() ?? {}, value })));
    },
  };
}

/** Counts the rows of an answer against its limits. */
class Room {
  readonly #order: SelectOrder;
  readonly #count: number;
  #taken = 0;

  constructor(order: SelectOrder, count: number) {
    this.#order = order;
    this.#count = count;
  }

  take(): Outcome<never> | undefined {
    const taken = ++this.#taken;
    const limit = rowLimit(this.#order.selection);
    if (taken > limit) {
      const grouped = this.#order.selection.groupBy ?? this.#order.selection.without;
      return wrong(
        "/groupBy",
        `The answer would hold more than ${limit} series. Add matchers, or group by ${grouped ? "fewer" : "some"} labels, or ask for the \`top\` ones.`,
      );
    }
    if (taken * this.#count > METRIC_LIMITS.queryValues) {
      const most = Math.floor(METRIC_LIMITS.queryValues / taken);
      return wrong(
        "/maxPoints",
        `The answer would hold more than ${METRIC_LIMITS.queryValues} values. Ask for at most ${most} points per series, or for fewer series.`,
      );
    }
    return undefined;
  }
}

function hasAny(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) return true;
  return false;
}
