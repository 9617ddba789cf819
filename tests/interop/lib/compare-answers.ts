import type { MetricQueryReply } from "../../../contract/metric-query.ts";
import type { MatrixSeries } from "./prometheus.ts";

/** Values by series and time, as both sides can be written. */
export type Answer = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Prometheus' answer; NaN and infinities are left out because JSON has no number for them, and the metric's name because ours is in the question. */
export function fromPrometheus(series: readonly MatrixSeries[]): Answer {
  return answerOf(series.map(({ labels, points }) => [labels, points] as const));
}

/** The series of ours that have this name. @throws when a value stands where nobody asked */
export function fromMeridian(reply: MetricQueryReply, name: string, startMs: number, endMs: number): Answer {
  const series = reply.series.filter((one) => one.name === undefined || one.name === name);
  return answerOf(
    series.map(({ labels, values }) => {
      const points = values.flatMap((value, i) => (value === null ? [] : [[reply.startMs + i * reply.stepMs, value] as const]));
      if (points.some(([at]) => at < startMs || at > endMs)) throw new Error("a value outside of the range");
      return [labels, points] as const;
    }),
  );
}

function answerOf(
  series: readonly (readonly [labels: Readonly<Record<string, string>>, points: readonly (readonly [number, number])[]])[],
): Answer {
  const answer = new Map<string, Map<number, number>>();
  for (const [labels, points] of series) {
    const finite = points.filter(([, value]) => Number.isFinite(value));
    if (finite.length === 0) continue;
    const key = keyOf(labels);
    if (answer.has(key)) throw new Error(`two series ${key}`);
    answer.set(key, new Map(finite));
  }
  return answer;
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  const entries = Object.entries(labels).filter(([name]) => name !== "__name__");
  return JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where two answers differ, in words, at most ten of them; [] when they agree. */
export function differences(theirs: Answer, ours: Answer, within: number): string[] {
  const found: string[] = [];
  for (const key of new Set([...theirs.keys(), ...ours.keys()])) {
    const [right, tried] = [theirs.get(key), ours.get(key)];
    if (!right || !tried) {
      found.push(`${key}: only ${right ? "Prometheus" : "Meridian"} has it (${(right ?? tried)?.size ?? 0} values)`);
      continue;
    }
    for (const at of [...new Set([...right.keys(), ...tried.keys()])].toSorted((a, b) => a - b)) {
      const [value, ownValue] = [right.get(at), tried.get(at)];
      if (value !== undefined && ownValue !== undefined && isClose(value, ownValue, within)) continue;
      found.push(`${key} at ${at}: Prometheus ${value ?? "nothing"}, Meridian ${ownValue ?? "nothing"}`);
    }
  }
  return found.length > 10 ? [...found.slice(0, 10), `and ${found.length - 10} more`] : found;
}

function isClose(a: number, b: number, within: number): boolean {
  return a === b || Math.abs(a - b) <= within * Math.max(Math.abs(a), Math.abs(b));
}
