import { encodeWriteRequest, type Labels, type WireSample, WireSeries } from "../lib/remote-write.ts";

export interface Size {
  /** Of 50 counters every 15 s. */
  readonly counterHours: number;
  /** Series of one metric, half of which topk sees, every minute of half an hour. */
  readonly pods: number;
  /** Of one gauge every minute; with the day that it ends before, no more than hours are kept. */
  readonly days: number;
}

export const SIZES = {
  small: { counterHours: 2, pods: 1_000, days: 10 },
  full: { counterHours: 23, pods: 20_000, days: 89 },
} as const satisfies Record<string, Size>;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
export const POD_MINUTES = 30;
/** Few and large: a request to Meridian that comes right after another waits for the next row. */
const REQUEST_SAMPLES = 20_000;
const CONTAINERS = 10;

const named = (name: string, labels: Readonly<Record<string, string>>): Labels =>
  Object.entries({ __name__: name, ...labels }).toSorted(([a], [b]) => (a < b ? -1 : 1));

const COUNTERS = Array.from({ length: 50 }, (_, n) => ({
  series: new WireSeries(named("bench_requests_total", { host: `web-${n % 5}`, code: `${200 + Math.floor(n / 5)}`, job: "shop" })),
  value: (atMs: number) => Math.floor((atMs / SECOND) * (1 + n) + 300 * Math.sin(atMs / 600_000 + n)),
}));

function pods(count: number) {
  return Array.from({ length: count }, (_, n) => {
    const labels = { pod: `pod-${Math.floor(n / CONTAINERS)}`, container: `c${n % CONTAINERS}`, half: n < count / 2 ? "a" : "b" };
    return {
      series: new WireSeries(
        named("bench_pod_bytes", { ...labels, namespace: `team-${n % 17}`, job: "kubelet", instance: `node-${n % 40}:10250` }),
      ),
      value: (atMs: number) => Math.round(1e8 * (2 + Math.sin(atMs / 900_000 + n * 0.7)) + n),
    };
  });
}

/** Bodies of remote-write requests, in order of time, so that a store without a window for late samples takes them. */
export function* writeRequests(size: Size, nowMs: number): Generator<Uint8Array<ArrayBuffer>> {
  const wide = pods(size.pods);
  const samples: WireSample[] = [];
  for (let at = nowMs - size.counterHours * 60 * MINUTE; at <= nowMs; at += 15 * SECOND) {
    for (const { series, value } of COUNTERS) samples.push({ series, value: value(at), atMs: at });
    if (at > nowMs - POD_MINUTES * MINUTE && (nowMs - at) % MINUTE === 0)
      for (const { series, value } of wide) samples.push({ series, value: value(at), atMs: at });
    while (samples.length >= REQUEST_SAMPLES) yield encodeWriteRequest(samples.splice(0, REQUEST_SAMPLES));
  }
  if (samples.length > 0) yield encodeWriteRequest(samples);
}

export const HISTORY_METRIC = "bench_history_celsius";

/** It ends where the counters begin: a Prometheus takes nothing that is older than its newest block. */
export const historyEnd = (nowMs: number): number => nowMs - 24 * 60 * MINUTE;

/** One gauge, a sample a minute, with a spike of one minute each week. */
export function* history(size: Size, nowMs: number): Generator<{ readonly atMs: number; readonly value: number }> {
  const endMs = historyEnd(nowMs);
  for (let at = endMs - size.days * 24 * 60 * MINUTE, n = 0; at < endMs; at += MINUTE, n++)
    yield { atMs: at, value: n % 10_080 === 5_000 ? 95 : Math.round((20 + 6 * Math.sin(n / 229) + 2 * Math.sin(n / 17)) * 100) / 100 };
}
