import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { Outcome } from "../../contract/problems.ts";
import type { SelectOrder, SelectReply } from "../../contract/rpc/metric-select.ts";
import { rawSource } from "../../core/observe/query/raw-source.ts";
import { select } from "../../core/observe/query/select.ts";
import { SeriesReader } from "../../core/observe/series-reader.ts";
import type { Shard } from "../../core/observe/shard.ts";

export interface QueryParts {
  readonly shard: Shard;
  readonly now: number;
}

/** Answers one selection from a shard. */
export function selectFrom(order: SelectOrder, { shard, now }: QueryParts): Outcome<SelectReply> {
  const { series, heads, blocks, labels: index, state } = shard;
  const reader = new SeriesReader({ series, heads, blocks, store: shard.deps.store });
  const work = select(order, { series, index, source: rawSource(reader, now - METRIC_LIMITS.pastMs), dictionary: state.dictionary });
  for (;;) {
    const slice = work.next();
    if (slice.done) return slice.value;
  }
}
