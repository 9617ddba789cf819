import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ROLLUP_STEPS_MS, type RollupTier } from "../../contract/metric-limits.ts";
import { deleteSeries } from "./delete-series.ts";
import { NOON, TEST_KEPT, type TestSample, TestShard, valueOf } from "./testing.ts";
import type { TierReader } from "./tier-reader.ts";
import { upkeep } from "./upkeep.ts";

/** The naive oracle: every point of every series that ever came, in a map. */
class Model {
  readonly series = new Map<string, Map<number, number | null>>();
  readonly ids = new Set<string>();
  /** Late epoch of each series as it was last seen. */
  readonly epochs = new Map<string, number>();
  now = NOON;

  take(samples: readonly TestSample[]): void {
    for (const { metric, at, value } of samples) {
      let points = this.series.get(metric);
      if (!points) this.series.set(metric, (points = new Map()));
      points.set(at, value);
    }
  }

  sorted(metric: string): [number, number | null][] {
    return [...(this.series.get(metric) ?? [])].sort(([a], [b]) => a - b);
  }
}

interface Real {
  readonly rig: TestShard;
  /** What happened, so that the run can show it was not vacuous. */
  readonly seen: Record<string, number>;
  running: Generator | undefined;
}

/** By its name the first is a counter, of the others it is not known. */
const METRICS = ["a_total", "b", "c", "d", "e"];
const sample = fc.record({
  metric: fc.constantFrom(...METRICS),
  // Mostly on a grid, so that the same time comes again; late, early and in order.
  offset: fc.oneof(
    fc.integer({ min: -60, max: 0 }).map((steps) => steps * 5_000),
    fc.integer({ min: -86_000_000, max: 500_000 }),
  ),
  value: fc.oneof(
    fc.constant(null),
    fc.integer({ min: -1_000, max: 1_000 }),
    fc.integer({ min: 0, max: 100_000 }).map((n) => n / 100),
    fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
  ),
});

const note = (real: Real, name: string, count = 1) => void (real.seen[name] = (real.seen[name] ?? 0) + count);

