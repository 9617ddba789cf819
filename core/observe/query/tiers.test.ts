import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Tier } from "../../../contract/metric-limits.ts";
import { NOON, TestShard, type TestSample, valueOf } from "../testing.ts";
import type { TierSource } from "../tier-source.ts";
import { near } from "./oracle-testing.ts";
import { segmentsOf } from "./segments.ts";
import { ask, iso } from "./testing.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
/** Points lie before; upkeep has long been. */
const NOW = NOON + 7 * HOUR;

/** The same shard as a source that has nothing but raw points. */
function rawOnly(source: TierSource): TierSource {
  return {
    trace: source.trace,
    raw: (...args) => source.raw(...args),
    rollups: (...args) => source.rollups(...args),
    rolledTo: () => Number.NEGATIVE_INFINITY,
    oldest: () => 0,
    lateEpoch: (slot) => source.lateEpoch(slot),
    bytesFor: (...args) => source.bytesFor(...args),
  };
}

const counter = fc
  .array(fc.record({ at: fc.integer({ min: 0, max: 5 * 60 - 1 }), rise: fc.integer({ min: -1, max: 9 }) }), {
    minLength: 1,
    maxLength: 120,
  })
  .map((drawn) => {
    let total = 5;
    return [...new Map(drawn.map(({ at, rise }) => [at, rise]))]
      .sort(([a], [b]) => a - b)
      .map(([at, rise]): TestSample => ({
        metric: "m_total",
        at: NOON + at * MINUTE + 30_000,
        value: (total = rise < 0 ? 1 : total + rise),
      }));
  });

describe("answers from rollups", () => {
  it("[MT226] are those from raw points: sum, count, min, max, avg and increase of whole windows", async () => {
    let fromRollups = 0;
    await fc.assert(
      fc.asyncProperty(
        counter,
        fc.constantFrom("sum", "count", "min", "max", "avg", "increase", "rate"),
        fc.constantFrom(MINUTE, 10 * MINUTE, HOUR, 2 * HOUR),
        async (samples, aggregate, stepMs) => {
          const rig = new TestShard();
          rig.ingest(samples, NOON + 5 * HOUR);
          rig.upkeep(NOW);
          const query = { metric: "m_total", aggregate, stepMs, start: iso(NOON - HOUR), end: iso(NOON + 6 * HOUR), band: true };
          const rolled = valueOf(await ask(rig, query, rig.tiers(NOW)));
          const raw = valueOf(await ask(rig, query, rawOnly(rig.tiers(NOW))));
          expect(raw.trace.tiers).toMatchObject({ minute: 0, hour: 0 });
          fromRollups += rolled.trace.tiers.minute + rolled.trace.tiers.hour;
          expect(rolled.series.length).toBe(raw.series.length);
          for (const [i, { values, band }] of raw.series.entries())
            for (const [step, value] of values.entries()) {
              expect(
                near(rolled.series[i]?.values[step], value),
                `${aggregate} at ${step}: ${rolled.series[i]?.values[step]} and not ${value}`,
              ).toBe(true);
              expect(rolled.series[i]?.band?.max[step]).toBe(band?.max[step]);
            }
        },
      ),
      { seed: 226, numRuns: 200 },
    );
    expect(fromRollups).toBeGreaterThan(1_000);
  });

  it("[MT227] hold a sample that came late at once, not only when upkeep has summed its window anew", async () => {
    const rig = new TestShard();
    const samples = Array.from({ length: 300 }, (_, i) => ({ metric: "m", at: NOON + i * MINUTE, value: 1 }));
    rig.ingest(samples, NOON + 5 * HOUR);
    rig.upkeep(NOW);
    const query = { aggregate: "sum", stepMs: HOUR, start: iso(NOON), end: iso(NOON + 5 * HOUR) };
    const sums = async () => {
      const { series, trace } = valueOf(await ask(rig, query, rig.tiers(NOW)));
      expect(trace.tiers.minute + trace.tiers.hour).toBeGreaterThan(0);
      return series[0]?.values;
    };
    expect(await sums()).toEqual([60, 60, 60, 60, 60]);
    rig.ingest([{ metric: "m", at: NOON + 2 * HOUR + 1, value: 1_000 }], NOW);
    expect(await sums()).toEqual([60, 60, 1_060, 60, 60]);
    rig.upkeep(NOW + 1_000);
    expect(await sums()).toEqual([60, 60, 1_060, 60, 60]);
  });

  it("[MT226] make windows of months of them, as good as they hold", async () => {
    const rig = new TestShard();
    rig.ingest(
      Array.from({ length: 300 }, (_, i) => ({ metric: "m_total", at: NOON + i * MINUTE, value: i })),
      NOON + 5 * HOUR,
    );
    rig.upkeep(NOW);
    // As if raw points were gone.
    const tiers = rig.tiers(NOW);
    const source: TierSource = {
      ...rawOnly(tiers),
      rolledTo: (tier) => tiers.rolledTo(tier),
      oldest: (tier) => (tier === "raw" ? NOW : 0),
      raw: (slot) => tiers.raw(slot, NOW, NOW),
    };
    const asked = { metric: "m_total", windowMs: HOUR, stepMs: HOUR, start: iso(NOON + 2 * HOUR), end: iso(NOON + 4 * HOUR) };
    const values = async (aggregate: string) => valueOf(await ask(rig, { ...asked, aggregate, quantile: 0.5 }, source)).series[0]?.values;
    expect(await values("increase")).toEqual([60, 60, 60]);
    expect(await values("rate")).toEqual([1 / 60, 1 / 60, 1 / 60]);
    expect(await values("max")).toEqual([119, 179, 239]);
    expect(await values("min")).toEqual([60, 120, 180]);
    expect(await values("count")).toEqual([60, 60, 60]);
    expect(await values("avg")).toEqual([89.5, 149.5, 209.5]);
    expect(await values("last")).toEqual([119, 179, 239]);
    expect(await values("delta")).toEqual([60, 60, 60]);
    expect(await values("quantile")).toEqual([89.5, 149.5, 209.5]);
    expect((await values("stddev"))?.every((value) => near(value, Math.sqrt((60 * 60 - 1) / 12)))).toBe(true);
  });
});

