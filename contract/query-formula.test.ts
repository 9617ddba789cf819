import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "./query-arithmetic.ts";
import { parseFormula } from "./query-formula.ts";
import type { StepSeries } from "./query-histogram.ts";

const series = (labels: Record<string, string>, ...values: number[]): StepSeries => ({ labels, values: Float64Array.from(values) });

function compute(expression: string, of: Record<string, StepSeries[]>, matching: Parameters<typeof evaluate>[2] = {}) {
  const parsed = parseFormula(expression, new Set(Object.keys(of)));
  if (!parsed.ok) throw new Error(parsed.problem.detail);
  return evaluate(parsed.value, new Map(Object.entries(of)), matching, 1);
}

function number(expression: string): number {
  const result = compute(expression, {});
  return result.ok ? (result.value[0]?.values[0] ?? Number.NaN) : Number.NaN;
}

function values(outcome: ReturnType<typeof compute>) {
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.value.map((each) => [each.labels, ...each.values]);
}

describe("a formula", () => {
  it.each([
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["10 - 4 - 3", 3],
    ["2 ^ 3 ^ 2", 512],
    ["-2 ^ 2", -4],
    ["2 ^ -1", 0.5],
    ["7 % 4 * 2", 6],
    ["-7 % 4", -3],
    ["1e3 / 4.", 250],
    ["--1", 1],
    [".5 + +1", 1.5],
    ["1 ^ (0 / 0)", 1],
  ])("[MT231] computes %s as PromQL does", (expression, result) => {
    expect(number(expression)).toBe(result);
  });

  it.each([
    ["", /too early at character 1/],
    ["1 +", /too early at character 4/],
    ["1 2", /`2` is not expected at character 3/],
    ["(1", /bracket is not closed at character 3/],
    ["a + zz", /no selection is called `zz` at character 5/],
    ["a & a", /`&` is not expected at character 3/],
    ["a )", /`\)` is not expected at character 3/],
    ["* a", /`\*` is not expected at character 1/],
    ["(".repeat(60), /more than 50 deep/],
  ])("[MT231] that is wrong says where: %s", (expression, detail) => {
    expect(parseFormula(expression, new Set(["a"]))).toMatchObject({ ok: false, problem: { detail: expect.stringMatching(detail) } });
  });

  it("[MT231] is read or refused, whatever its text", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "1", ".", "e", "+", "-", "*", "^", "(", ")", " ", "%"), maxLength: 40 });
    let read = 0;
    fc.assert(
      fc.property(text, (expression) => void (read += parseFormula(expression, new Set(["a"])).ok ? 1 : 0)),
      { seed: 231, numRuns: 2_000 },
    );
    expect(read).toBeGreaterThan(50);
  });
});

describe("arithmetic between series", () => {
  const a = [series({ host: "x", code: "1" }, 10), series({ host: "y", code: "1" }, 20)];
  const b = [series({ host: "x", code: "2" }, 2), series({ host: "z", code: "2" }, 4)];

  it("[MT232] pairs series of equal labels and leaves out those without a partner", () => {
    expect(values(compute("a / b", { a, b: [series({ code: "1", host: "x" }, 5), ...b] }))).toEqual([[{ host: "x", code: "1" }, 2]]);
    expect(values(compute("a / b", { a, b }))).toEqual([]);
  });

  it("[MT232] pairs them by the labels of `on`, or without those of `ignoring`, and the pair has those labels", () => {
    expect(values(compute("a / b", { a, b }, { on: ["host"] }))).toEqual([[{ host: "x" }, 5]]);
    expect(values(compute("a / b", { a, b }, { ignoring: ["code"] }))).toEqual([[{ host: "x" }, 5]]);
    expect(values(compute("a * 2 - b", { a, b }, { on: ["host"] }))).toEqual([[{ host: "x" }, 18]]);
  });

  it("[MT232] lets the side of `many` have several, and takes its labels", () => {
    const total = [series({}, 40)];
    expect(values(compute("a / b", { a, b: total }, { on: [], many: "left" }))).toEqual([
      [{ host: "x", code: "1" }, 0.25],
      [{ host: "y", code: "1" }, 0.5],
    ]);
    expect(values(compute("b / a", { a, b: total }, { on: [], many: "right" }))).toEqual([
      [{ host: "x", code: "1" }, 4],
      [{ host: "y", code: "1" }, 2],
    ]);
  });

  it("[MT232] refuses several of one side at the same step, naming their labels, and lets them follow one another", () => {
    const twice = [series({ host: "x", code: "1" }, 1), series({ host: "x", code: "2" }, 2)];
    for (const [left, right, side] of [
      [twice, b, /left side.*"host":"x"/],
      [b, twice, /right side.*"host":"x"/],
    ] as const)
      expect(compute("a + b", { a: [...left], b: [...right] }, { on: ["host"] })).toMatchObject({
        ok: false,
        problem: { detail: expect.stringMatching(side) },
      });
    expect(compute("a + b", { a: [...twice], b: [...twice] }, { on: ["host"], many: "left" }).ok).toBe(false);
    const inTurn = [series({ host: "x", code: "1" }, 1, Number.NaN), series({ host: "x", code: "2" }, Number.NaN, 2)];
    expect(values(compute("a + b", { a: inTurn, b: [series({ host: "x" }, 10, 10)] }, { on: ["host"] }))).toEqual([
      [{ host: "x" }, 11, 12],
    ]);
  });

  it("[MT232] has no value where a side has none", () => {
    const gap = [series({}, 1, Number.NaN)];
    expect(values(compute("a + b", { a: gap, b: [series({}, 1, 1)] }))).toEqual([[{}, 2, Number.NaN]]);
  });

  it("[MT380] is refused when all formulas together compute too much, by values and by series to pair up", () => {
    const series = (count: number, steps: number) =>
      Array.from({ length: count }, (_, n) => ({ labels: { n: String(n) }, values: new Float64Array(steps).fill(n) }));
    const parsed = parseFormula(`a${"+a".repeat(9)}`, new Set(["a"]));
    if (!parsed.ok) throw new Error(parsed.problem.detail);
    for (const [count, steps] of [
      [10, 1_000],
      [100, 1],
    ] as const) {
      const of = new Map([["a", series(count, steps)]]);
      const work = { values: 9 * 2 * count * (steps + 100) };
      expect(evaluate(parsed.value, of, {}, steps, work)).toMatchObject({ ok: true, value: { length: count } });
      expect(evaluate(parsed.value, of, {}, steps, work)).toMatchObject({ ok: false, problem: { slug: "invalid-body" } });
    }
  });
});
