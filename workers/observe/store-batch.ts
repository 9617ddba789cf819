import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { IngestReply } from "../../contract/metrics.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import type { MetricShardRpc } from "../../contract/rpc/metrics.ts";
import type { IngestBatch } from "./ingest-batch.ts";

/** Sends a batch to its shard and makes the answer of it; learns the references of new series on the way. */
export async function storeBatch(
  shard: Pick<MetricShardRpc, "ingest">,
  batch: IngestBatch,
  batchId: string,
): Promise<Outcome<IngestReply>> {
  if (batch.count === 0) return accept(replyOf(batch, 0, false));
  let sent = batch.encode(true);
  let stored = await shard.ingest(sent.bytes, batchId);
  if (stored.ok && stored.value.unknown) {
    sent = batch.encode(false);
    stored = await shard.ingest(sent.bytes, batchId);
  }
  if (!stored.ok) return stored;
  const { accepted, duplicate, refusedSeries, assigned, dictionary } = stored.value;
  for (const [i, ref] of assigned.entries()) {
    const series = sent.defined[i];
    if (!series || ref === 0) continue;
    series.ref = ref;
    series.dictionary = dictionary;
  }
  for (const sample of refusedSeries) {
    batch.reject({
      index: batch.indexOf(sample),
      reason: "series-limit",
      detail:
        "the series is new and the plan's number of active series, or the room for their names, is used up; drop a label with many or long values, or let old series end (24 h without samples)",
    });
  }
  return accept(replyOf(batch, accepted, duplicate));
}

function replyOf(batch: IngestBatch, accepted: number, duplicate: boolean): IngestReply {
  const rejected = batch.rejected.toSorted((a, b) => a.index - b.index).slice(0, METRIC_LIMITS.namedRejections);
  return { accepted, duplicate, rejectedCount: batch.rejectedCount, rejected };
}