describe("windows at the edge of raw points", () => {
  it("[MT226] are Prometheus' as soon as they lie in raw points as a whole", async () => {
    const rig = new TestShard();
    rig.ingest(
      Array.from({ length: 600 }, (_, i) => ({ metric: "m_total", at: NOON + i * 30_000, value: (i * i) % 1_000 })),
      NOON + 5 * HOUR,
    );
    rig.upkeep(NOW);
    const tiers = rig.tiers(NOW);
    const cut = NOON + 2 * HOUR;
    const source: TierSource = {
      ...rawOnly(tiers),
      rolledTo: (tier) => tiers.rolledTo(tier),
      oldest: (tier) => (tier === "raw" ? cut : 0),
      raw: (slot, from, end) => tiers.raw(slot, Math.max(from, cut), end),
    };
    const windowMs = 5 * MINUTE;
    const asked = { metric: "m_total", aggregate: "rate", windowMs, stepMs: MINUTE, start: iso(NOON + HOUR), end: iso(NOON + 4 * HOUR) };
    const [mixed, raw] = [valueOf(await ask(rig, asked, source)), valueOf(await ask(rig, asked, rawOnly(tiers)))];
    const values = (reply: typeof raw, from: number) => reply.series[0]?.values.slice((from - reply.startMs) / MINUTE);
    expect(values(mixed, cut + windowMs)).toEqual(values(raw, cut + windowMs));
    const old = mixed.series[0]?.values.slice(0, 60) ?? [];
    expect(old.every((value) => value !== null && value > 0)).toBe(true);
    expect(mixed.trace.tiers.minute).toBeGreaterThan(0);
  });
});

describe("the tiers of a range", () => {
  const held = { raw: 100 * HOUR, minute: 50 * HOUR + 5 * MINUTE, hour: 0 };
  const rolled = { minute: 120 * HOUR + 30 * MINUTE, hour: 110 * HOUR };
  const source = { oldest: (tier: Tier) => held[tier], rolledTo: (tier: "minute" | "hour") => rolled[tier] };

  it("[MT226] go from coarse to fine without a gap or an overlap", () => {
    const all = (wanted: Tier) => segmentsOf(source, wanted, 0, 130 * HOUR).map(({ tier, from, end }) => [tier, from / HOUR, end / HOUR]);
    expect(all("hour")).toEqual([
      ["hour", 0, 110],
      ["minute", 110, 120.5],
      ["raw", 120.5, 130],
    ]);
    expect(all("minute")).toEqual([
      ["hour", 0, 51],
      ["minute", 51, 120.5],
      ["raw", 120.5, 130],
    ]);
    expect(all("raw")).toEqual([
      ["hour", 0, 51],
      ["minute", 51, 100],
      ["raw", 100, 130],
    ]);
  });

  it("[MT241] make a step that nobody asked for as long as what is held, and leave one that was asked for", async () => {
    const rig = new TestShard();
    rig.ingest(
      Array.from({ length: 60 }, (_, i) => ({ metric: "m", at: NOON + i * MINUTE, value: i })),
      NOON + HOUR,
    );
    rig.upkeep(NOW);
    const tiers = rig.tiers(NOW);
    const old: TierSource = {
      ...rawOnly(tiers),
      rolledTo: (tier) => tiers.rolledTo(tier),
      oldest: (tier) => (tier === "raw" ? NOW : 0),
      raw: (slot) => tiers.raw(slot, NOW, NOW),
    };
    const range = { start: iso(NOON), end: iso(NOON + 10 * MINUTE) };
    expect(valueOf(await ask(rig, range, old))).toMatchObject({ stepMs: MINUTE, series: [{ values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }] });
    expect(valueOf(await ask(rig, { ...range, stepMs: 30_000 }, old)).stepMs).toBe(30_000);
    expect(valueOf(await ask(rig, range, tiers)).stepMs).toBe(5_000);
  });
});
