import type { Labels } from "../metric-key.ts";
import type { Tier } from "../metric-limits.ts";
import type { Selection } from "../metric-query.ts";

/** One selection over given steps. */
export interface SelectOrder {
  readonly selection: Selection;
  /** Epoch milliseconds of the first step; `count` steps of `stepMs`. */
  readonly startMs: number;
  readonly stepMs: number;
  readonly count: number;
  /** Whether other shards answer too: plain series then carry weights, because one that has moved is in two of them. */
  readonly several?: boolean;
  /** Whether plain series come with the smallest and largest sample of each step. */
  readonly band?: boolean;
  /** Plain series are thinned out to so many points where they lie: the reply's rows then have `times`. */
  readonly thin?: { readonly by: "lttb" | "m4"; readonly points: number };
  /** First steps that the asker holds from an earlier reply: when its epoch is still true, they are left out. */
  readonly known?: { readonly epoch: string; readonly endMs: number };
  /** By which it is withdrawn when nobody waits for it any more. */
  readonly ticket?: string;
}

/**
 * One series or group. Columns have an entry per step, NaN where there is nothing. What they hold depends on how series are combined:
 * `value` is the value itself, a sum (`avg`), a count, or the mean (`stddev`); see `contract/query-rows.ts`.
 */
export interface SelectRow {
  readonly labels: Labels;
  readonly value: Float64Array;
  /** Samples or series behind the value; for `last` the time of the newest. */
  readonly weight?: Float64Array;
  /** Sum of squared distances from the mean, for `stddev`. */
  readonly spread?: Float64Array;
  /** For `quantile`: the values of step `i` are `lists.values[lists.ends[i - 1]]` up to `lists.ends[i]`. */
  readonly lists?: { readonly ends: Uint32Array; readonly values: Float64Array };
  readonly low?: Float64Array;
  readonly high?: Float64Array;
  /** Of a thinned row: when its points are, epoch milliseconds. */
  readonly times?: Float64Array;
}

/** What a shard knows of a selection: to be merged with the answers of the others. */
export interface SelectReply {
  /** Changes whenever the answer for a closed range could: by late samples, new series and deletions. */
  readonly epoch: string;
  /** The steps that the asker held are as they were; `startMs` is where they end. */
  readonly unchanged: boolean;
  /** What the columns cover. */
  readonly startMs: number;
  readonly count: number;
  /** Steps that end by then change with the epoch only. */
  readonly closedMs: number;
  /** There is nothing before. */
  readonly oldestMs: number;
  /** Milliseconds between the points of the coarsest tier that had to be read for want of a finer one; 0 when none had. */
  readonly coarsestMs: number;
  readonly rows: readonly SelectRow[];
  readonly trace: SelectTrace;
}

export interface SelectTrace {
  readonly seriesScanned: number;
  readonly blocksRead: number;
  readonly bytesRead: number;
  readonly points: Readonly<Record<Tier, number>>;
}
