import { type MetricSettingsView, metricSettingsSchema, metricSettingsViewSchema } from "../../contract/metric-settings.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { etagOf, ifMatchVersion } from "../http/etag.ts";
import { tenantOf } from "../http/objects.ts";

const common = { path: "/v1/metrics/settings", tag: "observe" } as const;

export function registerMetricSettingsRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      method: "get",
      action: "metrics:read",
      summary: "How the tenant's metrics are kept: what is set, and what counts because of it",
      answer: { status: 200, schema: metricSettingsViewSchema },
    },
    async (call) => versioned(await tenantOf(call).metricSettings(), call.answerHeaders),
  );
  route(
    app,
    {
      ...common,
      method: "put",
      action: "metrics:manage",
      summary: "Replace how the tenant's metrics are kept",
      description:
        "The whole, each time; null is the plan's value, which is also the most. The number of shards can only grow. Send If-Match with the ETag of what you saw. Shards follow within ten minutes.",
      body: metricSettingsSchema,
      answer: { status: 200, schema: metricSettingsViewSchema },
      problems: ["precondition-failed"],
    },
    async (call) => {
      const expected = ifMatchVersion(call.request);
      if (!expected.ok) return expected;
      return versioned(await tenantOf(call).putMetricSettings(call.body, expected.value, call.meta), call.answerHeaders);
    },
  );
}

function versioned(
  outcome: Outcome<{ readonly view: MetricSettingsView; readonly version: number }>,
  headers: Headers,
): Outcome<MetricSettingsView> {
  if (!outcome.ok) return outcome;
  headers.set("etag", etagOf(outcome.value.version));
  return accept(outcome.value.view);
}
