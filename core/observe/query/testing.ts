import { metricQuerySchema, type MetricQueryReply } from "../../../contract/metric-query.ts";
import { accept, type Outcome } from "../../../contract/problems.ts";
import { answerQuery, type Gather } from "../../../contract/query-answer.ts";
import { planQuery } from "../../../contract/query-plan.ts";
import type { SelectOrder, SelectReply } from "../../../contract/rpc/metric-select.ts";
import { NOON, type TestShard } from "../testing.ts";
import { ALL_KEPT, TierReader } from "../tier-reader.ts";
import type { TierSource } from "../tier-source.ts";
import { select } from "./select.ts";

export const iso = (ms: number): string => new Date(ms).toISOString();

/** Answers an order from a shard without a pause. */
export function selectAll(
  rig: TestShard,
  order: SelectOrder,
  source: TierSource = new TierReader(rig.shard, NOON, ALL_KEPT),
): Outcome<SelectReply> {
  const { series, labels: index, state } = rig.shard;
  const work = select(order, { series, index, source, dictionary: state.dictionary, closedMs: 0 });
  for (;;) {
    const slice = work.next();
    if (slice.done) return slice.value;
  }
}

/** Asks shards as the edge does, without its cache. */
export function gatherFrom(shards: readonly ((order: SelectOrder) => Outcome<SelectReply>)[]): Gather {
  return async (order) => {
    const replies: SelectReply[] = [];
    for (const shard of shards) {
      const reply = shard(shards.length > 1 ? { ...order, several: true } : order);
      if (!reply.ok) return reply;
      replies.push(reply.value);
    }
    const sum = (of: (reply: SelectReply) => number) => replies.reduce((total, reply) => total + of(reply), 0);
    return await Promise.resolve(
      accept({
        pieces: replies,
        coarsestMs: Math.max(...replies.map(({ coarsestMs }) => coarsestMs)),
        shards: shards.length,
        trace: {
          seriesScanned: sum(({ trace }) => trace.seriesScanned),
          blocksRead: sum(({ trace }) => trace.blocksRead),
          bytesRead: sum(({ trace }) => trace.bytesRead),
          points: {
            raw: sum(({ trace }) => trace.points.raw),
            minute: sum(({ trace }) => trace.points.minute),
            hour: sum(({ trace }) => trace.points.hour),
          },
        },
        cached: 0,
        cacheable: 0,
        waitedMs: 0,
      }),
    );
  };
}

/** A query as written, over the minute from noon where it says nothing else. */
export async function askWith(gather: Gather, query: Record<string, unknown>): Promise<Outcome<MetricQueryReply>> {
  const parsed = metricQuerySchema.parse({
    start: iso(NOON),
    end: iso(NOON + 60_000),
    ...("selections" in query ? {} : { metric: "m" }),
    ...query,
  });
  const plan = planQuery(parsed);
  return plan.ok ? await answerQuery(plan.value, gather) : plan;
}

export async function ask(rig: TestShard, query: Record<string, unknown>, source?: TierSource): Promise<Outcome<MetricQueryReply>> {
  return await askWith(gatherFrom([(order) => selectAll(rig, order, source)]), query);
}
