import type { IngestSource, RejectedLine } from "../../contract/rpc/metrics.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { Lru } from "../http/lru.ts";
import { metricsOf, type ObjectCall } from "../http/objects.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import type { IngestBatch } from "./ingest-batch.ts";

export const REJECTION_LIMITS = {
  /** Lines of one request: its most frequent reasons. */
  perRequest: 5,
  /** One line of a reason, key and protocol in this time; what comes between is counted into the next. */
  everyMs: 5_000,
  remembered: 5_000,
} as const;

/** Rejected samples that no line has told yet, by tenant, key, protocol and reason. */
const untold = new Lru<{ toldAt: number; samples: number }>(REJECTION_LIMITS.remembered);
registerIsolateCache(() => untold.clear());

/** Tells the inspector, behind the answer, what a request's rejections were. Always in the tenant's first shard. */
export function noteRejections(
  call: ObjectCall & { readonly ctx: KeepAlive; readonly now: number },
  batch: IngestBatch,
  source: IngestSource,
): void {
  const { now } = call;
  const lines: RejectedLine[] = [];
  const reasons = [...batch.reasons].toSorted(([, a], [, b]) => b.count - a.count);
  for (const [reason, { count, example, detail }] of reasons) {
    const name = `${call.principal.tenantId} ${source.keyId} ${source.protocol} ${reason}`;
    const known = untold.get(name, now) ?? { toldAt: Number.NEGATIVE_INFINITY, samples: 0 };
    known.samples += count;
    if (lines.length < REJECTION_LIMITS.perRequest && (known.toldAt + REJECTION_LIMITS.everyMs <= now || known.toldAt > now)) {
      lines.push({ ...source, rejected: known.samples, reason, at: now, example, detail });
      known.samples = 0;
      known.toldAt = now;
    }
    untold.set(name, known, Number.POSITIVE_INFINITY);
  }
  if (lines.length === 0) return;
  call.ctx.waitUntil(
    metricsOf(call)
      .noteRejected(lines)
      .catch((error: unknown) => {
        // The samples were refused all the same, and the sender was told.
        console.error(JSON.stringify({ event: "rejections-not-noted", error: String(error) }));
      }),
  );
}
