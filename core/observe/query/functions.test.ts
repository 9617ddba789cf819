import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DELTA, OVER_TIME, TEMPORALITY_LABEL } from "../../../contract/metric-limits.ts";
import { NOON, TestShard, valueOf } from "../testing.ts";
import { anyPoints, bucketOracle, near, type Point, windowOracle } from "./oracle-testing.ts";
import { ask, iso } from "./testing.ts";

const SECONDS = 600;

function holding(points: readonly Point[], labels: Record<string, string> = {}): TestShard {
  const rig = new TestShard();
  if (points.length > 0)
    rig.ingest(
      points.map(([at, value]) => ({ metric: "m", labels, at, value })),
      NOON + SECONDS * 1_000,
    );
  return rig;
}

/** The answer's values by the time of their step. */
async function valuesAt(rig: TestShard, query: Record<string, unknown>): Promise<{ at: number; value: number | null }[]> {
  const { series, startMs, stepMs } = valueOf(await ask(rig, query));
  return (series[0]?.values ?? []).map((value, i) => ({ at: startMs + i * stepMs, value }));
}

describe("functions over the samples of a series", () => {
  it("[MT225] in buckets are what the list of samples gives", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        anyPoints(SECONDS),
        fc.constantFrom(...OVER_TIME),
        fc.constantFrom(1_000, 7_000, 30_000, 60_000, 300_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: SECONDS / 2 }),
        async (points, aggregate, stepMs, quantile, skip) => {
          const start = iso(NOON + skip * 1_000);
          const got = await valuesAt(holding(points), { aggregate, stepMs, quantile, start, end: iso(NOON + SECONDS * 1_000) });
          for (const { at, value } of got) {
            const wanted = bucketOracle(aggregate, points, at, at + stepMs, quantile);
            expect(near(value, wanted), `${aggregate} at ${at - NOON}: ${value} and not ${wanted}`).toBe(true);
            if (wanted !== null) compared++;
          }
        },
      ),
      { seed: 225, numRuns: 600 },
    );
    expect(compared).toBeGreaterThan(1_500);
  });

  it("[MT223] in windows are what Prometheus' rules give", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        anyPoints(SECONDS),
        fc.constantFrom(...OVER_TIME),
        fc.constantFrom(1_000, 15_000, 60_000),
        fc.constantFrom(5_000, 30_000, 120_000, 300_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (points, aggregate, stepMs, windowMs, quantile) => {
          const query = { aggregate, stepMs, windowMs, quantile, start: iso(NOON + 60_000), end: iso(NOON + SECONDS * 1_000) };
          for (const { at, value } of await valuesAt(holding(points), query)) {
            const wanted = windowOracle(aggregate, points, at, windowMs, quantile);
            expect(near(value, wanted), `${aggregate} over ${windowMs} at ${at - NOON}: ${value} and not ${wanted}`).toBe(true);
            if (wanted !== null) compared++;
          }
        },
      ),
      { seed: 223, numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(5_000);
  });

  it("[MT222] increases of neighbouring buckets add up to that of all, resets and all", async () => {
    await fc.assert(
      fc.asyncProperty(anyPoints(SECONDS), async (points) => {
        const rig = holding(points);
        const total = async (stepMs: number) =>
          (await valuesAt(rig, { aggregate: "increase", stepMs, end: iso(NOON + SECONDS * 1_000) })).reduce(
            (sum, { value }) => sum + (value ?? 0),
            0,
          );
        expect(near(await total(10_000), await total(SECONDS * 1_000))).toBe(true);
      }),
      { seed: 222, numRuns: 100 },
    );
  });

  it("[MT222] takes a counter that fell for one that began again at 0", async () => {
    const rig = holding([
      [NOON, 10],
      [NOON + 1_000, 14],
      [NOON + 2_000, 3],
      [NOON + 3_000, 5],
    ]);
    const values = async (aggregate: string) => (await valuesAt(rig, { aggregate, stepMs: 10_000, end: iso(NOON + 10_000) }))[0]?.value;
    expect([await values("increase"), await values("rate"), await values("delta")]).toEqual([9, 0.9, -5]);
  });

  it("[MT222] finds the value before the range however long ago it is", async () => {
    const rig = holding([
      [NOON, 10],
      [NOON + 550_000, 14],
    ]);
    expect(await valuesAt(rig, { aggregate: "increase", stepMs: 100_000, start: iso(NOON + 500_000), end: iso(NOON + 600_000) })).toEqual([
      { at: NOON + 500_000, value: 4 },
    ]);
  });

  it("[MT222] sums the values of a delta series, and shows no label of it", async () => {
    const rig = holding(
      [
        [NOON, 5],
        [NOON + 10_000, 3],
        [NOON + 20_000, 4],
      ],
      { host: "a", [TEMPORALITY_LABEL]: DELTA },
    );
    const answer = valueOf(await ask(rig, { aggregate: "increase", stepMs: 20_000, end: iso(NOON + 40_000) }));
    expect(answer.series).toEqual([{ labels: { host: "a" }, values: [8, 4] }]);
    // A point stands for the time before it: the one at the window's start is not in it.
    const windowed = { aggregate: "rate", windowMs: 10_000, stepMs: 10_000, start: iso(NOON + 10_000), end: iso(NOON + 20_000) };
    expect(valueOf(await ask(rig, windowed)).series[0]?.values).toEqual([0.3, 0.4]);
    expect(valueOf(await ask(rig, { aggregate: "avg", stepMs: 60_000 })).series[0]?.values).toEqual([4]);
  });

  it("[MT224] ends at the stale marker as an instant selector only", async () => {
    const rig = holding([
      [NOON, 1],
      [NOON + 10_000, null],
    ]);
    const last = async (windowMs: number) =>
      (await valuesAt(rig, { aggregate: "last", windowMs, start: iso(NOON + 20_000), end: iso(NOON + 20_000) })).map(({ value }) => value);
    expect([await last(300_000), await last(60_000)]).toEqual([[], [1]]);
  });

  it("[MT235] come with the smallest and largest sample of each step as a band", async () => {
    const rig = holding([
      [NOON, 4],
      [NOON + 1_000, 1],
      [NOON + 2_000, 7],
      [NOON + 20_000, 5],
    ]);
    const query = { band: true, stepMs: 10_000, end: iso(NOON + 30_000) };
    expect(valueOf(await ask(rig, query)).series).toEqual([
      { labels: {}, values: [4, null, 5], band: { min: [1, null, 5], max: [7, null, 5] } },
    ]);
    const thinned = valueOf(await ask(rig, { ...query, downsample: "m4", stepMs: 1_000, maxPoints: 4 })).series[0];
    expect([thinned?.values, thinned?.band?.max, thinned?.times?.length]).toEqual([[4, 1, 7, 5], [4, 1, 7, 5], 4]);
  });

  it("[MT234] thins out where the points are, also behind a formula", async () => {
    const rig = holding(Array.from({ length: SECONDS }, (_, i): Point => [NOON + i * 1_000, i === 333 ? 1_000 : i % 7]));
    const range = { start: iso(NOON), end: iso(NOON + SECONDS * 1_000), stepMs: 1_000, maxPoints: 40, downsample: "m4" };
    const plain = valueOf(await ask(rig, range)).series[0];
    expect(plain?.values.length).toBeLessThanOrEqual(40);
    expect(plain?.times?.[plain.values.indexOf(1_000)]).toBe(NOON + 333_000);
    const selections = [{ name: "a", metric: "m", shown: false }];
    const doubled = valueOf(await ask(rig, { selections, formulas: [{ name: "f", expression: "a * 2" }], ...range })).series[0];
    expect([doubled?.name, doubled?.times]).toEqual(["f", plain?.times]);
  });

  it("[MT236] give one point at an instant, of any time", async () => {
    const rig = holding([[NOON, 3]]);
    const at = NOON + 12_345;
    const answer = valueOf(await ask(rig, { selections: [{ name: "a", metric: "m", aggregate: "last" }], start: iso(at), end: iso(at) }));
    expect(answer).toMatchObject({ startMs: at, series: [{ name: "a", labels: {}, values: [3] }] });
  });
});
