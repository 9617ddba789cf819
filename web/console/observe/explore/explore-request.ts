import type { FieldError } from "../../../../contract/problems.ts";
import type { MetricQueryInput } from "../../../../sdk/api/observe.ts";
import type { ExploreState, FormulaDraft, QueryDraft } from "./explore-state.ts";

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly maxPoints: number;
}

/** A question as it is sent, and which drafts its parts were made of. */
export interface Asked {
  readonly body: MetricQueryInput;
  /** Whether the body is one selection in short. */
  readonly single: boolean;
  readonly queries: readonly { readonly draft: number; readonly matchers: readonly number[] }[];
  readonly formulas: readonly number[];
}

/** A band needs the samples of each step of each series. */
export function bandPossible({ queries, formulas }: ExploreState): boolean {
  return (
    formulas.every(({ expression }) => expression === "") &&
    queries.every(
      (query) =>
        query.windowMs === null &&
        query.group === "each" &&
        query.histogram === null &&
        query.top === null &&
        !["rate", "increase", "delta", "count"].includes(query.over),
    )
  );
}

/** A histogram's buckets are told apart by `le`: it stays whatever else is grouped away. */
function groupLabels({ group, labels, histogram }: QueryDraft): Record<string, readonly string[]> {
  if (group === "each") return {};
  if (histogram === null) return { [group === "by" ? "groupBy" : "without"]: labels };
  if (group === "without") return { without: labels.filter((label) => label !== "le") };
  return { groupBy: labels.includes("le") ? labels : [...labels, "le"] };
}

function selectionOf(draft: QueryDraft) {
  return {
    metric: draft.metric,
    matchers: draft.matchers.filter(({ label }) => label !== ""),
    aggregate: draft.over,
    ...(draft.windowMs !== null && { windowMs: draft.windowMs }),
    ...((draft.over === "quantile" || draft.across === "quantile") && { quantile: draft.quantile ?? 0.95 }),
    ...groupLabels(draft),
    ...(draft.group !== "each" && draft.across !== null && { groupAggregate: draft.across }),
    ...(draft.top && { top: draft.top }),
    ...(draft.histogram !== null && { histogramQuantile: draft.histogram }),
  };
}

function formulaOf({ name, expression, match, labels, many }: FormulaDraft) {
  return { name, expression, ...(match !== "all" && { [match]: labels }), ...(many !== "" && { many }) };
}

/** The question of a state over a window; undefined while no metric is chosen. */
export function askedOf(state: ExploreState, { fromMs, toMs, stepMs, maxPoints }: Window): Asked | undefined {
  const drafts = [...state.queries.entries()].filter(([, { metric }]) => metric !== "");
  const formulas = [...state.formulas.entries()].filter(([, { expression }]) => expression.trim() !== "");
  const [first] = drafts;
  if (!first) return undefined;
  const range = {
    start: new Date(fromMs).toISOString(),
    end: new Date(toMs).toISOString(),
    stepMs,
    maxPoints,
    ...(state.gaps !== "null" && { gaps: state.gaps }),
    ...(state.band && bandPossible(state) && { band: true }),
  };
  const queries = drafts.map(([draft, { matchers }]) => ({
    draft,
    matchers: [...matchers.entries()].filter(([, { label }]) => label !== "").map(([i]) => i),
  }));
  const single = drafts.length === 1 && formulas.length === 0;
  const body = single
    ? { ...selectionOf(first[1]), ...range }
    : {
        selections: drafts.map(([, draft]) => ({ name: draft.name, ...selectionOf(draft), shown: draft.shown })),
        ...(formulas.length > 0 && { formulas: formulas.map(([, formula]) => formulaOf(formula)) }),
        ...range,
      };
  return { body, single, queries, formulas: formulas.map(([i]) => i) };
}

/** The same question so much earlier. */
export function shifted(body: MetricQueryInput, byMs: number): MetricQueryInput {
  const earlier = (time: string) => new Date(Date.parse(time) - byMs).toISOString();
  return { ...body, start: earlier(body.start), end: earlier(body.end) };
}

/** How far back the period before lies: its length in whole steps, so that both have the same axis. */
export function shiftOf({ fromMs, toMs, stepMs }: Window): number {
  return Math.ceil((toMs - fromMs) / stepMs) * stepMs;
}

/** What a server said of a body, as said of the drafts: `/queries/1/matchers/0/value`, `/formulas/0/expression`; the rest as it came. */
export function draftProblems(asked: Asked, errors: readonly FieldError[]): FieldError[] {
  return errors.map(({ pointer, detail }) => {
    const parts = pointer.split("/").slice(1);
    if (parts[0] === "formulas") {
      const [, index, ...rest] = parts;
      const draft = asked.formulas[Number(index)];
      return draft === undefined ? { pointer, detail } : { pointer: `/${["formulas", draft, ...rest].join("/")}`, detail };
    }
    const within = parts[0] === "selections" ? parts.slice(2) : asked.single ? parts : undefined;
    const query = asked.queries[parts[0] === "selections" ? Number(parts[1]) : 0];
    if (!within || within.length === 0 || !query || RANGE_FIELDS.has(within[0] ?? "")) return { pointer, detail };
    if (within[0] === "matchers" && within[1] !== undefined) within[1] = String(query.matchers[Number(within[1])] ?? within[1]);
    return { pointer: `/${["queries", query.draft, ...within].join("/")}`, detail };
  });
}

/** Fields of the whole question, which stand beside those of a selection in the short form. */
const RANGE_FIELDS: ReadonlySet<string> = new Set(["start", "end", "stepMs", "maxPoints", "gaps", "downsample", "band"]);

/** A command that asks the same; the key is the reader's own. */
export function curlOf(body: MetricQueryInput, origin: string): string {
  const quoted = JSON.stringify(body).replaceAll("'", `'\\''`);
  return `curl -H "Authorization: Bearer $MERIDIAN_KEY" -H 'Content-Type: application/json' \\\n  ${origin}/v1/metrics/query -d '${quoted}'`;
}
