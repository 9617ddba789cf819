import { METRIC_LIMITS } from "./metric-limits.ts";
import type { MetricQueryReply, QueryTrace, Selection } from "./metric-query.ts";
import { accept, type Outcome, type Problem } from "./problems.ts";
import { evaluate, type FormulaWork } from "./query-arithmetic.ts";
import { histogramQuantiles, type StepSeries } from "./query-histogram.ts";
import { type Gathered, mergePieces } from "./query-merge.ts";
import { acrossOf, type QueryPlan, wrong } from "./query-plan.ts";
import { shownSeries } from "./query-shown.ts";
import { planSteps, type Steps } from "./query-steps.ts";
import { TopValues } from "./query-top.ts";
import type { SelectOrder } from "./rpc/metric-select.ts";

/** Asks every shard for a selection. @param selection its place in the plan */
export type Gather = (order: SelectOrder, selection: number) => Promise<Outcome<Gathered>>;

/** Rounds of asking: for longer steps because of what is held, or because of limits. */
const MAX_ROUNDS = 6;

/** Answers a query from what shards know of its selections: steps, merging, quantiles, the largest, formulas, gaps and fewer points. */
export async function answerQuery(plan: QueryPlan, gather: Gather): Promise<Outcome<MetricQueryReply>> {
  const wish = { leastMs: 0, finePoints: METRIC_LIMITS.queryPoints as number };
  for (let round = 1; ; round++) {
    const steps = stepsOf(plan, wish);
    const gathered = await gatherAll(plan, steps, gather);
    if (!gathered.ok) {
      // Points that are to be thinned out may be coarser from the start.
      const tooMany = gathered.problem.errors?.some(({ pointer }) => pointer === "/maxPoints");
      if (!tooMany || plan.range.downsample === "steps" || steps.count <= plan.range.maxPoints || round === MAX_ROUNDS) return gathered;
      wish.finePoints = Math.max(plan.range.maxPoints, Math.ceil(steps.count / 3));
      continue;
    }
    // A step that nobody asked for is at least as long as what is held there: there would be gaps.
    const coarsestMs = Math.max(...gathered.value.map((each) => each.coarsestMs));
    if (coarsestMs > steps.stepMs && plan.range.stepMs === undefined && !plan.instant && round < MAX_ROUNDS) {
      wish.leastMs = coarsestMs;
      continue;
    }
    return compose(plan, steps, gathered.value);
  }
}

function stepsOf({ range, startMs, endMs, instant, selections }: QueryPlan, wish: { leastMs: number; finePoints: number }): Steps {
  if (instant) return { startMs, stepMs: range.stepMs ?? 1_000, count: 1 };
  const maxPoints = range.downsample === "steps" ? range.maxPoints : Math.max(range.maxPoints, wish.finePoints);
  const at = selections.every(({ windowMs }) => windowMs !== undefined) ? "points" : "buckets";
  return planSteps({ fromMs: startMs, endMs, stepMs: range.stepMs, leastMs: wish.leastMs, maxPoints, at });
}

async function gatherAll(plan: QueryPlan, steps: Steps, gather: Gather): Promise<Outcome<Gathered[]>> {
  const outcomes = await Promise.all(plan.selections.map(async (selection, at) => await gather(orderOf(plan, selection, steps), at)));
  const all: Gathered[] = [];
  let scanned = 0;
  for (const [at, outcome] of outcomes.entries()) {
    if (!outcome.ok) return { ok: false, problem: placed(outcome.problem, plan.pointer(at)) };
    all.push(outcome.value);
    scanned += outcome.value.trace.seriesScanned;
    if (scanned > METRIC_LIMITS.scannedSeries)
      return wrong(
        `${plan.pointer(at)}/matchers`,
        `More than ${METRIC_LIMITS.scannedSeries} series match. Add matchers, for example on \`host\`.`,
      );
  }
  return accept(all);
}

function orderOf({ range, formulas }: QueryPlan, selection: Selection, steps: Steps): SelectOrder {
  const { downsample: by, maxPoints, gaps, band } = range;
  // Where series lie they can be thinned out only when nothing is made of them here.
  const plain = acrossOf(selection) === undefined && !selection.top && selection.histogramQuantile === undefined;
  const thins = by !== "steps" && plain && formulas.length === 0 && gaps === "null";
  return { selection, ...steps, ...(band && { band }), ...(thins && { thin: { by, points: maxPoints } }) };
}