function check(model: Model, real: Real): void {
  const tiers = real.rig.tiers(model.now);
  for (const metric of METRICS) {
    const points = model.sorted(metric);
    const slot = real.rig.slotOf(metric);
    if (slot < 0) {
      expect(points).toEqual([]);
      continue;
    }
    const oldest = tiers.oldest("raw");
    const expected = points.filter(([at]) => at >= oldest);
    expect(raw(tiers, slot, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).toEqual(expected);
    const [from, end] = [model.now - 120_000, model.now - 20_000];
    expect(raw(tiers, slot, from, end)).toEqual(expected.filter(([at]) => at >= from && at < end));
    for (const tier of ["minute", "hour"] as const) checkWindows(metric, points, tiers, slot, tier, real);
    const epoch = tiers.lateEpoch(slot);
    expect(epoch).toBeGreaterThanOrEqual(model.epochs.get(metric) ?? 0);
    model.epochs.set(metric, epoch);
  }
}

function raw(tiers: TierReader, slot: number, from: number, end: number): [number, number | null][] {
  const { points, first, last } = tiers.raw(slot, from, end);
  const { at, values } = points.columns;
  return Array.from({ length: last - first }, (_, i) => {
    const value = values[first + i] ?? 0;
    return [at[first + i] ?? 0, Number.isNaN(value) ? null : value];
  });
}

function checkWindows(
  metric: string,
  points: readonly [number, number | null][],
  tiers: TierReader,
  slot: number,
  tier: RollupTier,
  real: Real,
): void {
  const step = ROLLUP_STEPS_MS[tier];
  const expected = new Map<number, { values: number[]; before: number | undefined }>();
  let before: number | undefined;
  for (const [at, value] of points) {
    if (value === null) continue;
    const window = Math.floor(at / step) * step;
    const own = expected.get(window);
    if (own) own.values.push(value);
    else expected.set(window, { values: [value], before });
    before = value;
  }
  const [oldest, rolledTo] = [tiers.oldest(tier), tiers.rolledTo(tier)];
  const shown = [...expected].filter(([at]) => at >= oldest && at < rolledTo);
  const view = tiers.rollups(slot, tier, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  expect([...view.at.subarray(0, view.count)]).toEqual(shown.map(([at]) => at));
  for (const [i, [, { values, before: base }]] of shown.entries()) {
    expect([view.samples[i], view.min[i], view.max[i], view.last[i]]).toEqual([
      values.length,
      Math.min(...values),
      Math.max(...values),
      values.at(-1),
    ]);
    expectClose(view.sum[i] ?? 0, values.reduce((sum, value) => sum + value, 0)); // prettier-ignore
    const rise = view.increase[i] ?? 0;
    if (metric === "a_total" || !Number.isNaN(rise)) expectClose(rise, increaseOf(base === undefined ? values : [base, ...values]));
  }
  note(real, tier, shown.length);
}

function increaseOf(values: readonly number[]): number {
  let rise = 0;
  for (let i = 1; i < values.length; i++) {
    const [from = 0, to = 0] = [values[i - 1], values[i]];
    rise += to < from ? to : to - from;
  }
  return rise;
}

/** Sums of up to a few hundred values below a million. */
function expectClose(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThan(1e-6);
}

const ingest = fc.tuple(fc.array(sample, { minLength: 1, maxLength: 40 }), fc.option(fc.nat(9))).map(([list, again]) => ({
  check: () => true,
  run: (model: Model, real: Real) => {
    const samples = list.map(({ metric, offset, value }) => ({ metric, at: model.now + offset, value }));
    const id = again === null ? `once-${model.now}` : `id-${again}`;
    const reply = real.rig.ingest(samples, model.now, id);
    expect(reply.duplicate).toBe(model.ids.has(id));
    note(real, reply.duplicate ? "duplicate" : "ingest");
    if (!reply.duplicate) {
      model.take(samples);
      const late = new Set(samples.filter(({ at }) => at < model.now - 60_000).map(({ metric }) => metric));
      for (const metric of late) {
        const epoch = real.rig.tiers(model.now).lateEpoch(real.rig.slotOf(metric));
        expect(epoch).toBeGreaterThan(model.epochs.get(metric) ?? 0);
      }
    }
    model.ids.add(id);
    check(model, real);
  },
  toString: () => `ingest(${list.length}, ${again})`,
}));

const advance = fc
  .oneof(
    fc.integer({ min: 1, max: 100_000 }),
    fc.integer({ min: 1_800_000, max: 30_000_000 }),
    fc.integer({ min: 40_000_000, max: 120_000_000 }),
  )
  .map((ms) => ({
    check: () => true,
    run: (model: Model) => {
      model.now += ms;
      // Ids of the grid come again within their ten minutes only by chance: forget what may have run out.
      if (ms > 50_000) model.now += 600_000;
      if (ms > 50_000) model.ids.clear();
    },
    toString: () => `advance(${ms})`,
  }));

const simple = (name: string, run: (model: Model, real: Real) => void) =>
  fc.constant({
    check: () => true,
    run: (model: Model, real: Real) => {
      run(model, real);
      note(real, name);
      check(model, real);
    },
    toString: () => name,
  });

const restart = simple("restart", (model, real) => {
  real.running = undefined;
  real.rig.restart(model.now);
});
const whole = simple("upkeep", (model, real) => {
  if (real.running) for (const _ of real.running);
  real.running = undefined;
  real.rig.upkeep(model.now);
});
/** One slice of an upkeep; requests, or an eviction, may come before the next. */
const slice = simple("slice", (model, real) => {
  real.running ??= upkeep(real.rig.shard, model.now, TEST_KEPT, 0, 2);
  if (!real.running.next().done) return;
  real.running = undefined;
  note(real, "kept up in slices");
});
const remove = fc.constantFrom(...METRICS).map((metric) => ({
  check: () => true,
  run: (model: Model, real: Real) => {
    const { deleted } = valueOf(deleteSeries(real.rig.shard, { metric }));
    expect(deleted).toBe(model.series.delete(metric) ? 1 : 0);
    note(real, "delete", deleted);
    check(model, real);
  },
  toString: () => `delete(${metric})`,
}));

describe("a shard", () => {
  it("[MT14] [MT30] [MT31] [MT176] [MT177] equals a plain map, whatever order of samples, seals, rollups, deletions and evictions", () => {
    const seen: Record<string, number> = {};
    fc.assert(
      fc.property(
        fc.commands([ingest, ingest, ingest, advance, advance, restart, whole, slice, slice, slice, slice, remove], {
          maxCommands: 60,
          size: "max",
        }),
        (commands) => {
          fc.modelRun(() => ({ model: new Model(), real: { rig: new TestShard(), seen, running: undefined } }), commands);
        },
      ),
      { seed: 30, numRuns: 150 },
    );
    for (const name of ["ingest", "duplicate", "restart", "upkeep", "slice", "kept up in slices", "delete", "minute", "hour"])
      expect([name, seen[name] ?? 0]).toEqual([name, expect.toSatisfy((count: number) => count > 20)]);
  }, 120_000);
});
