import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lttb, m4, thin } from "./query-downsample.ts";
import { histogramQuantiles, type StepSeries } from "./query-histogram.ts";
import { shownSeries } from "./query-shown.ts";
import { TopValues } from "./query-top.ts";

const { NaN: NONE, POSITIVE_INFINITY: INF } = Number;

describe("quantiles of histograms", () => {
  const quantile = (q: number, buckets: Record<string, number>) =>
    histogramQuantiles(
      Object.entries(buckets).map(([le, count]): StepSeries => ({ labels: { le, job: "j" }, values: Float64Array.of(count) })),
      q,
    )[0]?.values[0];

  it.each<[number, Record<string, number>, number, string]>([
    [0.5, { "1": 5, "2": 10, "+Inf": 10 }, 1, "at a bound"],
    [0.75, { "1": 5, "2": 10, "+Inf": 10 }, 1.5, "evenly within a bucket"],
    [0.25, { "1": 10, "+Inf": 10 }, 0.25, "from 0 in the first bucket"],
    [0.5, { "-1": 10, "+Inf": 10 }, -1, "the bound of a first bucket that is not above 0"],
    [0.99, { "1": 5, "2": 6, "+Inf": 10 }, 2, "the last bound above it"],
    [1, { "1": 5, "+Inf": 5 }, 1, "the end of the last filled bucket"],
    [0, { "1": 5, "+Inf": 5 }, 0, "the start of the first bucket"],
    [0.5, { "1": 5, "2": 10 }, NONE, "nothing without +Inf"],
    [0.5, { "+Inf": 10 }, NONE, "nothing from one bucket"],
    [0.5, { "1": 0, "+Inf": 0 }, NONE, "nothing from no observations"],
    [0.5, { "1": 6, "2": 4, "+Inf": 10 }, 5 / 6, "counts that fall are taken as equal"],
    [0.5, { "1": 4, "1.0": 4, "2": 10, "+Inf": 16 }, 1, "two spellings of a bound are one bucket"],
    [0.5, { "1": 5, many: 100, "": 100, "2": 10, "+Inf": 10 }, 1, "what is no bound is passed over"],
  ])("[MT230] of %d of %j is %d: %s", (q, buckets, expected) => {
    expect(quantile(q, buckets)).toBe(expected);
  });

  it("[MT230] are made per group and step, and lose the label `le`", () => {
    const bucket = (job: string, le: string, ...values: number[]): StepSeries => ({
      labels: { job, le },
      values: Float64Array.from(values),
    });
    const series = [bucket("a", "2", 2, NONE), bucket("b", "+Inf", 4, 4), bucket("a", "+Inf", 4, 4), bucket("b", "8", 4, 2)];
    const made = histogramQuantiles(series, 0.5);
    expect(made.map(({ labels, values }) => [labels, ...values])).toEqual([
      [{ job: "a" }, 2, NONE],
      [{ job: "b" }, 4, 8],
    ]);
  });
});

describe("the largest and smallest", () => {
  it("[MT229] are the k of each step, as a sorted list would say", () => {
    const table = fc.array(fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant(NONE)), { minLength: 4, maxLength: 4 }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 5 }), fc.constantFrom("largest" as const, "smallest" as const), (rows, k, order) => {
        const top = new TopValues(4, k, order);
        for (const [i, row] of rows.entries()) top.add(i, Float64Array.from(row));
        const winners = top.winners();
        for (let step = 0; step < 4; step++) {
          const all = rows.map((row) => row[step] ?? NONE).filter((value) => !Number.isNaN(value));
          const wanted = all.sort((a, b) => (order === "largest" ? b - a : a - b)).slice(0, k);
          const got = [...winners.values()].map((values) => values[step] ?? NONE).filter((value) => !Number.isNaN(value));
          expect(got.sort((a, b) => (order === "largest" ? b - a : a - b))).toEqual(wanted);
          for (const [owner, values] of winners) if (!Number.isNaN(values[step])) expect(values[step]).toBe(rows[owner]?.[step]);
        }
      }),
      { seed: 229, numRuns: 500 },
    );
  });

  it("[MT229] of equal values the first ones stay", () => {
    const top = new TopValues(1, 2, "largest");
    for (const [owner, value] of [3, 5, 3, 3].entries()) top.add(owner, Float64Array.of(value));
    expect(new Set(top.winners().keys())).toEqual(new Set([0, 1]));
  });
});

