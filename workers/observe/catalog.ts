import {
  cardinalityQuerySchema,
  cardinalitySchema,
  catalogQuerySchema,
  exemplarListSchema,
  exemplarsQuerySchema,
  labelListSchema,
  labelParamSchema,
  metadataListSchema,
  metricNamesSchema,
  rejectedSchema,
  seriesListSchema,
  storageSchema,
} from "../../contract/metric-catalog.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { Matcher } from "../../contract/metric-query.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import type { CatalogAnswers, CatalogAsk } from "../../contract/rpc/metrics.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { metricsOf, type ObjectCall } from "../http/objects.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import {
  asksOfEach,
  mergeCardinality,
  mergeExemplars,
  mergeLabels,
  mergeMetadata,
  mergeNames,
  mergeRejected,
  mergeSeries,
} from "./catalog-merge.ts";
import { metricSettingsOf } from "./settings-of-tenant.ts";

const common = { method: "get", action: "metrics:read", tag: "observe" } as const;

const WHICH =
  "`metric` and `match`, a JSON array of matchers, narrow the question; `search` finds a part of the text, what begins with it first. `total` says how many there are when the list is cut.";

/** What there is. Everything is answered from memory of the tenant's shards, so a page may ask while somebody types. */
export function registerMetricCatalogRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      path: "/v1/metrics/names",
      summary: "List metrics with their type and number of series",
      description: WHICH,
      query: catalogQuerySchema,
      answer: { status: 200, schema: metricNamesSchema },
    },
    async (call) => await askShards(call, "names", askOf(call.query), mergeNames),
  );
  route(
    app,
    {
      ...common,
      path: "/v1/metrics/series",
      summary: "List series, those with the newest samples first",
      description: WHICH,
      query: catalogQuerySchema,
      answer: { status: 200, schema: seriesListSchema },
    },
    async (call) => await askShards(call, "series", askOf(call.query), mergeSeries),
  );
  route(
    app,
    {
      ...common,
      path: "/v1/metrics/labels",
      summary: "List labels with their number of series",
      description: WHICH,
      query: catalogQuerySchema,
      answer: { status: 200, schema: labelListSchema },
    },
    async (call) => await askShards(call, "labels", askOf(call.query), mergeLabels),
  );
  route(
    app,
    {
      ...common,
      path: "/v1/metrics/labels/{name}/values",
      summary: "List a label's values with their number of series",
      description: WHICH,
      params: labelParamSchema,
      query: catalogQuerySchema,
      answer: { status: 200, schema: labelListSchema },
    },
    async (call) => await askShards(call, "values", { ...askOf(call.query), label: call.params.name }, mergeLabels),
  );
  route(
    app,
    {
      ...common,
      path: "/v1/metrics/metadata",
      summary: "List what senders say of their metrics: type, unit and help",
      query: catalogQuerySchema.omit({ match: true }),
      answer: { status: 200, schema: metadataListSchema },
    },
    async (call) => await askShards(call, "metadata", askOf(call.query), mergeMetadata),
  );
  route(
    app,
    {
      ...common,
      path: "/v1/metrics/exemplars",
      summary: "List exemplars with their trace ids, the newest first",
      query: exemplarsQuerySchema,
      answer: { status: 200, schema: exemplarListSchema },
    },
    async (call) => {
      const { start, end, ...query } = call.query;
      const range = { ...(start !== undefined && { startMs: Date.parse(start) }), ...(end !== undefined && { endMs: Date.parse(end) }) };
      return await askShards(call, "exemplars", { ...askOf(query), ...range }, mergeExemplars);
    },
  );
  registerFigureRoutes(app);
}

function registerFigureRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      path: "/v1/metrics/cardinality",
      summary: "Show what takes how many series, and how many began in each hour",
      query: cardinalityQuerySchema,
      answer: { status: 200, schema: cardinalitySchema },
    },
    async (call) => await askShards(call, "cardinality", { limit: call.query.limit }, mergeCardinality),
  );
  route(
    app,
    {
      ...common,
      path: "/v1/metrics/storage",
      summary: "Show what each shard holds, by tier",
      answer: { status: 200, schema: storageSchema },
    },
    async (call) => await askShards(call, "storage", { limit: METRIC_LIMITS.listed }, (shards) => ({ shards: [...shards] })),
  );
  route(
    app,
    {
      ...common,
      path: "/v1/metrics/rejected",
      summary: "Show samples that were refused lately, and what came in by protocol and key",
      description: "Refused samples of the last 24 hours, the newest first, with an example of each kind; what came in over the last hour.",
      answer: { status: 200, schema: rejectedSchema },
    },
    async (call) => await askShards(call, "rejected", { limit: METRIC_LIMITS.rejectedKept }, mergeRejected),
  );
}

type Query = Partial<Pick<CatalogAsk, "metric" | "search">> & { readonly match?: readonly Matcher[] | undefined; readonly limit: number };

function askOf({ metric, match, search, limit }: { [K in keyof Query]: Query[K] | undefined } & { limit: number }): CatalogAsk {
  return {
    ...(metric !== undefined && { metric }),
    ...(match !== undefined && { matchers: match }),
    ...(search !== undefined && { search }),
    limit,
  };
}

/** Asks every shard of the tenant and makes one answer of theirs. One that cannot answer fails the question: half a list would be believed. */
export async function askShards<K extends keyof CatalogAnswers, T>(
  call: ObjectCall & { readonly ctx: KeepAlive; readonly now: number },
  ask: K,
  query: CatalogAsk,
  merge: (parts: readonly CatalogAnswers[K][], query: CatalogAsk) => T,
): Promise<Outcome<T>> {
  const { shards } = await metricSettingsOf(call);
  const each = asksOfEach(query, shards);
  const answers = await Promise.all(Array.from({ length: shards }, async (_, shard) => await metricsOf(call, shard).catalog(ask, each)));
  const parts: CatalogAnswers[K][] = [];
  for (const answer of answers) {
    if (!answer.ok) return answer;
    parts.push(answer.value);
  }
  return accept(merge(parts, query));
}
