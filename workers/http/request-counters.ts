import { registerIsolateCache } from "./isolate-caches.ts";

/** Upper bounds of the duration histogram, in seconds: a cached read, a write, a slow one, a queue, a timeout. */
export const DURATION_BOUNDS_S = [0.005, 0.025, 0.1, 0.5, 2.5] as const;

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

interface RequestCount {
  readonly method: string;
  readonly route: string;
  readonly status: string;
  count: number;
}

/** What one isolate has answered. Only a single node can say it for the whole deployment. */
export interface RequestCounts {
  readonly requests: readonly Readonly<RequestCount>[];
  /** Per bound, then beyond the last; not cumulative. */
  readonly buckets: readonly number[];
  readonly sumS: number;
}

const requests = new Map<string, RequestCount>();
let buckets = DURATION_BOUNDS_S.map(() => 0).concat(0);
let sumMs = 0;
registerIsolateCache(() => {
  requests.clear();
  buckets = DURATION_BOUNDS_S.map(() => 0).concat(0);
  sumMs = 0;
});

/** Counts one answer. Labels stay few: patterns instead of paths, and only methods that are ours. */
export function countRequest(method: string, route: string | undefined, status: number, durationMs: number): void {
  const labels = { method: METHODS.has(method) ? method : "other", route: route ?? "none", status: String(status) };
  const key = `${labels.method} ${labels.route} ${labels.status}`;
  const known = requests.get(key);
  if (known) known.count += 1;
  else requests.set(key, { ...labels, count: 1 });
  const bucket = DURATION_BOUNDS_S.findIndex((bound) => durationMs <= bound * 1_000);
  const at = bucket < 0 ? DURATION_BOUNDS_S.length : bucket;
  buckets[at] = (buckets[at] ?? 0) + 1;
  sumMs += durationMs;
}

export function requestCounts(): RequestCounts {
  return { requests: [...requests.values()], buckets, sumS: sumMs / 1_000 };
}
