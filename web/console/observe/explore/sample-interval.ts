import { api } from "../../api.ts";
import { metricsApi } from "../metrics-api.ts";
import type { ExploreState } from "./explore-state.ts";
import { FINEST_MS, finestStep, intervalOf } from "./step-choice.ts";

/** Looked at of one series: its last half hour, finely enough for what agents send. */
const LOOKED_AT_MS = 1_800_000;

/** How far apart the samples of each metric are, milliseconds; `null` where it could not be told. */
const intervals = new Map<string, number | null>();

async function learn(metric: string, abort: AbortSignal): Promise<void> {
  const { items } = await metricsApi.series({ metric, limit: 1 }, abort);
  const one = items[0];
  if (!one?.newestAt) return void intervals.set(metric, null);
  const matchers = Object.entries(one.labels).map(([label, value]) => ({ label, value }));
  const end = one.newestAt + 1;
  const times = { start: new Date(end - LOOKED_AT_MS).toISOString(), end: new Date(end).toISOString() };
  const reply = await api.metrics.query(
    { metric, matchers: matchers.slice(0, 20), aggregate: "count", stepMs: FINEST_MS, ...times },
    { signal: abort },
  );
  intervals.set(metric, intervalOf(reply));
}

/** Senders are not slower than half of this: a longer step needs no look at their samples. */
const SURELY_WHOLE_MS = 600_000;

/** The finest step for a state; asks once per metric how far apart its samples are, unless the step is long already. */
export async function finestStepOf(state: ExploreState, stepMs: number, abort: AbortSignal): Promise<number> {
  if (stepMs >= SURELY_WHOLE_MS) return FINEST_MS;
  const queries = state.queries.filter(({ metric }) => metric !== "");
  const unknown = [...new Set(queries.map(({ metric }) => metric))].filter((metric) => !intervals.has(metric));
  // What cannot be learned leaves the finest step as it is: dots instead of a line, and no wrong value of a single series.
  await Promise.all(unknown.map((metric) => learn(metric, abort).catch(() => undefined)));
  return finestStep(queries, (metric) => intervals.get(metric));
}
