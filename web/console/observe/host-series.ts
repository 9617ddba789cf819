import type { MetricQueryReply } from "../../../contract/metric-query.ts";
import type { HostPush } from "../../../contract/rpc/metrics.ts";
import { appendPoints, type Lines, type Point } from "../../lib/series.ts";
import type { ChartPart } from "./host-charts.ts";

/** Points per line that are asked for: about one per pixel of a wide chart, and a round step. */
export const MOST_POINTS = 720;

/** The lines of one metric as a query answered them. Series that get the same name are told apart by a count. */
export function linesOf(part: ChartPart, reply: MetricQueryReply): Lines {
  const lines = new Map<string, readonly (number | null)[]>();
  for (const { labels, values } of reply.series) lines.set(part.name(labels), values);
  return {
    startMs: reply.startMs,
    stepMs: reply.stepMs,
    lines: new Map([...lines].toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))),
  };
}

/** Points of a push that belong to this part. */
export function pushedPoints(part: ChartPart, push: HostPush): Point[] {
  return push.series
    .filter(({ metric }) => metric === part.metric)
    .flatMap(({ labels, points }) => points.map(([atMs, value]) => ({ name: part.name(labels), atMs, value })));
}

/**
 * The lines after a push. Within a step the newest and what stood there meet halfway: exact for 5 s steps, and near enough
 * until the next reading replaces it for longer ones.
 */
export function withPush(lines: Lines, part: ChartPart, push: HostPush, spanMs: number): Lines {
  const points = pushedPoints(part, push);
  if (points.length === 0) return lines;
  const halfway = (before: number, next: number) => (lines.stepMs <= 5_000 ? next : (before + next) / 2);
  return appendPoints(lines, points, Math.ceil(spanMs / lines.stepMs) + 1, halfway);
}
