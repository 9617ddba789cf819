import { type Labels, seriesKey } from "./metric-key.ts";
import { type Across, METRIC_LIMITS, type OverTime } from "./metric-limits.ts";
import type { Selection } from "./metric-query.ts";
import { acrossOf } from "./query-plan.ts";
import type { SelectRow } from "./rpc/metric-select.ts";

/** How rows come together: each series by itself, or how several become one. */
export type Form = "plain" | Across;

export function formOf(selection: Selection): Form {
  return acrossOf(selection) ?? "plain";
}

/** Series that may be held of a selection: more where it is only a step towards what is shown. */
export function rowLimit({ top, histogramQuantile, shown }: Selection): number {
  return top || histogramQuantile !== undefined || !shown ? METRIC_LIMITS.heldSeries : METRIC_LIMITS.querySeries;
}

/** A row that is being put together; columns as in {@link SelectRow}. */
export interface OpenRow {
  readonly labels: Labels;
  readonly value: Float64Array;
  readonly weight: Float64Array | undefined;
  readonly spread: Float64Array | undefined;
  readonly low: Float64Array | undefined;
  readonly high: Float64Array | undefined;
  /** For `quantile`: of each step one value after the other. */
  readonly lists: number[][] | undefined;
}

export interface RowShape {
  readonly form: Form;
  readonly count: number;
  /** Whether a plain row keeps weights. */
  readonly weights: boolean;
  readonly band: boolean;
}

export function openRow(labels: Labels, { form, count, weights, band }: RowShape): OpenRow {
  const column = (needed: boolean, fill: number) => (needed ? new Float64Array(count).fill(fill) : undefined);
  const weighted = form === "plain" ? weights : form === "avg" || form === "stddev" || form === "last";
  return {
    labels,
    value: new Float64Array(count).fill(Number.NaN),
    weight: column(weighted, form === "last" ? Number.NEGATIVE_INFINITY : 0),
    spread: column(form === "stddev", 0),
    low: column(band, Number.NaN),
    high: column(band, Number.NaN),
    lists: form === "quantile" ? Array.from({ length: count }, () => []) : undefined,
  };
}

/** Adds the step values of one series, NaN where it has none, to its group. @param times of the newest samples, for `last` */
export function addSeries(form: Across, row: OpenRow, values: Float64Array, times: Float64Array): void {
  const { value, weight, spread, lists } = row;
  for (let i = 0; i < values.length; i++) {
    const added = values[i] ?? Number.NaN;
    if (Number.isNaN(added)) continue;
    const held = value[i] ?? Number.NaN;
    const first = Number.isNaN(held);
    switch (form) {
      case "sum":
        value[i] = first ? added : held + added;
        break;
      case "avg":
        value[i] = first ? added : held + added;
        if (weight) weight[i] = (weight[i] ?? 0) + 1;
        break;
      case "count":
        value[i] = first ? 1 : held + 1;
        break;
      case "min":
        if (first || added < held) value[i] = added;
        break;
      case "max":
        if (first || added > held) value[i] = added;
        break;
      case "last":
        if (weight && (first || isNewer(times[i] ?? 0, added, weight[i] ?? 0, held))) {
          value[i] = added;
          weight[i] = times[i] ?? 0;
        }
        break;
      case "stddev":
        if (weight && spread) addMoments(row, i, added, 1, 0);
        break;
      case "quantile":
        lists?.[i]?.push(added);
        value[i] = 0;
        break;
    }
  }
}

/** Of two values of one time the larger counts, so that the order in which they come does not. */
function isNewer(time: number, value: number, heldTime: number, held: number): boolean {
  return time > heldTime || (time === heldTime && value > held);
}

/** Numbers, their mean and their squared distances from it, of two sets together (Chan, Golub and LeVeque, 1979). */
function addMoments({ value, weight, spread }: OpenRow, i: number, mean: number, count: number, squares: number): void {
  if (!weight || !spread) return;
  const held = weight[i] ?? 0;
  if (held === 0) {
    value[i] = mean;
    weight[i] = count;
    spread[i] = squares;
    return;
  }
  const total = held + count;
  const apart = mean - (value[i] ?? 0);
  value[i] = (value[i] ?? 0) + (apart * count) / total;
  spread[i] = (spread[i] ?? 0) + squares + (apart * apart * held * count) / total;
  weight[i] = total;
}

/**
 * Adds what another shard, or the edge's cache, knows of the same row.
 * @param at step of `row` at which `from` begins
 * @param first,end steps of `from` that count
 */
