import type { MatcherOp } from "../../../../contract/metric-query.ts";
import { ACROSS, type Across, METRIC_LIMITS, OVER_TIME, type OverTime } from "../../../../contract/metric-limits.ts";
import { readChoice, readQuery } from "../../../lib/url-state.ts";

/** The contract's own list lies beside its schemas, which browsers do not carry. */
export const OPS = ["=", "!=", "=~", "!~"] as const satisfies readonly MatcherOp[];
export const GAPS = ["null", "previous", "zero"] as const;
export type Gaps = (typeof GAPS)[number];

export interface MatcherDraft {
  /** Empty while it is not chosen; such a matcher is not asked with. */
  readonly label: string;
  readonly op: MatcherOp;
  readonly value: string;
}

export interface QueryDraft {
  /** A letter, by which formulas call it. */
  readonly name: string;
  readonly metric: string;
  readonly matchers: readonly MatcherDraft[];
  readonly over: OverTime;
  /** `null`: the samples of each step. */
  readonly windowMs: number | null;
  readonly quantile: number | null;
  /** `by` with no labels makes one series of all. */
  readonly group: "each" | "by" | "without";
  readonly labels: readonly string[];
  readonly across: Across | null;
  readonly top: { readonly k: number; readonly order: "largest" | "smallest" } | null;
  readonly histogram: number | null;
  readonly shown: boolean;
}

export interface FormulaDraft {
  readonly name: string;
  readonly expression: string;
  readonly match: "all" | "on" | "ignoring";
  readonly labels: readonly string[];
  readonly many: "" | "left" | "right";
}

export interface ExploreState {
  readonly queries: readonly QueryDraft[];
  readonly formulas: readonly FormulaDraft[];
  readonly gaps: Gaps;
  readonly compare: boolean;
  readonly band: boolean;
  readonly log: boolean;
  readonly table: boolean;
}

export const FIRST_QUERY: QueryDraft = {
  name: "a",
  metric: "",
  matchers: [],
  over: "avg",
  windowMs: null,
  quantile: null,
  group: "each",
  labels: [],
  across: null,
  top: null,
  histogram: null,
  shown: true,
};

const FIRST_FORMULA: FormulaDraft = { name: "f", expression: "", match: "all", labels: [], many: "" };

/** Names of queries, in the order in which they are given. */
const LETTERS: readonly string[] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/** A query with the first letter that is free; undefined when there are as many as may be asked at once. */
export function nextQuery(queries: readonly QueryDraft[]): QueryDraft | undefined {
  const name = LETTERS.find((letter) => queries.every((query) => query.name !== letter));
  return name === undefined || queries.length >= METRIC_LIMITS.selections ? undefined : { ...FIRST_QUERY, name };
}

export function nextFormula(formulas: readonly FormulaDraft[]): FormulaDraft | undefined {
  if (formulas.length >= METRIC_LIMITS.formulas) return undefined;
  const used = new Set(formulas.map(({ name }) => name));
  const name = Array.from({ length: METRIC_LIMITS.formulas }, (_, i) => `f${i + 1}`).find((one) => !used.has(one));
  return name === undefined ? undefined : { ...FIRST_FORMULA, name };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {}; // an object is a record of unknowns
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown, most: number): string {
  return typeof value === "string" ? value.slice(0, most) : "";
}

function texts(value: unknown): string[] {
  return listOf(value)
    .filter((one): one is string => typeof one === "string" && one !== "")
    .slice(0, METRIC_LIMITS.labels);
}

function choice<T extends string>(value: unknown, choices: readonly T[], fallback: T): T {
  return choices.find((one) => one === value) ?? fallback;
}

function fraction(value: unknown): number | null {
  return typeof value === "number" && value >= 0 && value <= 1 ? value : null;
}

function readMatcher(value: unknown): MatcherDraft {
  const [label, op, wanted] = listOf(value);
  return {
    label: text(label, METRIC_LIMITS.labelNameChars),
    op: choice(op, OPS, "="),
    value: text(wanted, METRIC_LIMITS.labelValueChars),
  };
}

function readTop(value: unknown): QueryDraft["top"] {
  if (typeof value !== "number" || !Number.isInteger(value) || value === 0) return null;
  return { k: Math.min(METRIC_LIMITS.topSeries, Math.abs(value)), order: value > 0 ? "largest" : "smallest" };
}

