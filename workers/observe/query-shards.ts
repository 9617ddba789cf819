import type { Outcome } from "../../contract/problems.ts";
import { accept, refuse } from "../../contract/problems.ts";
import type { Gathered, Piece } from "../../contract/query-merge.ts";
import type { SelectOrder, SelectReply, SelectTrace } from "../../contract/rpc/metric-select.ts";
import { metricsOf, type ObjectCall } from "../http/objects.ts";

/** What asking shards needs of a route's call. */
export type AskingCall = ObjectCall & { readonly request: Request; readonly now: number };

/** Nobody reads this answer. */
const GONE = refuse("unavailable", "The client has gone.", { retryAfterS: 1 });

/** Asks every shard for one selection, as long as the client waits. */
export async function gatherShards(call: AskingCall, shards: number, order: SelectOrder): Promise<Outcome<Gathered>> {
  const { signal } = call.request;
  if (signal.aborted) return GONE;
  const started = Date.now();
  const asked = shards === 1 ? order : { ...order, several: true };
  const outcomes = await Promise.all(Array.from({ length: shards }, async (_, n) => await metricsOf(call, n).select(asked)));
  if (signal.aborted) return GONE;
  const replies: SelectReply[] = [];
  for (const outcome of outcomes) {
    if (!outcome.ok) return outcome;
    replies.push(outcome.value);
  }
  return accept({
    pieces: replies.map(({ rows, startMs, count }): Piece => ({ rows, startMs, count })),
    coarsestMs: Math.max(...replies.map(({ coarsestMs }) => coarsestMs)),
    shards,
    trace: sumOf(replies.map(({ trace }) => trace)),
    cached: 0,
    cacheable: 0,
    waitedMs: Date.now() - started,
  });
}

function sumOf(traces: readonly SelectTrace[]): SelectTrace {
  const sum = (of: (trace: SelectTrace) => number) => traces.reduce((total, trace) => total + of(trace), 0);
  return {
    seriesScanned: sum(({ seriesScanned }) => seriesScanned),
    blocksRead: sum(({ blocksRead }) => blocksRead),
    bytesRead: sum(({ bytesRead }) => bytesRead),
    points: { raw: sum(({ points }) => points.raw), minute: sum(({ points }) => points.minute), hour: sum(({ points }) => points.hour) },
  };
}