export function mergeRow(form: Form, over: PlainMerge, row: OpenRow, from: SelectRow, at: number, first: number, end: number): void {
  const { value, weight, lists } = row;
  for (let k = first; k < end; k++) {
    const added = from.value[k] ?? Number.NaN;
    if (Number.isNaN(added)) continue;
    const i = at + k - first;
    const held = value[i] ?? Number.NaN;
    const empty = Number.isNaN(held);
    const theirs = from.weight?.[k] ?? 1;
    switch (form === "plain" ? over : form) {
      case "sum":
      case "count":
        value[i] = empty ? added : held + added;
        break;
      case "min":
        if (empty || added < held) value[i] = added;
        break;
      case "max":
        if (empty || added > held) value[i] = added;
        break;
      case "avg":
        value[i] = empty ? added : held + added;
        if (weight) weight[i] = (weight[i] ?? 0) + theirs;
        break;
      case "mean": {
        const mine = empty ? 0 : (weight?.[i] ?? 1);
        value[i] = empty ? added : (held * mine + added * theirs) / (mine + theirs);
        if (weight) weight[i] = mine + theirs;
        break;
      }
      case "last":
      case "more":
        if (empty || isNewer(theirs, added, weight?.[i] ?? 0, held)) {
          value[i] = added;
          if (weight) weight[i] = theirs;
        }
        break;
      case "stddev":
        addMoments(row, i, added, theirs, from.spread?.[k] ?? 0);
        break;
      case "quantile": {
        const { ends, values } = from.lists ?? NO_LISTS;
        for (let j = k === 0 ? 0 : (ends[k - 1] ?? 0); j < (ends[k] ?? 0); j++) lists?.[i]?.push(values[j] ?? Number.NaN);
        value[i] = 0;
        break;
      }
    }
    if (row.low && !((row.low[i] ?? Number.NaN) <= (from.low?.[k] ?? 0))) row.low[i] = from.low?.[k] ?? Number.NaN;
    if (row.high && !((row.high[i] ?? Number.NaN) >= (from.high?.[k] ?? 0))) row.high[i] = from.high?.[k] ?? Number.NaN;
  }
}

const NO_LISTS = { ends: new Uint32Array(0), values: new Float64Array(0) };

/** How the parts of one series that two shards hold become one: by weight as a mean, or whichever has more. */
export type PlainMerge = "sum" | "min" | "max" | "last" | "mean" | "more";

export function plainMergeOf(over: OverTime, windowed: boolean): PlainMerge {
  switch (over) {
    case "sum":
    case "count":
      return "sum";
    case "rate":
    case "increase":
    case "delta":
      // Increases of the steps before and after a move add up; an extrapolated one is of the samples that one shard saw.
      return windowed ? "more" : "sum";
    case "avg":
      return "mean";
    case "min":
    case "max":
    case "last":
      return over;
    case "stddev":
    case "quantile":
      return "more";
  }
}

/** The row as it travels. */
export function packRow({ labels, value, weight, spread, low, high, lists }: OpenRow): SelectRow {
  return {
    labels,
    value,
    ...(weight && { weight }),
    ...(spread && { spread }),
    ...(low && { low }),
    ...(high && { high }),
    ...(lists && { lists: packLists(lists) }),
  };
}

function packLists(lists: readonly number[][]): NonNullable<SelectRow["lists"]> {
  const ends = new Uint32Array(lists.length);
  let total = 0;
  for (const [i, list] of lists.entries()) ends[i] = total += list.length;
  const values = new Float64Array(total);
  for (const [i, list] of lists.entries()) values.set(list, (ends[i] ?? 0) - list.length);
  return { ends, values };
}

/** The values that the row's partial sums stand for, NaN where there is nothing. */
export function valuesOf(form: Form, row: OpenRow, quantile: number): Float64Array {
  const { value, weight, spread, lists } = row;
  switch (form) {
    case "avg":
      return value.map((sum, i) => sum / (weight?.[i] ?? 1));
    case "stddev":
      return value.map((mean, i) => (Number.isNaN(mean) ? mean : Math.sqrt((spread?.[i] ?? 0) / (weight?.[i] ?? 1))));
    case "quantile":
      return Float64Array.from(lists ?? [], (list) => quantileOf(Float64Array.from(list).sort(), list.length, quantile));
    case "plain":
    case "sum":
    case "count":
    case "min":
    case "max":
    case "last":
      return value;
  }
}

/** The quantile of the first `count` sorted values, between neighbours by their distance, as Prometheus has it; NaN of none. */
export function quantileOf(sorted: Float64Array, count: number, quantile: number): number {
  if (count === 0) return Number.NaN;
  const rank = quantile * (count - 1);
  const below = Math.max(0, Math.floor(rank));
  const above = Math.min(count - 1, below + 1);
  const part = rank - Math.floor(rank);
  return (sorted[below] ?? 0) * (1 - part) + (sorted[above] ?? 0) * part;
}

/** Equal texts for equal labels. */
export function labelsKey(labels: Labels): string {
  return seriesKey("", labels);
}
