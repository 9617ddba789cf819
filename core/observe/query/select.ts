import { parseSeriesKey } from "../../../contract/metric-key.ts";
import { METRIC_LIMITS, type OverTime, ROLLUP_STEPS_MS } from "../../../contract/metric-limits.ts";
import { accept, type Outcome } from "../../../contract/problems.ts";
import { wrong } from "../../../contract/query-plan.ts";
import type { SelectOrder, SelectReply, SelectRow } from "../../../contract/rpc/metric-select.ts";
import type { LabelIndex } from "../label-index.ts";
import type { SeriesTable } from "../series-table.ts";
import type { TierSource } from "../tier-source.ts";
import { chooseSeries, isDelta, shownLabels } from "./choose.ts";
import { collectorFor } from "./collect.ts";
import { type ReadOrder, type SeriesValuesReader, seriesValues, tiersFor } from "./read-series.ts";
import type { Segment } from "./segments.ts";

export interface SelectDeps {
  readonly series: SeriesTable;
  readonly index: LabelIndex;
  readonly source: TierSource;
  /** Whose references these are: another answer stands behind those of another start. */
  readonly dictionary: number;
  /** Steps that end by then change only with the late epoch of a series; epoch milliseconds. */
  readonly closedMs: number;
}

/** Points read between two breaths: a few milliseconds. */
const SLICE_POINTS = 400_000;
/** Samples in windows looked at between two breaths, each as often as windows hold it. */
const SLICE_FOLDED = 20_000_000;
/** Functions that look at every sample of each window. */
const WALKS: ReadonlySet<OverTime> = new Set(["avg", "min", "max", "sum", "stddev", "quantile"]);
/** Series looked at between two breaths, however few points they have. */
const SLICE_SERIES = 500;

/**
 * Answers one selection from a shard's series, slice by slice. Whoever runs it may give others their turn between slices, or stop. Limits
 * are refused with the way to narrow the question.
 */
export function* select(order: SelectOrder, deps: SelectDeps): Generator<void, Outcome<SelectReply>> {
  const { selection, stepMs } = order;
  const { series, source, closedMs } = deps;
  const chosen = chooseSeries(selection, series, deps.index);
  if (!chosen.ok) return chosen;
  const slots = chosen.value;
  const refs = slots.map((slot) => series.refOf(slot));
  const epoch = epochOf(deps, slots);
  const endMs = order.startMs + order.count * stepMs;
  const known = order.known;
  const unchanged = known !== undefined && known.epoch === epoch && known.endMs <= closedMs && known.endMs > order.startMs;
  const startMs = unchanged ? Math.min(known.endMs, endMs) : order.startMs;
  const steps = { startMs, stepMs, count: (endMs - startMs) / stepMs };
  const reply = (rows: readonly SelectRow[], segments: readonly Segment[]): Outcome<SelectReply> =>
    accept({
      epoch,
      unchanged,
      startMs,
      count: steps.count,
      closedMs,
      oldestMs: oldestOf(source),
      coarsestMs: coarsestOf(segments, stepMs),
      rows,
      trace: {
        seriesScanned: slots.length,
        blocksRead: source.trace.blocksRead,
        bytesRead: source.trace.bytesRead,
        points: { ...source.trace.points },
      },
    });
  if (steps.count === 0 || slots.length === 0) return reply([], []);

  const { aggregate: over, windowMs, quantile = 0 } = selection;
  const asked = { over, quantile, steps, windowMs, band: order.band ?? false };
  const affordable = readerFor(asked, slots, source);
  if (!affordable.ok) return affordable;
  const reader = affordable.value;
  const collector = collectorFor(order, steps);
  let read = pointsOf(source);
  let folded = 0;
  for (const [i, slot] of slots.entries()) {
    if (i % SLICE_SERIES === SLICE_SERIES - 1 || pointsOf(source) - read > SLICE_POINTS || folded > SLICE_FOLDED) {
      read = pointsOf(source);
      folded = 0;
      yield;
    }
    // The slot may be another series' by now: this one has ended meanwhile.
    if (series.refOf(slot) !== refs[i]) continue;
    const delta = isDelta(series, slot);
    const columns = reader.read(slot, delta);
    if (windowMs !== undefined && WALKS.has(over)) for (const samples of columns.weights) folded += samples;
    const key = series.keyOf(slot) ?? "";
    const labels = () => shownLabels(parseSeriesKey(key)?.labels ?? {});
    const fault = collector.add({ ...columns, labels });
    if (fault) return fault;
  }
  const rows = collector.rows();
  return rows.ok ? reply(rows.value, reader.segments) : rows;
}

/** The first reader whose rows are few enough to decode. */
function readerFor(asked: ReadOrder, slots: readonly number[], source: TierSource): Outcome<SeriesValuesReader> {
  let bytes = 0;
  for (const wanted of tiersFor(asked.over, asked.steps.stepMs, asked.windowMs)) {
    const reader = seriesValues(asked, wanted, source);
    const work = bytesOf(reader.segments, slots, source);
    if (work <= METRIC_LIMITS.scannedBytes) return accept(reader);
    bytes ||= work;
  }
  return wrong(
    "/start",
    `This would read ${Math.ceil(bytes / (1 << 20))} MiB of points; at most ${METRIC_LIMITS.scannedBytes >> 20} MiB. Ask for a shorter range, or add matchers.`,
  );
}

function bytesOf(segments: readonly Segment[], slots: readonly number[], source: TierSource): number {
  let bytes = 0;
  for (const { tier, from, end } of segments) {
    for (const slot of slots) {
      bytes += source.bytesFor(slot, tier, from, end);
      if (bytes > METRIC_LIMITS.scannedBytes && slots.length > 1_000) return bytes;
    }
  }
  return bytes;
}

/** By how much steps would have to be longer for every one of them to hold a rollup that was read. */
function coarsestOf(segments: readonly Segment[], stepMs: number): number {
  const coarsest = Math.max(0, ...segments.map(({ tier }) => (tier === "raw" ? 0 : ROLLUP_STEPS_MS[tier])));
  return coarsest > stepMs ? coarsest : 0;
}

function oldestOf(source: TierSource): number {
  return Math.min(
    source.oldest("raw"),
    ...(["minute", "hour"] as const).map((tier) =>
      source.rolledTo(tier) > source.oldest(tier) ? source.oldest(tier) : Number.POSITIVE_INFINITY,
    ),
  );
}

function pointsOf({ trace: { points } }: TierSource): number {
  return points.raw + points.minute + points.hour;
}

/** Of the series and of what came to them late: two lanes of FNV-1a (Fowler, Noll, Vo) over 32-bit words. */
function epochOf({ series, source, dictionary }: SelectDeps, slots: readonly number[]): string {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  const take = (word: number) => {
    a = Math.imul(a ^ word, 0x01000193);
    a ^= a >>> 15;
    b = Math.imul(b ^ word, 0x85ebca6b);
    b ^= b >>> 13;
  };
  take(dictionary);
  for (const slot of slots) {
    take(series.refOf(slot));
    take(source.lateEpoch(slot));
  }
  return `${dictionary.toString(36)}.${slots.length.toString(36)}.${(a >>> 0).toString(36)}.${(b >>> 0).toString(36)}`;
}
