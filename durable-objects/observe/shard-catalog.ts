import { type Outcome, refuse } from "../../contract/problems.ts";
import type { CatalogAnswers, CatalogAsk, RejectedLine } from "../../contract/rpc/metrics.ts";
import type { Shard } from "../../core/observe/shard.ts";

export interface CatalogDeps {
  readonly shard: () => Shard;
  readonly now: () => number;
}

/** What there is in a shard, and what came to it lately. */
export class ShardCatalog {
  readonly deps: CatalogDeps;

  constructor(deps: CatalogDeps) {
    this.deps = deps;
  }

  answer<K extends keyof CatalogAnswers>(_ask: K, _query: CatalogAsk): Outcome<CatalogAnswers[K]> {
    return refuse("unavailable", "Not built yet.", { retryAfterS: 60 });
  }

  noteRejected(_lines: readonly RejectedLine[]): void {}
}
