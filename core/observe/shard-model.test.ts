import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOON, TestShard, type TestSample } from "./testing.ts";
import { Seal } from "./upkeep.ts";

/** The naive oracle: every point of every series in a map. */
class Model {
  readonly series = new Map<string, Map<number, number | null>>();
  readonly ids = new Set<string>();
  now = NOON;

  take(samples: readonly TestSample[]): void {
    for (const { metric, at, value } of samples) {
      let points = this.series.get(metric);
      if (!points) this.series.set(metric, (points = new Map()));
      points.set(at, value);
    }
  }
}

interface Real {
  readonly rig: TestShard;
  /** What happened, so that the run can show it was not vacuous. */
  readonly seen: Record<string, number>;
  sealing: Seal | undefined;
}

const METRICS = ["a", "b", "c", "d", "e"];
const sample = fc.record({
  metric: fc.constantFrom(...METRICS),
  // Mostly on a grid, so that the same time comes again; late, early and in order.
  offset: fc.oneof(
    fc.integer({ min: -60, max: 0 }).map((steps) => steps * 5_000),
    fc.integer({ min: -86_000_000, max: 500_000 }),
  ),
  value: fc.oneof(fc.constant(null), fc.integer({ min: -1_000, max: 1_000 }), fc.double({ noNaN: true })),
});

const note = (real: Real, name: string) => void (real.seen[name] = (real.seen[name] ?? 0) + 1);

function check(model: Model, real: Real): void {
  for (const metric of METRICS) {
    const expected = [...(model.series.get(metric) ?? [])].sort(([a], [b]) => a - b);
    expect(real.rig.points(metric)).toEqual(expected);
    const [from, end] = [model.now - 120_000, model.now - 20_000];
    expect(real.rig.points(metric, undefined, from, end)).toEqual(expected.filter(([at]) => at >= from && at < end));
  }
}

const ingest = fc.tuple(fc.array(sample, { minLength: 1, maxLength: 40 }), fc.option(fc.nat(9))).map(([list, again]) => ({
  check: () => true,
  run: (model: Model, real: Real) => {
    const samples = list.map(({ metric, offset, value }) => ({ metric, at: model.now + offset, value }));
    const id = again === null ? `once-${model.now}` : `id-${again}`;
    const reply = real.rig.ingest(samples, model.now, id);
    expect(reply.duplicate).toBe(model.ids.has(id));
    note(real, reply.duplicate ? "duplicate" : "ingest");
    if (!reply.duplicate) model.take(samples);
    model.ids.add(id);
    check(model, real);
  },
  toString: () => `ingest(${list.length}, ${again})`,
}));

const advance = fc.integer({ min: 1, max: 100_000 }).map((ms) => ({
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

const restart = simple("restart", (_, real) => {
  real.sealing = undefined;
  real.rig.restart();
});
const seal = simple("seal", (model, real) => {
  real.sealing = undefined;
  real.rig.seal(model.now);
});
/** One slice of a seal; requests, or an eviction, may come before the next. */
const slice = simple("slice", (model, real) => {
  real.sealing ??= new Seal(real.rig.shard, model.now);
  if (real.sealing.slice(2)) return;
  real.sealing.finish();
  real.sealing = undefined;
  note(real, "sealed in slices");
});

describe("a shard", () => {
  it("[MT30] [MT31] [MT14] equals a plain map, whatever order of late, duplicate and stale samples, seals, half seals and evictions", () => {
    const seen: Record<string, number> = {};
    fc.assert(
      fc.property(
        fc.commands([ingest, ingest, ingest, advance, restart, seal, slice, slice], { maxCommands: 40, size: "max" }),
        (commands) => {
          fc.modelRun(() => ({ model: new Model(), real: { rig: new TestShard(), seen, sealing: undefined } }), commands);
        },
      ),
      { seed: 30, numRuns: 150 },
    );
    for (const name of ["ingest", "duplicate", "restart", "seal", "slice", "sealed in slices"]) expect(seen[name] ?? 0).toBeGreaterThan(20);
  });
});
