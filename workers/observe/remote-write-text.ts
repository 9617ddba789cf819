import { PROBLEMS, type Problem } from "../../contract/problems.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { TimeWindow } from "../../contract/metric-samples.ts";
import type { IngestBatch } from "./ingest-batch.ts";

/** Senders wait so long at least where we know no better. */
const RETRY_AFTER_S = 5;

/**
 * A problem as senders of remote-write read it: one line of text, and a status that decides whether they keep the samples. They send
 * again on 5xx only (https://prometheus.io/docs/specs/prw/remote_write_spec/) and drop on 429 by default, so all that passes is 503.
 */
export function remoteWriteProblem(problem: Problem, requestId: string): Response {
  const status = statusOf(problem);
  const headers = new Headers({ "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
  if (status === 503) headers.set("retry-after", String(Math.max(1, Math.ceil(problem.retryAfterS ?? RETRY_AFTER_S))));
  if (status === 401) headers.set("www-authenticate", 'Bearer realm="meridian"');
  return new Response(`${oneLine(problem.detail)} (request ${requestId})\n`, { status, headers });
}

function statusOf({ slug }: Problem): number {
  // What came too slowly, or too often, is as good as new the next time.
  if (slug === "request-timeout" || slug === "rate-limited") return 503;
  return slug === "limit-reached" ? 400 : PROBLEMS[slug].status;
}

/** Senders log the answer's first line, cut at 256 characters. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, " ");
}

/** What a sender logs when some of its samples were refused: how many were stored, and why the others were not. */
export function rejectionText(batch: IngestBatch, accepted: number, { oldestMs }: TimeWindow): string {
  const reasons = [...batch.reasons].toSorted(([, a], [, b]) => b.count - a.count);
  const old = batch.reasons.get("timestamp-too-old");
  const parts = [`${accepted} samples stored, ${batch.rejectedCount} refused for good`];
  if (old) parts.push(`oldest accepted time is ${new Date(oldestMs).toISOString()}`);
  parts.push(reasons.map(([reason, { count }]) => `${reason} ${count}`).join(", "));
  const [first] = reasons;
  if (first) parts.push(first[1].detail);
  return `${oneLine(parts.join("; "))}\n`;
}

export function tooManySamples(): string {
  return `A request may hold ${METRIC_LIMITS.foreignSamples} samples. Lower max_samples_per_send of the sender's queue_config.`;
}