/** Shards know fields of a selection by themselves; here they have a place in the body. */
function placed(problem: Problem, pointer: string): Problem {
  const errors = problem.errors?.map((error) => (RANGE_FIELDS.has(error.pointer) ? error : { ...error, pointer: pointer + error.pointer }));
  return errors ? { ...problem, errors } : problem;
}

const RANGE_FIELDS: ReadonlySet<string> = new Set(["/start", "/end", "/stepMs", "/maxPoints"]);

function compose(plan: QueryPlan, steps: Steps, gathered: readonly Gathered[]): Outcome<MetricQueryReply> {
  const of = new Map<string, readonly StepSeries[]>();
  const shown: [name: string, series: readonly StepSeries[]][] = [];
  for (const [at, selection] of plan.selections.entries()) {
    const { pieces } = gathered[at] ?? { pieces: [] };
    const series = seriesOf(selection, steps, pieces, plan.range.band);
    of.set(selection.name, series);
    if (selection.shown) shown.push([selection.name, series]);
  }
  const work: FormulaWork = { values: METRIC_LIMITS.formulaValues };
  for (const formula of plan.formulas) {
    const result = evaluate(formula.expression, of, formula, steps.count, work);
    if (!result.ok) return wrong(`${formula.pointer}/expression`, result.problem.detail);
    shown.push([formula.name, result.value]);
  }
  const series = shown.flatMap(([name, list]) =>
    shownSeries(list, steps, plan.range).map((each) => (plan.named ? { name, ...each } : each)),
  );
  if (series.length > METRIC_LIMITS.querySeries)
    return wrong(
      plan.named ? "/selections" : "/groupBy",
      `The answer would hold more than ${METRIC_LIMITS.querySeries} series. Add matchers, or group by fewer labels, or ask for the \`top\` ones.`,
    );
  const values = series.reduce((total, each) => total + each.values.length, 0);
  if (values > METRIC_LIMITS.queryValues)
    return wrong(
      "/maxPoints",
      `The answer would hold more than ${METRIC_LIMITS.queryValues} values. Ask for at most ${Math.floor(METRIC_LIMITS.queryValues / series.length)} points per series, or for fewer series.`,
    );
  return accept({ stepMs: steps.stepMs, startMs: steps.startMs, series, trace: traceOf(gathered) });
}

/** The series of a selection, in the order in which they came. */
function seriesOf(selection: Selection, steps: Steps, pieces: Gathered["pieces"], band: boolean): readonly StepSeries[] {
  const { histogramQuantile, top } = selection;
  let series: readonly StepSeries[] = mergePieces(selection, steps, pieces, band);
  if (histogramQuantile !== undefined) series = histogramQuantiles(series, histogramQuantile);
  if (!top) return series;
  const best = new TopValues(steps.count, top.k, top.order);
  for (const [at, { values }] of series.entries()) best.add(at, values);
  const winners = best.winners();
  return series.flatMap(({ labels }, at) => {
    const values = winners.get(at);
    return values ? [{ labels, values }] : [];
  });
}

function traceOf(gathered: readonly Gathered[]): QueryTrace {
  const sum = (of: (each: Gathered) => number) => gathered.reduce((total, each) => total + of(each), 0);
  const tiers = {
    raw: sum(({ trace }) => trace.points.raw),
    minute: sum(({ trace }) => trace.points.minute),
    hour: sum(({ trace }) => trace.points.hour),
  };
  return {
    seriesScanned: sum(({ trace }) => trace.seriesScanned),
    blocksRead: sum(({ trace }) => trace.blocksRead),
    pointsRead: tiers.raw + tiers.minute + tiers.hour,
    bytesRead: sum(({ trace }) => trace.bytesRead),
    shards: Math.max(...gathered.map(({ shards }) => shards)),
    tiers,
    cached: sum(({ cached }) => cached),
    cacheable: sum(({ cacheable }) => cacheable),
    // Selections are asked at the same time.
    waitedMs: Math.max(...gathered.map(({ waitedMs }) => waitedMs)),
  };
}
