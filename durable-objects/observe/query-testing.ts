import { metricQuerySchema, type MetricQueryReply } from "../../contract/metric-query.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import { answerQuery } from "../../contract/query-answer.ts";
import { planQuery } from "../../contract/query-plan.ts";
import type { MetricShardRpc } from "../../contract/rpc/metrics.ts";

/** Asks one shard as the edge does. @param query as written; times in epoch milliseconds */
export async function askShard(
  shard: Pick<MetricShardRpc, "select">,
  { fromMs, toMs, ...query }: { metric: string; fromMs: number; toMs: number; [field: string]: unknown },
): Promise<Outcome<MetricQueryReply>> {
  const plan = planQuery(metricQuerySchema.parse({ ...query, start: new Date(fromMs).toISOString(), end: new Date(toMs).toISOString() }));
  if (!plan.ok) return plan;
  return await answerQuery(plan.value, async (order) => {
    const reply = await shard.select(order);
    if (!reply.ok) return reply;
    const { rows, startMs, count, coarsestMs, trace } = reply.value;
    return accept({ pieces: [{ rows, startMs, count }], coarsestMs, shards: 1, trace, cached: 0, cacheable: 0, waitedMs: 0 });
  });
}
