import { plainMetric } from "../../contract/metric-key.ts";
import { type MetricQuery, metricQueryReplySchema, metricQuerySchema } from "../../contract/metric-query.ts";
import { answerQuery } from "../../contract/query-answer.ts";
import { planQuery } from "../../contract/query-plan.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { shareWithVisitors } from "../http/edge-cache.ts";
import { metricSettingsOf } from "./settings-of-tenant.ts";
import { gatherShards } from "./query-shards.ts";

/** Seconds that an answer to visitors may be old: an agent sends every five. */
const VISITORS_STALENESS_S = 5;

export function registerMetricQueryRoutes(app: App): void {
  route(
    app,
    {
      method: "post",
      path: "/v1/metrics/query",
      action: "metrics:read",
      tag: "observe",
      summary: "Query series over a range",
      description:
        "One selection, or several with formulas over them. At a tenant's door an end user needs a grant `metrics:read` for every metric named, or they are public; a public metric shows all of its labels. Visitors share an answer for up to 5 s, over a range widened to whole 5 s.",
      // The metrics that a query can reach: matchers and groups choose among their series. A quoted name is the plain one.
      subjects: ({ body }) => metricsIn(body as MetricQuery), // parsed with the schema below
      door: "also",
      body: metricQuerySchema,
      answer: { status: 200, schema: metricQueryReplySchema },
    },
    async (call) => {
      const query = call.principal.kind === "visitor" ? sharedRange(call.body) : call.body;
      const plan = planQuery(query);
      if (!plan.ok) return plan;
      const key = { name: "metrics/query", parts: query, maxAgeS: VISITORS_STALENESS_S };
      return await shareWithVisitors(call, key, async () => {
        const { shards } = await metricSettingsOf(call);
        return await answerQuery(plan.value, async (order) => await gatherShards(call, shards, order));
      });
    },
  );
}

function metricsIn(query: MetricQuery): string[] {
  const selections = "selections" in query ? query.selections : [query];
  return [...new Set(selections.map(({ metric }) => plainMetric(metric)))];
}

/** Widened to whole multiples of the staleness, so that "the last five minutes" of two visitors is one question and not two. */
function sharedRange(query: MetricQuery): MetricQuery {
  const stepMs = VISITORS_STALENESS_S * 1_000;
  const [start, end] = [Date.parse(query.start), Date.parse(query.end)];
  if (!(start < end)) return query; // an instant, or refused as it is
  return {
    ...query,
    start: new Date(Math.floor(start / stepMs) * stepMs).toISOString(),
    end: new Date(Math.ceil(end / stepMs) * stepMs).toISOString(),
  };
}
