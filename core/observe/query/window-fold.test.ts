import { describe, expect, it } from "vitest";
import { quantileOf } from "../../../contract/query-rows.ts";
import type { SelectOrder } from "../../../contract/rpc/metric-select.ts";
import { NOON, TestShard, valueOf } from "../testing.ts";
import { ALL_KEPT, TierReader } from "../tier-reader.ts";
import { select } from "./select.ts";
import { selectAll } from "./testing.ts";

const SECOND = 1_000;
const COUNT = 4_000;

/** Values that repeat, fall and rise, every second. */
const valueAt = (i: number): number => (Math.imul(i, 0x9e3779b1) >>> 8) % 50;

function fed(series = 1): TestShard {
  const rig = new TestShard();
  for (let n = 0; n < series; n++)
    rig.ingest(Array.from({ length: COUNT }, (_, i) => ({ metric: "m", labels: { n: String(n) }, at: NOON - (COUNT - i) * SECOND, value: valueAt(i) }))); // prettier-ignore
  return rig;
}

const orderOf = (windowS: number, stepS: number, count: number): SelectOrder => ({
  selection: {
    name: "a",
    metric: "m",
    matchers: [],
    aggregate: "quantile",
    quantile: 0.3,
    windowMs: windowS * SECOND,
    shown: true,
  },
  startMs: NOON - COUNT * SECOND,
  stepMs: stepS * SECOND,
  count,
});

describe("windows that overlap", () => {
  it.each([
    [1_000, 1, COUNT],
    [1_000, 30, 130],
    [600, 90, 44],
    [5, 1, COUNT],
    [2, 10, 400],
  ])("[MT225] of %i s every %i s have the quantiles of the lists of their samples", (windowS, stepS, count) => {
    const [row] = valueOf(selectAll(fed(), orderOf(windowS, stepS, count))).rows;
    const expected = Array.from({ length: count }, (_, step) => {
      const [from, to] = [Math.max(0, step * stepS - windowS), Math.min(COUNT - 1, step * stepS)];
      const sorted = Float64Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => valueAt(from + i)).sort();
      return quantileOf(sorted, sorted.length, 0.3);
    });
    expect([...(row?.value ?? [])]).toEqual(expected);
  });

  it("[MT240] are looked at in slices, however few points were read", () => {
    const slices = (windowS: number) => {
      const { shard } = fed(8);
      const { series, labels: index, state } = shard;
      const source = new TierReader(shard, NOON, ALL_KEPT);
      const work = select(orderOf(windowS, 1, COUNT), { series, index, source, dictionary: state.dictionary, closedMs: 0 });
      let turns = 0;
      for (; !work.next().done; turns++);
      return turns;
    };
    expect(slices(10)).toBe(0);
    // Eight million samples in the windows of each series.
    expect(slices(COUNT)).toBeGreaterThan(1);
  });
});
