import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { Gathered, Piece } from "../../contract/query-merge.ts";
import type { SelectOrder, SelectReply, SelectTrace } from "../../contract/rpc/metric-select.ts";
import { metricsOf, type ObjectCall } from "../http/objects.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import { type ClosedRange, cutPiece, findRange, isCacheable, keepRange, rangeKey } from "./query-cache.ts";

/** What asking shards needs of a route's call. */
export type AskingCall = ObjectCall & { readonly request: Request; readonly ctx: KeepAlive; readonly now: number };

/** Nobody reads this answer. */
const GONE = refuse("unavailable", "The client has gone.", { retryAfterS: 1 });

/** One shard's part, and whether it could have come from the cache, and did. */
interface Part {
  readonly reply: SelectReply;
  readonly pieces: readonly Piece[];
  readonly cacheable: boolean;
  readonly cached: boolean;
}

/** Asks every shard for one selection, as long as the client waits. Steps that are closed come from the cache where the shard agrees. */
export async function gatherShards(call: AskingCall, shards: number, order: SelectOrder): Promise<Outcome<Gathered>> {
  const { signal } = call.request;
  if (signal.aborted) return GONE;
  const ticket = crypto.randomUUID();
  const places = Array.from({ length: shards }, (_, place) => place);
  // Objects go on when their caller is gone: they are told, which outlives this request by a moment.
  const withdraw = () => call.ctx.waitUntil(Promise.allSettled(places.map(async (place) => await metricsOf(call, place).withdraw(ticket))));
  signal.addEventListener("abort", withdraw, { once: true });
  const started = Date.now();
  try {
    const asked = { ...order, ticket, ...(shards > 1 && { several: true }) };
    const outcomes = await Promise.all(places.map(async (place) => await askShard(call, place, asked)));
    if (signal.aborted) return GONE;
    const parts: Part[] = [];
    for (const outcome of outcomes) {
      if (!outcome.ok) return outcome;
      parts.push(outcome.value);
    }
    return accept({
      pieces: parts.flatMap(({ pieces }) => pieces),
      coarsestMs: Math.max(...parts.map(({ reply }) => reply.coarsestMs)),
      shards,
      trace: sumOf(parts.map(({ reply }) => reply.trace)),
      cached: parts.filter(({ cached }) => cached).length,
      cacheable: parts.filter(({ cacheable }) => cacheable).length,
      waitedMs: Date.now() - started,
    });
  } finally {
    signal.removeEventListener("abort", withdraw);
  }
}

async function askShard(call: AskingCall, place: number, order: SelectOrder): Promise<Outcome<Part>> {
  const shard = metricsOf(call, place);
  if (!isCacheable(order)) {
    const outcome = await shard.select(order);
    return outcome.ok ? accept({ reply: outcome.value, pieces: [outcome.value], cacheable: false, cached: false }) : outcome;
  }
  const { env, ctx, now, principal } = call;
  const key = await rangeKey(env, principal.tenantId, place, order);
  const held = await findRange(env, key, order, now);
  const outcome = await shard.select(held ? { ...order, known: knownOf(held, order) } : order);
  if (!outcome.ok) return outcome;
  const reply = outcome.value;
  const cached = held !== undefined && reply.unchanged;
  // What has left the coarsest tier meanwhile is not shown, though the cache has it.
  const pieces = cached ? [cutPiece(held, order.stepMs, Math.max(order.startMs, reply.oldestMs), reply.startMs), reply] : [reply];
  ctx.waitUntil(keepRange(env, key, order, held, reply, now));
  return accept({ reply, pieces, cacheable: cached || reply.closedMs > order.startMs, cached });
}

function knownOf({ epoch, startMs, count }: ClosedRange, { stepMs }: SelectOrder): NonNullable<SelectOrder["known"]> {
  return { epoch, endMs: startMs + count * stepMs };
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
