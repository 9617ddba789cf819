import { callObject, objectAt, objectName } from "../../contract/address.ts";
import { catalogQuerySchema } from "../../contract/metric-catalog.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { metricQuerySchema } from "../../contract/metric-query.ts";
import { answerQuery } from "../../contract/query-answer.ts";
import { planQuery } from "../../contract/query-plan.ts";
import type { CatalogAsk } from "../../contract/rpc/metrics.ts";
import { inParallel } from "../consumers/parallel.ts";
import type { EdgeEnv } from "../env.ts";
import { askShards } from "./catalog.ts";
import { mergeLabels, mergeNames } from "./catalog-merge.ts";
import { type AskingCall, gatherShards } from "./query-shards.ts";
import { metricSettingsOf } from "./settings-of-tenant.ts";

export const WARM_LIMITS = {
  /** Shards of a node: full ones take some 30 MiB each. */
  shards: 16,
  /** They share a processor: a second one only fills the pauses of the first. */
  atOnce: 2,
  /** Labels whose values are asked for: those with the most series. */
  labels: 10,
} as const;

/** Makes the shard read its rows, and its index of labels, which the first question would. */
const FIRST_QUESTION: CatalogAsk = { limit: 1 };
const HOUR_MS = 3_600_000;

/**
 * Opens the newest metric shards that the registry knows, so that nobody's first question waits for write-ahead rows to be read, then
 * asks the newest one's tenant what a page asks first, so that nobody waits for code to be compiled. For a single node, before it says
 * that it runs; on Cloudflare objects come and go by themselves. What fails is logged: whoever asks again is told.
 * @param now epoch milliseconds
 */
export async function warmShards(env: EdgeEnv, ctx: ExecutionContext, now: number): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT tenant_id AS tenantId, name FROM control_object WHERE kind = 'metrics' ORDER BY created_at DESC, tenant_id, name LIMIT ?1",
  )
    .bind(WARM_LIMITS.shards)
    .all<{ tenantId: string; name: string }>();
  await inParallel(results, WARM_LIMITS.atOnce, async ({ tenantId, name }) => {
    const address = { tenantId, kind: "metrics", name } as const;
    await logged(objectName(address), async () => {
      await callObject(async () => await objectAt(env.METRICS, address).catalog("names", FIRST_QUESTION));
    });
  });
  const [newest] = results;
  if (!newest) return;
  const { tenantId } = newest;
  const request = new Request("https://node.invalid/");
  await logged(tenantId, async () => await askLikeAPage({ env, ctx, now, request, principal: { tenantId } }));
}

/** Lists of metrics, labels and values, and a chart of the metric with the fewest series, since the answers are for nobody. */
async function askLikeAPage(call: AskingCall): Promise<void> {
  // Through the schema too, of which most of the code is.
  const { limit } = catalogQuerySchema.parse({ limit: METRIC_LIMITS.listed, match: "[]" });
  const names = await askShards(call, "names", { limit }, mergeNames);
  const [most, fewest] = names.ok ? [names.value.items[0]?.metric, names.value.items.at(-1)?.metric] : [];
  if (most === undefined || fewest === undefined) return;
  const labels = await askShards(call, "labels", { limit: WARM_LIMITS.labels }, mergeLabels);
  for (const { value: label } of labels.ok ? labels.value.items : []) {
    // The first puts the values in order, the second leaves some out: what counts series is compiled on as many as a page has.
    const values = await askShards(call, "values", { label, limit }, mergeLabels);
    const value = values.ok ? (values.value.items[0]?.value ?? "") : "";
    await askShards(call, "values", { metric: most, matchers: [{ label, op: "!=", value }], label, limit }, mergeLabels);
  }
  const [start, end] = [call.now - HOUR_MS, call.now].map((at) => new Date(at).toISOString());
  const plan = planQuery(metricQuerySchema.parse({ metric: fewest, start, end }));
  const { shards } = await metricSettingsOf(call);
  if (plan.ok) await answerQuery(plan.value, async (order) => await gatherShards(call, shards, order));
}

async function logged(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    console.error(JSON.stringify({ level: "error", event: "warm-failed", object: what, error: String(error) }));
  }
}
