import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DELTA, STALE_BITS, TEMPORALITY_LABEL } from "../../contract/metric-limits.ts";
import { PointBuffer } from "./points.ts";
import { RollupBuffer } from "./rollup-buffer.ts";
import { type Rising, risingOf, sumPoints, sumWindows } from "./rollup-sums.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
type Sample = readonly [at: number, value: number | null];

function pointsOf(samples: readonly Sample[]): PointBuffer {
  const points = new PointBuffer();
  const bits = new Uint32Array(2);
  const number = new Float64Array(bits.buffer);
  for (const [at, value] of samples) {
    number[0] = value ?? 0;
    if (value === null) points.push(at, STALE_BITS.low, STALE_BITS.high);
    else points.push(at, bits[0] ?? 0, bits[1] ?? 0);
  }
  points.normalise();
  return points;
}

function summed(samples: readonly Sample[], rising: Rising, before = Number.NaN): RollupBuffer {
  const points = pointsOf(samples);
  const out = new RollupBuffer();
  sumPoints(points.columns, 0, points.count, { stepMs: MINUTE, rising, before }, out);
  return out;
}

/** How Prometheus counts: what a counter had reached before it fell comes on top. */
function naiveIncrease(values: readonly number[]): number {
  let rise = 0;
  for (let i = 1; i < values.length; i++) {
    const [from = 0, to = 0] = [values[i - 1], values[i]];
    rise += to < from ? to : to - from;
  }
  return rise;
}

const stream = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constant(5_000), fc.integer({ min: 1, max: 200_000 })),
      fc.oneof(
        { weight: 6, arbitrary: fc.nat(1_000).map((n) => n / 100) },
        { weight: 1, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.constant("reset" as const) },
      ),
    ),
    { minLength: 1, maxLength: 120 },
  )
  .map((steps) => {
    let at = 1_700_000_000_000;
    let total = 0;
    return steps.map(([gap, step]): Sample => {
      at += gap;
      if (step === null) return [at, null];
      total = step === "reset" ? 0 : Math.round((total + step) * 100) / 100;
      return [at, total];
    });
  });

const close = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

describe("windows of a series", () => {
  it("[MT174] hold the sum, number, smallest, largest and last of their raw points", () => {
    fc.assert(
      fc.property(stream, (samples) => {
        const out = summed(samples, "total");
        const expected = new Map<number, number[]>();
        for (const [at, value] of samples) {
          if (value === null) continue;
          const window = Math.floor(at / MINUTE) * MINUTE;
          expected.set(window, [...(expected.get(window) ?? []), value]);
        }
        expect([...out.at.subarray(0, out.count)]).toEqual([...expected.keys()]);
        for (const [i, values] of [...expected.values()].entries()) {
          expect([out.samples[i], out.min[i], out.max[i], out.last[i]]).toEqual([
            values.length,
            Math.min(...values),
            Math.max(...values),
            values.at(-1),
          ]);
          expect(
            close(
              out.sum[i] ?? 0,
              values.reduce((sum, value) => sum + value, 0),
            ),
          ).toBe(true);
        }
      }),
      { seed: 174, numRuns: 400 },
    );
  });

  it("[MT174] add decimals without loss", () => {
    const out = summed([[0, 0.1], [1, 0.2], [2, 0.3]], "no"); // prettier-ignore
    expect(out.sum[0]).toBe(0.6);
    expect(Number.isNaN(out.increase[0])).toBe(true);
  });

  it("[MT175] have increases that add up to the whole stream's, resets included, minutes as well as hours", () => {
    let resets = 0;
    fc.assert(
      fc.property(stream, fc.option(fc.nat(1_000)), (samples, before) => {
        const base = before ?? Number.NaN;
        const out = summed(samples, "total", base);
        const values = samples.flatMap(([, value]) => value ?? []);
        const whole = naiveIncrease(before === null ? values : [before, ...values]);
        const minutes = out.increase.subarray(0, out.count).reduce((sum, rise) => sum + rise, 0);
        expect(close(minutes, whole)).toBe(true);
        const hours = new RollupBuffer();
        sumWindows(out, 0, out.count, HOUR, hours);
        expect(
          close(
            hours.increase.subarray(0, hours.count).reduce((sum, rise) => sum + rise, 0),
            whole,
          ),
        ).toBe(true);
        if (values.some((value, i) => value < (values[i - 1] ?? 0))) resets++;
      }),
      { seed: 175, numRuns: 400 },
    );
    expect(resets).toBeGreaterThan(50);
  });

  it("[MT175] count a reset that lies between two windows", () => {
    const out = summed([[0, 100], [MINUTE, 7]], "total", 90); // prettier-ignore
    expect([...out.increase.subarray(0, 2)]).toEqual([10, 7]);
  });

  it("[MT175] have the sum as increase where samples are increases, and none where a series is no counter", () => {
    expect(summed([[0, 2], [1, 3], [2, 1]], "delta").increase[0]).toBe(6); // prettier-ignore
    expect(summed([[0, 2], [1, 3]], "no").increase[0]).toBeNaN(); // prettier-ignore
    expect(summed([[0, 2], [1, 3]], "maybe").increase[0]).toBe(1); // prettier-ignore
    expect(summed([[0, 2], [MINUTE, 1], [2 * MINUTE, 9]], "maybe").increase.subarray(0, 3).every(Number.isNaN)).toBe(true); // prettier-ignore
  });

  it("[MT175] know a counter by its type, else by its name", () => {
    const of = (metric: string, type?: Parameters<typeof risingOf>[1], labels = {}) => risingOf({ metric, labels }, type);
    expect([of("x_total"), of("x_count"), of("x_sum"), of("x_bucket"), of("x")]).toEqual(["total", "total", "total", "total", "maybe"]);
    expect([of("x", "counter"), of("x_total", "gauge"), of("x_bucket", "histogram"), of("x", "summary")]).toEqual([
      "total",
      "no",
      "total",
      "no",
    ]);
    expect(of("x", "counter", { [TEMPORALITY_LABEL]: DELTA })).toBe("delta");
  });

  it("[MT174] make hours of minutes as if of the points themselves", () => {
    fc.assert(
      fc.property(stream, (samples) => {
        const minutes = summed(samples, "total");
        const hours = new RollupBuffer();
        sumWindows(minutes, 0, minutes.count, HOUR, hours);
        const points = pointsOf(samples);
        const direct = new RollupBuffer();
        sumPoints(points.columns, 0, points.count, { stepMs: HOUR, rising: "total", before: Number.NaN }, direct);
        expect(hours.count).toBe(direct.count);
        for (const name of ["at", "samples", "min", "max", "last"] as const)
          expect(hours[name].subarray(0, hours.count)).toEqual(direct[name].subarray(0, direct.count));
        for (let i = 0; i < hours.count; i++) expect(close(hours.sum[i] ?? 0, direct.sum[i] ?? 0)).toBe(true);
      }),
      { seed: 176, numRuns: 300 },
    );
  });
});
