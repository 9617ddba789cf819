import type { Selection } from "../metric-query.ts";

/** One selection over given steps. */
export interface SelectOrder {
  readonly selection: Selection;
  /** Epoch milliseconds of the first step; `count` steps of `stepMs`. */
  readonly startMs: number;
  readonly stepMs: number;
  readonly count: number;
}

/** What a shard knows of a selection: to be merged with the answers of the others. */
export interface SelectReply {
  /** Changes whenever the answer for a closed range could: by late samples, new series and deletions. */
  readonly epoch: string;
}
