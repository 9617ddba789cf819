import { deleteSeriesQuerySchema, deleteSeriesReplySchema } from "../../contract/metric-catalog.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { CatalogAsk } from "../../contract/rpc/metrics.ts";
import { audited } from "../http/audited.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { metricsOf, type ObjectCall, tenantOf } from "../http/objects.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import { metricSettingsOf } from "./settings-of-tenant.ts";

const WHICH = "says which series go: name a metric, matchers or both";

export function registerSeriesDeletionRoutes(app: App): void {
  route(
    app,
    {
      method: "delete",
      path: "/v1/metrics/series",
      action: "metrics:manage",
      tag: "observe",
      summary: "Delete series with all their points",
      description:
        "By `metric`, by `match` (a JSON array of matchers), or both; one of them is needed. A sender that goes on makes the series anew.",
      query: deleteSeriesQuerySchema,
      answer: { status: 200, schema: deleteSeriesReplySchema },
    },
    async (call) => {
      const { metric, match = [] } = call.query;
      if (metric === undefined && match.length === 0)
        return refuse("invalid-parameter", "Change the query parameters listed in `errors`.", {
          errors: [{ pointer: "?match", detail: WHICH }],
        });
      const which = { ...(metric !== undefined && { metric }), matchers: match };
      return await audited(
        tenantOf(call),
        call.meta,
        { action: "metrics.delete-series", target: "metrics/series", detail: which },
        async () => await deleteSeries(call, which),
        ({ deleted }) => ({ deleted }),
      );
    },
  );
}

/** From every shard; a repetition after one failed deletes what is left. */
async function deleteSeries(
  call: ObjectCall & { readonly ctx: KeepAlive; readonly now: number },
  which: Pick<CatalogAsk, "metric" | "matchers">,
): Promise<Outcome<{ deleted: number }>> {
  const { shards } = await metricSettingsOf(call);
  const outcomes = await Promise.all(Array.from({ length: shards }, async (_, shard) => await metricsOf(call, shard).deleteSeries(which)));
  let deleted = 0;
  for (const outcome of outcomes) {
    if (!outcome.ok) return outcome;
    deleted += outcome.value.deleted;
  }
  return accept({ deleted });
}
