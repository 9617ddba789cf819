import type { Labels } from "./metric-key.ts";
import { METRIC_LIMITS } from "./metric-limits.ts";
import type { Formula } from "./metric-query.ts";
import { accept, type Outcome, refuse } from "./problems.ts";
import type { Expression, Operator } from "./query-formula.ts";
import type { StepSeries } from "./query-histogram.ts";
import { labelsKey } from "./query-rows.ts";

type Value = number | readonly StepSeries[];
type Matching = Pick<Formula, "on" | "ignoring" | "many">;

/** What is left of the values that the formulas of one query may compute. */
export interface FormulaWork {
  values: number;
}

/** To pair a series up costs as much as so many of its values. */
const PAIRING_VALUES = 100;

/**
 * Computes a formula over selections, step by step, with Prometheus' matching of series: one to one by equal labels, or by those of `on`
 * or without those of `ignoring`; `many` allows one side several for one of the other. Series without a partner are left out.
 * @param count steps
 * @param work is used up; a formula for which it is not enough is refused
 */
export function evaluate(
  expression: Expression,
  of: ReadonlyMap<string, readonly StepSeries[]>,
  matching: Matching,
  count: number,
  work: FormulaWork = { values: METRIC_LIMITS.formulaValues },
): Outcome<readonly StepSeries[]> {
  const result = compute(expression, of, matching, work);
  if (!result.ok) return result;
  const { value } = result;
  return accept(typeof value === "number" ? [{ labels: {}, values: new Float64Array(count).fill(value) }] : value);
}

function compute(
  expression: Expression,
  of: ReadonlyMap<string, readonly StepSeries[]>,
  matching: Matching,
  work: FormulaWork,
): Outcome<Value> {
  switch (expression.kind) {
    case "number":
      return accept(expression.value);
    case "name":
      return accept(of.get(expression.name) ?? []);
    case "negative": {
      const inner = compute(expression.of, of, matching, work);
      return inner.ok ? combine("-", 0, inner.value, matching, work) : inner;
    }
    case "binary": {
      const left = compute(expression.left, of, matching, work);
      if (!left.ok) return left;
      const right = compute(expression.right, of, matching, work);
      return right.ok ? combine(expression.operator, left.value, right.value, matching, work) : right;
    }
  }
}

function combine(operator: Operator, left: Value, right: Value, matching: Matching, work: FormulaWork): Outcome<Value> {
  work.values -= costOf(left) + costOf(right);
  if (work.values < 0)
    return refuse("invalid-body", "The formulas would take too long. Ask for fewer points or fewer series, or make the formulas shorter.");
  const apply = FUNCTIONS[operator];
  if (typeof left === "number") {
    if (typeof right === "number") return accept(apply(left, right));
    return accept(right.map(({ labels, values }) => ({ labels, values: values.map((value) => apply(left, value)) })));
  }
  if (typeof right === "number")
    return accept(left.map(({ labels, values }) => ({ labels, values: values.map((value) => apply(value, right)) })));
  return match(apply, left, right, matching);
}

function costOf(value: Value): number {
  return typeof value === "number" ? 0 : value.reduce((sum, { values }) => sum + values.length + PAIRING_VALUES, 0);
}

const FUNCTIONS: Readonly<Record<Operator, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "^": power,
};

/** Prometheus computes with IEEE's `pow`: 1 to any power is 1, where JavaScript says NaN. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && !Number.isFinite(b) && !Number.isNaN(b)) ? 1 : a ** b;
}

function match(
  apply: (a: number, b: number) => number,
  left: readonly StepSeries[],
  right: readonly StepSeries[],
  matching: Matching,
): Outcome<Value> {
  const { many } = matching;
  const [manySide, oneSide] = many === "right" ? [right, left] : [left, right];
  const ones = unite(oneSide, matching);
  if (!ones.ok) return refuseMatch(many ? "the side of which there is to be one" : "the right side", ones.problem.detail);
  let manies: readonly StepSeries[] = manySide;
  if (!many) {
    const united = unite(manySide, matching);
    if (!united.ok) return refuseMatch("the left side", united.problem.detail);
    manies = [...united.value.values()];
  }
  const results: StepSeries[] = [];
  for (const series of manies) {
    const partner = ones.value.get(labelsKey(signatureOf(series.labels, matching)));
    if (!partner) continue;
    const [a, b] = many === "right" ? [partner.values, series.values] : [series.values, partner.values];
    results.push({ labels: series.labels, values: a.map((value, i) => apply(value, b[i] ?? Number.NaN)) });
  }
  return accept(results);
}

/** The labels by which series pair up, and which the pair has. */
function signatureOf(labels: Labels, { on, ignoring }: Matching): Labels {
  if (on) return Object.fromEntries(on.filter((name) => Object.hasOwn(labels, name)).map((name) => [name, labels[name] ?? ""]));
  if (ignoring) return Object.fromEntries(Object.entries(labels).filter(([name]) => !ignoring.includes(name)));
  return labels;
}

/** One series per signature. Two with the same may follow one another; a step that both have is a refusal that names it. */
function unite(series: readonly StepSeries[], matching: Matching): Outcome<Map<string, StepSeries>> {
  const found = new Map<string, StepSeries>();
  for (const { labels, values } of series) {
    const signature = signatureOf(labels, matching);
    const key = labelsKey(signature);
    const held = found.get(key);
    if (held?.values.some((value, i) => !Number.isNaN(value) && !Number.isNaN(values[i] ?? Number.NaN)))
      return refuse("invalid-body", JSON.stringify(signature));
    found.set(key, {
      labels: signature,
      values: held ? held.values.map((value, i) => (Number.isNaN(value) ? (values[i] ?? value) : value)) : values,
    });
  }
  return accept(found);
}

function refuseMatch(side: string, labels: string): Outcome<never> {
  return refuse(
    "invalid-body",
    `Several series of ${side} have the labels ${labels}: match \`on\` more labels, group them, or say with \`many\` which side may have several.`,
  );
}
