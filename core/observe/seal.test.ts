import { describe, expect, it } from "vitest";
import { deleteSeries } from "./delete-series.ts";
import { Seal, SEALING } from "./seal.ts";
import { NOON, type TestSample, TestShard } from "./testing.ts";

const STEP_MS = 5_000;

/** A shard with points of so many series, `points` each up to noon. */
function filled(series: number, points: number): TestShard {
  const rig = new TestShard();
  const samples: TestSample[] = [];
  for (let n = 0; n < series; n++)
    for (let i = 0; i < points; i++)
      samples.push({ metric: "m", labels: { n: String(n).padStart(3, "0") }, at: NOON - (points - i) * STEP_MS, value: n + i });
  for (let from = 0; from < samples.length; from += 5_000) rig.ingest(samples.slice(from, from + 5_000));
  return rig;
}

const labels = (n: number) => ({ n: String(n).padStart(3, "0") });

describe("a seal in slices", () => {
  it("[MT403] fills rows with 64 series however small its slices are, and passes over those with nothing to pack", () => {
    for (const most of [1, 5, SEALING.sliceSeries, 64, 1_000]) {
      const rig = filled(200, 8);
      const seal = new Seal(rig.shard, NOON);
      while (seal.slice(most));
      seal.finish();
      expect(rig.shard.blocks.rows).toBe(4);
      // One series in three has new points: 67 of them.
      rig.ingest(
        Array.from({ length: 200 }, (_, n) => ({ metric: "m", labels: labels(n), at: NOON, value: 1 })).filter((_, n) => n % 3 === 0),
      );
      const next = new Seal(rig.shard, NOON);
      while (next.slice(most));
      next.finish();
      expect(rig.shard.blocks.rows).toBe(6);
    }
  });

  it("[MT403] packs few series and few points in a slice, and changes nothing before the slice that writes their row", () => {
    const rig = filled(64, 100);
    const seal = new Seal(rig.shard, NOON);
    for (let slice = 0; slice < 64 / SEALING.sliceSeries; slice++) {
      expect(seal.slice()).toBe(true);
      expect([rig.shard.blocks.rows, rig.shard.heads.hasUnsealed(rig.slotOf("m", labels(0)))]).toEqual([0, true]);
    }
    expect(seal.slice()).toBe(false);
    expect([rig.shard.blocks.rows, rig.shard.heads.hasUnsealed(rig.slotOf("m", labels(0)))]).toEqual([1, false]);

    const wide = filled(8, SEALING.slicePoints / 2);
    const few = new Seal(wide.shard, NOON);
    let slices = 1;
    while (few.slice()) slices++;
    // Two series of so many points each make a slice, and one slice writes.
    expect(slices).toBe(5);
  });

  it("[MT403] holds what came to a series between its packing and its row, and nothing of one that was deleted", () => {
    const rig = filled(6, 40);
    const before = NOON - 40 * STEP_MS;
    const seal = new Seal(rig.shard, NOON - 60_000);
    expect(seal.slice()).toBe(true);
    const came: TestSample[] = [
      { metric: "m", labels: labels(0), at: NOON, value: 100 },
      // Late, and the same time again: the number of points does not tell.
      { metric: "m", labels: labels(1), at: before - 1, value: 101 },
      { metric: "m", labels: labels(2), at: NOON - STEP_MS, value: 102 },
    ];
    rig.ingest(came);
    deleteSeries(rig.shard, { metric: "m", matchers: [{ label: "n", op: "=", value: "003" }] });
    deleteSeries(rig.shard, { metric: "m", matchers: [{ label: "n", op: "=", value: "004" }] });
    rig.ingest([{ metric: "m", labels: labels(4), at: NOON, value: 104 }]);
    const expected = Array.from({ length: 6 }, (_, n) => rig.points("m", labels(n)));
    expect(expected.map((points) => points.length)).toEqual([41, 41, 40, 0, 1, 40]);
    expect([expected[0]?.at(-1), expected[1]?.[0], expected[2]?.at(-1), expected[4]?.[0]]).toEqual(
      came.map(({ at, value }) => [at, value]).concat([[NOON, 104]]),
    );
    const read = () => Array.from({ length: 6 }, (_, n) => rig.points("m", labels(n)));
    while (seal.slice());
    expect(read()).toEqual(expected);
    // Cut off here, and after its end.
    rig.restart();
    expect(read()).toEqual(expected);
    rig.seal();
    expect(read()).toEqual(expected);
    rig.restart();
    expect(read()).toEqual(expected);
  });
});