function readOne(value: unknown): QueryDraft {
  const { name, metric, where, over, window, quantile, by, without, across, top, histogram, hidden } = fieldsOf(value);
  const group = Array.isArray(by) ? "by" : Array.isArray(without) ? "without" : "each";
  const windowMs =
    typeof window === "number" && Number.isInteger(window) && window >= 1_000 && window <= METRIC_LIMITS.windowMs ? window : null;
  return {
    name: typeof name === "string" && LETTERS.includes(name) ? name : "",
    metric: text(metric, METRIC_LIMITS.metricChars),
    matchers: listOf(where).slice(0, METRIC_LIMITS.matchers).map(readMatcher),
    over: choice(over, OVER_TIME, "avg"),
    windowMs,
    quantile: fraction(quantile),
    group,
    labels: texts(group === "by" ? by : without),
    across: across === undefined ? null : (ACROSS.find((one) => one === across) ?? null),
    top: readTop(top),
    histogram: fraction(histogram),
    shown: hidden !== true,
  };
}

function readFormula(value: unknown): FormulaDraft {
  const { name, expression, on, ignoring, many } = fieldsOf(value);
  return {
    name: typeof name === "string" && /^f[0-9]{1,2}$/.test(name) ? name : "",
    expression: text(expression, METRIC_LIMITS.formulaChars),
    match: Array.isArray(on) ? "on" : Array.isArray(ignoring) ? "ignoring" : "all",
    labels: texts(Array.isArray(on) ? on : ignoring),
    many: choice(many, ["left", "right"], "" as "left"),
  };
}

function readList(search: string, name: string, most: number): readonly unknown[] {
  try {
    return listOf(JSON.parse(readQuery(search, name, "[]"))).slice(0, most);
  } catch {
    return []; // an address cut short or mistyped: what can be read counts
  }
}

/** Parts that lost their name, or have that of another, get a free one. */
function named<T extends { readonly name: string }>(parts: readonly T[], next: (before: readonly T[]) => T | undefined): T[] {
  const out: T[] = [];
  for (const part of parts) {
    const taken = part.name === "" || out.some(({ name }) => name === part.name);
    const name = taken ? next([...out, ...parts])?.name : part.name;
    if (name !== undefined) out.push({ ...part, name });
  }
  return out;
}

/** What an address asks; what it cannot mean is left out. */
export function readExplore(search: string): ExploreState {
  return {
    queries: named(readList(search, "q", METRIC_LIMITS.selections).map(readOne), nextQuery),
    formulas: named(readList(search, "f", METRIC_LIMITS.formulas).map(readFormula), nextFormula),
    gaps: readChoice(search, "gaps", GAPS, "null"),
    compare: readQuery(search, "compare") === "previous",
    band: readQuery(search, "band") !== "off",
    log: readQuery(search, "axis") === "log",
    table: readQuery(search, "view") === "table",
  };
}

function writeOne(draft: QueryDraft): Fields {
  const { name, metric, matchers, over, windowMs, quantile, group, labels, across, top, histogram, shown } = draft;
  return {
    name,
    metric,
    ...(matchers.length > 0 && { where: matchers.map(({ label, op, value }) => [label, op, value]) }),
    ...(over !== "avg" && { over }),
    ...(windowMs !== null && { window: windowMs }),
    ...(quantile !== null && { quantile }),
    ...(group !== "each" && { [group]: labels }),
    ...(across !== null && { across }),
    ...(top && { top: top.order === "largest" ? top.k : -top.k }),
    ...(histogram !== null && { histogram }),
    ...(!shown && { hidden: true }),
  };
}

function writeFormula({ name, expression, match, labels, many }: FormulaDraft): Fields {
  return { name, expression, ...(match !== "all" && { [match]: labels }), ...(many !== "" && { many }) };
}

/** The parameters that put this into an address, for `setQuery`. What is as it is without saying is not said. */
export function exploreQuery(state: ExploreState): Record<string, string | null> {
  return {
    q: state.queries.length === 0 ? null : JSON.stringify(state.queries.map(writeOne)),
    f: state.formulas.length === 0 ? null : JSON.stringify(state.formulas.map(writeFormula)),
    gaps: state.gaps === "null" ? null : state.gaps,
    compare: state.compare ? "previous" : null,
    band: state.band ? null : "off",
    axis: state.log ? "log" : null,
    view: state.table ? "table" : null,
  };
}

/** The address of Explore with these queries. */
export function exploreAddress(queries: readonly QueryDraft[], more: Readonly<Record<string, string>> = {}): string {
  const params = new URLSearchParams({ ...more, q: JSON.stringify(queries.map(writeOne)) });
  params.sort();
  return `/console/observe/explore?${params}`;
}
