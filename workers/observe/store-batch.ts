import { type IngestProtocol, METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { IngestReply } from "../../contract/metrics.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import { actorOf, type KnownPrincipal } from "../../contract/principal.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { IngestSource, MetricShardRpc, ShardIngestReply } from "../../contract/rpc/metrics.ts";
import { SERIES_LIMITS } from "../../contract/series-limit.ts";
import type { EdgeEnv } from "../env.ts";
import { metricsOf } from "../http/objects.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import type { BatchPart } from "./batch-parts.ts";
import type { IngestBatch } from "./ingest-batch.ts";
import { metricSettingsOf } from "./settings-of-tenant.ts";
import { noteRejections } from "./rejections.ts";

/** What storing needs of a route's call. */
export interface StoreCall {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
  readonly principal: KnownPrincipal;
  readonly meta: CallMeta;
  readonly now: number;
}

/**
 * Sends a batch to the shards of its series and makes the answer of theirs. Resolves when all have committed; when one cannot, the
 * whole request is refused, and sent again it adds nothing where it was stored, because every shard knows the batch id.
 * Rejections go to the inspector behind the answer.
 */
export async function storeSamples(
  call: StoreCall,
  batch: IngestBatch,
  batchId: string,
  protocol: IngestProtocol,
): Promise<Outcome<IngestReply>> {
  const { shards } = await metricSettingsOf(call);
  const parts = batch.parts(shards, call.now, protocol === "import" ? "hours" : undefined);
  const source: IngestSource = { protocol, keyId: keyIdOf(call.principal), rejected: batch.rejectedCount };
  const places = Map.groupBy(parts, ({ place }) => place);
  const first = parts[0];
  const stored = await Promise.allSettled(
    [...places.values()].map(async (ofPlace) => {
      const answers: Outcome<ShardIngestReply>[] = [];
      // One after the other: a shard takes them no faster at once, and they need not all be held.
      for (const part of ofPlace) {
        const id = part.turn === 0 ? batchId : `${batchId}/${part.turn}`;
        // The request's rejections are counted once, by the first.
        const answer = await storePart(call, batch, part, id, part === first ? source : { ...source, rejected: 0 });
        answers.push(answer);
        if (!answer.ok) break;
      }
      return answers;
    }),
  );
  let accepted = 0;
  let duplicate = parts.length > 0;
  for (const place of stored) {
    if (place.status === "rejected") throw place.reason;
    for (const answer of place.value) {
      if (!answer.ok) return answer;
      accepted += answer.value.accepted;
      if (!answer.value.duplicate) duplicate = false;
    }
  }
  if (batch.rejectedCount > 0) noteRejections(call, batch, source);
  return accept(replyOf(batch, accepted, duplicate));
}

async function storePart(
  call: StoreCall,
  batch: IngestBatch,
  part: BatchPart,
  batchId: string,
  source: IngestSource,
): Promise<Outcome<ShardIngestReply>> {
  const shard = metricsOf(call, part.place);
  let sent = batch.encode(true, part);
  let stored = await send(shard, sent.bytes, batchId, source);
  if (stored.ok && stored.value.unknown) {
    sent = batch.encode(false, part);
    stored = await send(shard, sent.bytes, batchId, source);
  }
  if (!stored.ok) return stored;
  const { refusedSeries, refusedBy = "active", assigned, dictionary } = stored.value;
  for (const [i, ref] of assigned.entries()) {
    const series = sent.defined[i];
    if (!series || ref === 0) continue;
    series.ref = ref;
    series.dictionary = dictionary;
  }
  for (const metadata of sent.metadata) batch.tenant.metadata.note(metadata, call.now);
  for (const sample of refusedSeries) {
    const at = part.samples ? (part.samples[sample] ?? 0) : sample;
    batch.reject(
      {
        index: batch.indexOf(at),
        reason: "series-limit",
        detail: SERIES_LIMITS[refusedBy],
      },
      () => batch.seriesOf(at)?.key ?? "",
    );
  }
  return stored;
}

async function send(shard: MetricShardRpc, bytes: Uint8Array, batchId: string, source: IngestSource): Promise<Outcome<ShardIngestReply>> {
  return source.protocol === "import" ? await shard.importBatch(bytes, batchId) : await shard.ingest(bytes, batchId, source);
}

/** As the figures by key name it: the key's id, or who sent it from the console. */
function keyIdOf(principal: KnownPrincipal): string {
  return principal.kind === "service" ? principal.keyId : actorOf(principal);
}

function replyOf(batch: IngestBatch, accepted: number, duplicate: boolean): IngestReply {
  const rejected = batch.rejected.toSorted((a, b) => a.index - b.index).slice(0, METRIC_LIMITS.namedRejections);
  return { accepted, duplicate, rejectedCount: batch.rejectedCount, rejected };
}
