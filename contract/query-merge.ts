import type { Labels } from "./metric-key.ts";
import type { Selection } from "./metric-query.ts";
import type { StepSeries } from "./query-histogram.ts";
import { formOf, labelsKey, mergeRow, type OpenRow, openRow, plainMergeOf, valuesOf } from "./query-rows.ts";
import type { Steps } from "./query-steps.ts";
import type { SelectReply, SelectRow, SelectTrace } from "./rpc/metric-select.ts";

/** Rows over some of the steps: of one shard, or of the part that the edge held already. */
export type Piece = Pick<SelectReply, "rows" | "startMs" | "count">;

/** What all shards said of one selection. */
export interface Gathered {
  readonly pieces: readonly Piece[];
  readonly coarsestMs: number;
  readonly shards: number;
  readonly trace: SelectTrace;
  /** Of so many parts that could have come from the cache, so many did. */
  readonly cacheable: number;
  readonly cached: number;
  readonly waitedMs: number;
}

/** Pieces of all shards become the series of a selection. */
export function mergePieces(selection: Selection, steps: Steps, pieces: readonly Piece[], band: boolean): StepSeries[] {
  if (pieces.some(({ rows }) => rows.some(({ times }) => times))) return mergeThinned(pieces);
  const form = formOf(selection);
  const over = plainMergeOf(selection.aggregate, selection.windowMs !== undefined);
  const found = new Map<string, OpenRow>();
  for (const { rows, startMs, count } of pieces) {
    const offset = Math.round((startMs - steps.startMs) / steps.stepMs);
    const first = Math.max(0, -offset);
    const end = Math.min(count, steps.count - offset);
    for (const row of rows) {
      const key = labelsKey(row.labels);
      let into = found.get(key);
      if (!into) found.set(key, (into = openRow(row.labels, { form, count: steps.count, weights: row.weight !== undefined, band })));
      mergeRow(form, over, into, row, offset + first, first, end);
    }
  }
  return [...found.values()].map((row) => ({
    labels: row.labels,
    values: valuesOf(form, row, selection.quantile ?? 0),
    low: row.low,
    high: row.high,
  }));
}

/** A series that has moved from one shard to another has a line in each, one after the other. */
function mergeThinned(pieces: readonly Piece[]): StepSeries[] {
  const found = new Map<string, { labels: Labels; rows: SelectRow[] }>();
  for (const row of pieces.flatMap(({ rows }) => rows)) {
    const key = labelsKey(row.labels);
    const held = found.get(key);
    if (held) held.rows.push(row);
    else found.set(key, { labels: row.labels, rows: [row] });
  }
  return [...found.values()].map(({ labels, rows }) => {
    const points = rows
      .flatMap(({ times, value, low, high }) =>
        Array.from(times ?? [], (at, i) => ({ at, value: value[i], low: low?.[i], high: high?.[i] })),
      )
      .sort((a, b) => a.at - b.at)
      .filter(({ at }, i, all) => all[i + 1]?.at !== at);
    const column = (of: (point: (typeof points)[number]) => number | undefined) =>
      Float64Array.from(points, (point) => of(point) ?? Number.NaN);
    const banded = rows.some(({ low }) => low);
    return {
      labels,
      times: column(({ at }) => at),
      values: column(({ value }) => value),
      low: banded ? column(({ low }) => low) : undefined,
      high: banded ? column(({ high }) => high) : undefined,
    };
  });
}
