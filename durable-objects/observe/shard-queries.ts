import { type Outcome, refuse } from "../../contract/problems.ts";
import type { SelectOrder, SelectReply } from "../../contract/rpc/metric-select.ts";
import type { Shard } from "../../core/observe/shard.ts";

export interface QueryParts {
  readonly shard: Shard;
  readonly now: number;
}

/** Answers one selection from a shard. */
export function selectFrom(_order: SelectOrder, _parts: QueryParts): Outcome<SelectReply> {
  return refuse("unavailable", "Not built yet.", { retryAfterS: 60 });
}
