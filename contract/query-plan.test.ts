import { describe, expect, it } from "vitest";
import { metricQuerySchema } from "./metric-query.ts";
import { planQuery } from "./query-plan.ts";
import { planSteps } from "./query-steps.ts";

const NOON = Date.parse("2026-11-20T12:00:00.000Z");
const RANGE = { start: "2026-11-20T12:00:00Z", end: "2026-11-20T13:00:00Z" };
const plan = (query: Record<string, unknown>) => planQuery(metricQuerySchema.parse({ ...RANGE, ...query }));
const selection = { name: "a", metric: "m" };

describe("the plan of a query", () => {
  it("[MT220] is the same for a selection in short and by name, but for the names in the answer", () => {
    const short = plan({ metric: "m", aggregate: "rate", groupBy: ["host"] });
    const long = plan({ selections: [{ ...selection, aggregate: "rate", groupBy: ["host"] }] });
    if (!short.ok || !long.ok) throw new Error("refused");
    expect(short.value.selections).toEqual(long.value.selections);
    expect([short.value.named, long.value.named]).toEqual([false, true]);
  });

  it.each([
    [{ metric: "m", end: RANGE.start }, "/end"],
    [{ selections: [selection], start: RANGE.end, end: RANGE.start }, "/end"],
    [{ metric: "m", groupBy: ["a"], without: ["b"] }, "/without"],
    [{ metric: "m", aggregate: "quantile" }, "/quantile"],
    [{ selections: [selection, { ...selection, name: "b", groupBy: [], groupAggregate: "quantile" }] }, "/selections/1/quantile"],
    [{ metric: "m", histogramQuantile: 0.5, groupBy: ["host"] }, "/groupBy"],
    [{ metric: "m", histogramQuantile: 0.5, without: ["le"] }, "/without"],
    [{ metric: "m", band: true, windowMs: 60_000 }, "/band"],
    [{ metric: "m", band: true, groupBy: [] }, "/band"],
    [{ selections: [selection], formulas: [{ name: "f", expression: "a" }], band: true }, "/band"],
    [{ selections: [selection, selection] }, "/selections/1/name"],
    [{ selections: [selection], formulas: [{ name: "a", expression: "a" }] }, "/formulas/0/name"],
    [{ selections: [selection], formulas: [{ name: "f", expression: "a + b" }] }, "/formulas/0/expression"],
    [{ selections: [selection], formulas: [{ name: "f", expression: "a", on: ["x"], ignoring: ["y"] }] }, "/formulas/0/ignoring"],
    [{ selections: [{ ...selection, shown: false }] }, "/selections"],
  ])("[MT220] refuses what a schema cannot see, and names the field: %j", (query, pointer) => {
    expect(plan(query)).toMatchObject({ ok: false, problem: { slug: "invalid-body", errors: [{ pointer }] } });
  });

  it("[MT236] takes an instant for a look-back of the step, else of five minutes", () => {
    const instant = { start: RANGE.end, end: RANGE.end };
    expect(plan({ selections: [selection], ...instant })).toMatchObject({
      ok: true,
      value: { instant: true, selections: [{ windowMs: 300_000 }] },
    });
    expect(plan({ selections: [selection], ...instant, stepMs: 60_000 })).toMatchObject({
      ok: true,
      value: { selections: [{ windowMs: 60_000 }] },
    });
    expect(plan({ metric: "m", windowMs: 5_000, ...instant })).toMatchObject({
      ok: true,
      value: { instant: true, selections: [{ windowMs: 5_000 }] },
    });
  });

  it("[MT223] evaluates windows at every multiple of the step, both ends of the range included", () => {
    const points = (fromMs: number, endMs: number) => planSteps({ fromMs, endMs, stepMs: 15_000, maxPoints: 1_000, at: "points" });
    expect(points(NOON, NOON + 60_000)).toEqual({ startMs: NOON, stepMs: 15_000, count: 5 });
    expect(points(NOON - 1, NOON + 59_999)).toEqual({ startMs: NOON, stepMs: 15_000, count: 4 });
    expect(points(NOON + 1, NOON + 2)).toEqual({ startMs: NOON, stepMs: 15_000, count: 1 });
  });
});
