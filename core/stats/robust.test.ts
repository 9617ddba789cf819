import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { histogram, MAX_ROBUST_Z, quantile, robustZ, summarize } from "./robust.ts";

const sorted = (...values: number[]) => Float64Array.from(values).sort();
function summaryOf(...values: number[]) {
  const summary = summarize(sorted(...values));
  if (!summary) throw new Error("no population");
  return summary;
}
const population = fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { minLength: 1, maxLength: 200 });

describe("robust figures", () => {
  it("[LB80] median, MAD and quantiles are those of the textbook", () => {
    const summary = summaryOf(1, 1, 2, 2, 4, 6, 9);
    expect(summary).toMatchObject({ count: 7, median: 2, mad: 1, min: 1, max: 9 });
    expect(summaryOf(1, 2, 3, 4).median).toBe(2.5);
    expect(quantile(sorted(0, 10), 0.9)).toBeCloseTo(9);
    expect(robustZ(2 + 3 * 1.4826, summary)).toBeCloseTo(3);
    expect(summarize(sorted())).toBeUndefined();
  });

  it("[LB80] half of the values may be anything before a value that stands out among the rest stops doing so", () => {
    const honest = Array.from({ length: 101 }, (_, i) => 1_000 + i);
    const z = robustZ(5_000, summaryOf(...honest));
    const cheats = Array.from({ length: 40 }, () => 1_000_000);
    expect(z).toBeGreaterThan(50);
    expect(robustZ(5_000, summaryOf(...honest, ...cheats))).toBeGreaterThan(30);
  });

  it("[LB80] where more than half are equal the mean deviation stands in, and where all are, the bound", () => {
    const mostly = summaryOf(5, 5, 5, 5, 5, 15);
    expect(mostly.mad).toBe(0);
    expect(robustZ(15, mostly)).toBeCloseTo(10 / (1.253314 * (10 / 6)));
    const all = summaryOf(5, 5, 5);
    expect([robustZ(4, all), robustZ(5, all), robustZ(6, all)]).toEqual([-MAX_ROBUST_Z, 0, MAX_ROBUST_Z]);
  });

  it("[LB80] a shift and a stretch of everything leave the distance as it is", () => {
    fc.assert(
      fc.property(population, fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 1, max: 50 }), (values, x, factor) => {
        const moved = summaryOf(...values.map((value) => value * factor + 7));
        const distance = robustZ(x, summaryOf(...values));
        expect(robustZ(x * factor + 7, moved)).toBeCloseTo(distance, 6);
        expect(Math.abs(distance)).toBeLessThanOrEqual(MAX_ROBUST_Z);
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  it("[LB80] every value is in one bin of the picture, the highest in the last", () => {
    fc.assert(
      fc.property(population, fc.integer({ min: 1, max: 40 }), (values, bins) => {
        const picture = histogram(sorted(...values), bins);
        expect(picture?.counts).toHaveLength(bins);
        expect(picture?.counts.reduce((sum, count) => sum + count, 0)).toBe(values.length);
        expect([picture?.from, picture?.to]).toEqual([Math.min(...values), Math.max(...values)]);
      }),
      { seed: 5, numRuns: 300 },
    );
    expect(histogram(sorted(0, 1, 2, 3, 4, 10), 5)?.counts).toEqual([2, 2, 1, 0, 1]);
    expect(histogram(sorted(), 5)).toBeUndefined();
  });
});