describe("fewer points", () => {
  const line = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 300 });

  it("[MT234] by LTTB are as many as asked, with both ends, in order", () => {
    fc.assert(
      fc.property(line, fc.integer({ min: 3, max: 50 }), (values, points) => {
        const chosen = [
          ...lttb(
            Float64Array.from(values, (_, i) => i * 1_000),
            Float64Array.from(values),
            points,
          ),
        ];
        expect(chosen).toHaveLength(Math.min(points, values.length));
        expect([chosen[0], chosen.at(-1)]).toEqual([0, values.length - 1]);
        expect(chosen.every((at, i) => i === 0 || at > (chosen[i - 1] ?? 0))).toBe(true);
      }),
      { seed: 234, numRuns: 500 },
    );
  });

  it("[MT234] by LTTB keep the peak of a flat line", () => {
    const values = new Float64Array(1_000);
    values[617] = 100;
    expect(
      lttb(
        Float64Array.from(values, (_, i) => i),
        values,
        10,
      ),
    ).toContain(617);
  });

  it("[MT234] by M4 keep the first, last, smallest and largest of each stretch, and are at most as many as asked", () => {
    fc.assert(
      fc.property(line, fc.integer({ min: 4, max: 60 }), (values, points) => {
        const times = Float64Array.from(values, (_, i) => i * 1_000);
        const chosen = new Set(m4(times, Float64Array.from(values), points));
        expect(chosen.size).toBeLessThanOrEqual(points);
        const stretches = Math.floor(points / 4);
        const length = ((values.length - 1) * 1_000) / stretches;
        for (let stretch = 0; stretch < stretches; stretch++) {
          const inside = values.flatMap((value, i) => {
            const at = Math.min(stretches - 1, Math.floor((i * 1_000) / (length || 1)));
            return at === stretch ? [[i, value] as const] : [];
          });
          const kept = inside.filter(([i]) => chosen.has(i)).map(([, value]) => value);
          if (inside.length === 0) continue;
          expect(kept).toContain(Math.min(...inside.map(([, value]) => value)));
          expect(kept).toContain(Math.max(...inside.map(([, value]) => value)));
          expect(chosen.has(inside[0]?.[0] ?? -1) && chosen.has(inside.at(-1)?.[0] ?? -1)).toBe(true);
        }
      }),
      { seed: 235, numRuns: 500 },
    );
  });

  it("[MT234] stand at their own times, and gaps are no points", () => {
    const left = thin(Float64Array.of(1, NONE, INF, 4), 1_000, 500, "m4", 100);
    expect([[...left.times], [...left.values], [...left.steps]]).toEqual([
      [1_000, 2_500],
      [1, 4],
      [0, 3],
    ]);
  });
});

describe("what an answer shows", () => {
  const steps = { startMs: 0, stepMs: 1_000, count: 4 };
  const range = { maxPoints: 100, gaps: "null", downsample: "steps", band: false } as const;
  const shown = (gaps: "null" | "previous" | "zero", ...values: number[]) =>
    shownSeries([{ labels: {}, values: Float64Array.from(values) }], steps, { ...range, gaps })[0]?.values;

  it("[MT233] at a step without samples is nothing, the value before, or 0", () => {
    expect(shown("null", NONE, 1, NONE, 2)).toEqual([null, 1, null, 2]);
    expect(shown("previous", NONE, 1, NONE, 2)).toEqual([null, 1, 1, 2]);
    expect(shown("zero", NONE, 1, NONE, 2)).toEqual([0, 1, 0, 2]);
  });

  it("[MT233] is null where a result leaves the range of doubles, and no series that has no value at all", () => {
    expect(shown("null", 1, INF, -INF, 2)).toEqual([1, null, null, 2]);
    expect(shown("zero", NONE, NONE, NONE, NONE)).toBeUndefined();
  });
});
