import { ACROSS, type Across } from "./metric-limits.ts";
import type { Formula, MetricQuery, Selection, SeveralQuery } from "./metric-query.ts";
import { accept, type Outcome, refuse } from "./problems.ts";
import { type Expression, parseFormula } from "./query-formula.ts";

/** Prometheus' look-back of an instant selector: `last` over exactly so long ends at a stale marker, and is what an instant takes without a window. */
export const LOOK_BACK_MS = 300_000;

export interface PlannedFormula extends Omit<Formula, "expression"> {
  readonly expression: Expression;
  readonly pointer: string;
}

/** A query in one form, whichever way it was written. */
export interface QueryPlan {
  readonly selections: readonly Selection[];
  readonly formulas: readonly PlannedFormula[];
  /** Whether the answer says which selection a series belongs to. */
  readonly named: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly instant: boolean;
  readonly range: Pick<SeveralQuery, "stepMs" | "maxPoints" | "gaps" | "downsample" | "band">;
  /** Where a selection is in the body: the start of a JSON pointer. */
  readonly pointer: (selection: number) => string;
}

/** How the series of a selection become one; undefined when they stay as they are. */
export function acrossOf({ groupBy, without, groupAggregate, aggregate }: Selection): Across | undefined {
  if (groupBy === undefined && without === undefined) return undefined;
  return groupAggregate ?? ACROSS.find((across) => across === aggregate) ?? "sum";
}

/** Checks what a schema cannot, and brings both forms of a query into one. */
export function planQuery(query: MetricQuery): Outcome<QueryPlan> {
  const { start, end, stepMs, maxPoints, gaps, downsample, band } = query;
  const several = "selections" in query;
  const startMs = Date.parse(start);
  const endMs = Date.parse(end);
  const written = several ? query.selections : [singleSelection(query)];
  const instant = startMs === endMs && (several || query.windowMs !== undefined);
  if (!(startMs < endMs) && !instant) return wrong("/end", "The range is empty: `end` must be later than `start`.");
  const pointer = several ? (at: number) => `/selections/${at}` : () => "";
  const selections = instant
    ? written.map((selection) => ({ ...selection, windowMs: selection.windowMs ?? stepMs ?? LOOK_BACK_MS }))
    : written;
  for (const [at, selection] of selections.entries()) {
    const fault = faultOf(selection, pointer(at), band);
    if (fault) return fault;
  }
  const formulas = several ? planFormulas(query) : accept([]);
  if (!formulas.ok) return formulas;
  if (formulas.value.length > 0 && band)
    return wrong("/band", "A band is of samples, and a formula has none: leave out `band` or `formulas`.");
  if (formulas.value.length === 0 && !selections.some(({ shown }) => shown))
    return wrong("/selections", "Nothing is shown: set `shown` of a selection, or add a formula.");
  const range = { ...(stepMs === undefined ? {} : { stepMs }), maxPoints, gaps, downsample, band };
  return accept({ selections, formulas: formulas.value, named: several, startMs, endMs, instant, range, pointer });
}

function singleSelection(query: Exclude<MetricQuery, SeveralQuery>): Selection {
  const { start: _s, end: _e, stepMs: _m, maxPoints: _p, gaps: _g, downsample: _d, band: _b, ...selection } = query;
  return { ...selection, name: "a", shown: true };
}

function faultOf(selection: Selection, pointer: string, band: boolean): Outcome<never> | undefined {
  const { groupBy, without, aggregate, quantile, windowMs, top, histogramQuantile } = selection;
  if (groupBy && without) return wrong(`${pointer}/without`, "Name the labels to group by, or those to leave out; not both.");
  if (quantile === undefined && (aggregate === "quantile" || acrossOf(selection) === "quantile"))
    return wrong(`${pointer}/quantile`, "Say which quantile: a number between 0 and 1.");
  if (histogramQuantile !== undefined && (groupBy ? !groupBy.includes("le") : (without ?? []).includes("le")))
    return wrong(`${pointer}/${groupBy ? "groupBy" : "without"}`, "A histogram's buckets are told apart by `le`: keep this label.");
  if (band && (windowMs !== undefined || groupBy || without || top || histogramQuantile !== undefined))
    return wrong(
      "/band",
      "A band is of the samples of one series in a step: leave out `windowMs`, grouping, `top` and `histogramQuantile`.",
    );
  return undefined;
}

function planFormulas({ selections, formulas }: SeveralQuery): Outcome<PlannedFormula[]> {
  const names = new Set<string>();
  for (const [at, { name }] of selections.entries()) {
    if (names.has(name)) return wrong(`/selections/${at}/name`, `There are two of the name \`${name}\`: rename one.`);
    names.add(name);
  }
  const known = new Set(names);
  const planned: PlannedFormula[] = [];
  for (const [at, formula] of formulas.entries()) {
    const pointer = `/formulas/${at}`;
    if (names.has(formula.name)) return wrong(`${pointer}/name`, `There are two of the name \`${formula.name}\`: rename one.`);
    names.add(formula.name);
    if (formula.on && formula.ignoring)
      return wrong(`${pointer}/ignoring`, "Name the labels that must be equal, or those that need not; not both.");
    const expression = parseFormula(formula.expression, known);
    if (!expression.ok) return wrong(`${pointer}/expression`, expression.problem.detail);
    planned.push({ ...formula, expression: expression.value, pointer });
  }
  return accept(planned);
}

/** A refusal that names the field to change. */
export function wrong(pointer: string, detail: string): Outcome<never> {
  return refuse("invalid-body", detail, { errors: [{ pointer, detail }] });
}
