import { type ReadonlySignal, useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { MetricQueryReply } from "../../../../contract/metric-query.ts";
import type { MeridianError } from "../../../../sdk/errors.ts";
import { serverNow } from "../../../lib/clock.ts";
import { asError, type Resource, useResource } from "../../../lib/resource.ts";
import type { Unit } from "../../../lib/format.ts";
import { rangeBounds, stepFor, type TimeRange } from "../../../lib/time-range.ts";
import { api } from "../../api.ts";
import { type Asked, askedOf, shifted, shiftOf } from "./explore-request.ts";
import { commonUnit, type Drawing, drawingOf } from "./explore-lines.ts";
import type { ExploreState } from "./explore-state.ts";
import { learnMetrics, metricInfo } from "./metric-info.ts";
import { finestStepOf } from "./sample-interval.ts";
import { wholeEnd } from "./step-choice.ts";
import { questionWords, unitOf } from "./metric-words.ts";

/** About one point per pixel of a wide chart, and fewer of each where there are many series. */
const MOST_POINTS = 720;
const LEAST_POINTS = 120;
const VALUES = 150_000;

/** One answer with all that its picture needs, so that it can stay while the next is fetched. */
export interface Explored {
  readonly asked: Asked;
  readonly reply: MetricQueryReply;
  readonly drawing: Drawing;
  readonly unit: Unit;
  readonly title: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Why there is nothing of the period before, when it was asked for. */
  readonly beforeFailed?: MeridianError;
}

function pointsFor(state: ExploreState): number {
  const series = state.queries.reduce((sum, { metric, group }) => sum + (group === "each" ? (metricInfo(metric)?.series ?? 1) : 1), 0);
  return Math.min(MOST_POINTS, Math.max(LEAST_POINTS, Math.floor(VALUES / Math.max(1, series))));
}

function titlesOf(state: ExploreState): Map<string, string> {
  const queries = state.queries.filter(({ metric, shown }) => metric !== "" && shown);
  const formulas = state.formulas.filter(({ expression }) => expression !== "");
  if (queries.length === 1 && formulas.length === 0) return new Map(queries.map((draft) => [draft.name, questionWords(draft)]));
  return new Map([
    ...queries.map((draft) => [draft.name, questionWords(draft)] as const),
    ...formulas.map(({ name, expression }) => [name, expression] as const),
  ]);
}

function unitNow(state: ExploreState): Unit {
  if (state.formulas.some(({ expression }) => expression !== "")) return "plain";
  return commonUnit(
    state.queries.filter(({ metric, shown }) => metric !== "" && shown).map((draft) => unitOf(draft, metricInfo(draft.metric)?.unit)),
  );
}

function spanOf(range: TimeRange): number {
  return range.kind === "relative" ? range.ms : range.toMs - range.fromMs;
}

async function explore(state: ExploreState, range: TimeRange, abort: AbortSignal): Promise<Explored | undefined> {
  const [finest] = await Promise.all([
    finestStepOf(state, stepFor(spanOf(range), MOST_POINTS), abort),
    learnMetrics(
      state.queries.map(({ metric }) => metric),
      abort,
    ),
  ]);
  const { fromMs, toMs } = rangeBounds(range, serverNow());
  const points = pointsFor(state);
  const window = { fromMs, toMs, stepMs: Math.max(finest, stepFor(toMs - fromMs, points)), maxPoints: points + 2 };
  const endMs = wholeEnd(state.queries, toMs, window.stepMs, serverNow());
  // Of a range shorter than its step everything is asked for: better a rough number than none.
  const asked = askedOf(state, { ...window, toMs: endMs > fromMs ? endMs : toMs });
  if (!asked) return undefined;
  const shiftMs = shiftOf(window);
  const [now, before] = await Promise.allSettled([
    api.metrics.query(asked.body, { signal: abort }),
    state.compare ? api.metrics.query(shifted(asked.body, shiftMs), { signal: abort }) : undefined,
  ]);
  if (now.status === "rejected") throw new AskedError(asError(now.reason), asked);
  const earlier = before.status === "fulfilled" ? before.value : undefined;
  const titles = titlesOf(state);
  return {
    asked,
    reply: now.value,
    // The short form's answer has no names of queries.
    drawing: drawingOf(
      now.value,
      asked.single ? new Map([["", [...titles.values()][0] ?? "value"]]) : titles,
      earlier && { reply: earlier, shiftMs },
    ),
    unit: unitNow(state),
    title: [...titles.values()].join(" · "),
    fromMs,
    toMs,
    ...(before.status === "rejected" && { beforeFailed: asError(before.reason) }),
  };
}

/** A refusal with the question it is about. */
class AskedError extends Error {
  readonly error: MeridianError;
  readonly asked: Asked;

  constructor(error: MeridianError, asked: Asked) {
    super(error.message, { cause: error });
    this.error = error;
    this.asked = asked;
  }
}

export interface Exploring {
  readonly resource: Resource<Explored | undefined>;
  /** The last refusal with its question. */
  readonly refusal: ReadonlySignal<{ readonly error: MeridianError; readonly asked: Asked | undefined } | undefined>;
}

/** Asks again whenever the question changes, and now and then while the range follows the present. The last picture stays meanwhile. */
export function useExplore(state: ExploreState, range: TimeRange): Exploring {
  const { table: _table, log: _log, ...question } = state;
  const key = JSON.stringify([question, range]);
  const spanMs = range.kind === "relative" ? range.ms : 0;
  const everyMs = range.kind === "relative" ? Math.max(10_000, Math.min(300_000, stepFor(spanMs, MOST_POINTS))) : undefined;
  const resource = useResource("explore", async (abort) => await explore(state, range, abort), everyMs);
  const asked = useRef(key);
  useEffect(() => {
    if (asked.current === key) return;
    asked.current = key;
    resource.reload();
  }, [key]);
  const refusal = useComputed(() => {
    const error = resource.error.value;
    if (!error) return undefined;
    return error.cause instanceof AskedError ? { error: error.cause.error, asked: error.cause.asked } : { error, asked: undefined };
  });
  return { resource, refusal };
}
