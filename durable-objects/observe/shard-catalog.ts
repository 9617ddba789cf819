import type { NewEvent } from "../../contract/events.ts";
import type { MetricAllowance } from "../../contract/metric-settings.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import type { CatalogAnswers, CatalogAsk, IngestSource, RejectedLine, ShardIngestReply } from "../../contract/rpc/metrics.ts";
import { cardinalityOf } from "../../core/observe/cardinality.ts";
import { listExemplars, listLabels, listMetadata, listNames, listSeries, listValues } from "../../core/observe/catalog-lists.ts";
import { IngestFigures, newestOfBatch } from "../../core/observe/ingest-figures.ts";
import type { Shard } from "../../core/observe/shard.ts";
import { type StoreFigures, storageOf } from "../../core/observe/storage-figures.ts";

export interface CatalogDeps {
  readonly shard: () => Shard;
  readonly now: () => number;
  readonly allowance: () => MetricAllowance;
  /** Series that any shard holds at most. */
  readonly maxShardSeries: number;
  readonly store: () => StoreFigures;
}

/** What there is in a shard, and what came to it lately. All of it from memory. */
export class ShardCatalog {
  readonly #deps: CatalogDeps;
  readonly #figures = new IngestFigures();

  constructor(deps: CatalogDeps) {
    this.#deps = deps;
  }

  answer<K extends keyof CatalogAnswers>(ask: K, query: CatalogAsk): Outcome<CatalogAnswers[K]> {
    return this.#answers[ask](query);
  }

  readonly #answers: { readonly [K in keyof CatalogAnswers]: (query: CatalogAsk) => Outcome<CatalogAnswers[K]> } = {
    names: (query) => listNames(query, this.#deps.shard()),
    series: (query) => listSeries(query, this.#deps.shard()),
    labels: (query) => listLabels(query, this.#deps.shard()),
    values: (query) => listValues(query, this.#deps.shard()),
    metadata: (query) => listMetadata(query, this.#deps.shard()),
    exemplars: (query) => listExemplars(query, this.#deps.shard()),
    cardinality: (query) => {
      const { shard, now, allowance, maxShardSeries } = this.#deps;
      const { labels, extras, activeSeries: active } = shard();
      const { activeSeries, newSeriesPerHour, shards } = allowance();
      return accept({
        activeSeries: active,
        maxSeries: Math.min(activeSeries, shards * maxShardSeries),
        newSeriesPerHour,
        newSeries: extras.limits.hours(now()),
        ...cardinalityOf(labels, query.limit),
      });
    },
    storage: () => accept(storageOf(this.#deps.shard(), this.#deps.store(), this.#deps.allowance())),
    rejected: () => {
      const { rejected } = this.#deps.shard().extras;
      const now = this.#deps.now();
      return accept({ items: rejected.lines(now), totals: rejected.totals(now), ingest: this.#figures.list(now) });
    },
  };

  /** Counts what a request brought. One that was not stored, or had been before, brought nothing. */
  noteIngest(source: IngestSource, batch: Uint8Array, outcome: Outcome<ShardIngestReply>): void {
    if (!outcome.ok || outcome.value.unknown) return;
    const { accepted, duplicate, refusedSeries } = outcome.value;
    const note = {
      samples: duplicate ? 0 : accepted,
      rejected: source.rejected + refusedSeries.length,
      newestAt: duplicate ? undefined : newestOfBatch(batch),
    };
    this.#figures.note(source, note, this.#deps.now());
  }

  noteRejected(lines: readonly RejectedLine[]): void {
    this.#deps.shard().extras.rejected.note(lines, this.#deps.now());
  }

  /** The event of a limit on series that has begun to refuse; call within the commit's transaction, which keeps that it was told. */
  limitEvent(subject: string): NewEvent | undefined {
    const { extras, activeSeries: series, state, deps } = this.#deps.shard();
    const limit = extras.limits.takeBegun();
    if (!limit) return undefined;
    extras.limits.save(deps.store, state.nextRef);
    const { activeSeries, newSeriesPerHour } = this.#deps.allowance();
    return { type: "meridian.metrics.series-limit", subject, data: { limit, series, activeSeries, newSeriesPerHour } };
  }
}
