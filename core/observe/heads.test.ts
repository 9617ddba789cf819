import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STALE_BITS } from "../../contract/metric-limits.ts";
import { Heads } from "./heads.ts";
import { PointBuffer } from "./points.ts";

function read(heads: Heads, slot: number): [number, number][] {
  const out = new PointBuffer();
  heads.read(slot, out);
  out.normalise();
  return Array.from({ length: out.count }, (_, i) => [out.columns.at[i] ?? 0, out.columns.bits[2 * i] ?? 0]);
}

/** What a seal packs, which from then on counts as sealed. */
function seal(heads: Heads, slot: number, hotFrom: number): PointBuffer | undefined {
  const taken = heads.take(slot, hotFrom);
  if (taken) heads.settle(slot, taken);
  return taken?.points;
}

describe("heads", () => {
  it("[MT22] keep the value written last of each time, in any order of writing", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 0, max: 200 }), fc.nat(1_000)), { maxLength: 400 }), (writes) => {
        const heads = new Heads();
        const model = new Map<number, Map<number, number>>();
        for (const [slot, at, low] of writes) {
          if (!model.has(slot)) heads.open(slot);
          const points = model.get(slot) ?? new Map<number, number>();
          model.set(slot, points.set(at, low));
          heads.append(slot, at, low, 0);
        }
        for (const [slot, points] of model) expect(read(heads, slot)).toEqual([...points].sort(([a], [b]) => a - b));
      }),
      { seed: 22, numRuns: 300 },
    );
  });

  it("[MT22] give every point to a seal once, and keep the newest in memory", () => {
    const heads = new Heads();
    heads.open(5);
    for (let i = 0; i < 100; i++) heads.append(5, i * 1_000, i, 0);
    const sealed = seal(heads, 5, 90_000);
    expect(sealed?.count).toBe(100);
    expect(read(heads, 5).map(([at]) => at)).toEqual(Array.from({ length: 10 }, (_, i) => 90_000 + i * 1_000));
    expect(heads.memoryFrom(5)).toBe(90_000);
    expect(heads.hasUnsealed(5)).toBe(false);
    expect(seal(heads, 5, 95_000)).toBeUndefined();
    heads.append(5, 42, 7, 0);
    expect(seal(heads, 5, 95_000)?.count).toBe(1);
  });

  it("[MT32] keep the stale marker's bits, and say that the newest value is stale", () => {
    const heads = new Heads();
    heads.open(0);
    for (let i = 0; i < 40; i++) heads.append(0, i, STALE_BITS.low, STALE_BITS.high);
    expect(heads.newestBits(0)).toEqual(STALE_BITS);
    const bits = seal(heads, 0, 0)?.columns.bits;
    expect([bits?.[0], bits?.[1], bits?.[78], bits?.[79]]).toEqual([STALE_BITS.low, STALE_BITS.high, STALE_BITS.low, STALE_BITS.high]);
  });

  it("[MT22] cost a few hundred bytes a series for half an hour of 5 s points", () => {
    const heads = new Heads();
    const values = new Float64Array(1);
    const bits = new Uint32Array(values.buffer);
    for (let slot = 0; slot < 100; slot++) {
      heads.open(slot);
      for (let i = 0; i < 360; i++) {
        values[0] = Math.round(50 + 30 * Math.sin(i / 20 + slot)) / 100;
        heads.append(slot, i * 5_000, bits[0] ?? 0, bits[1] ?? 0);
      }
    }
    expect(heads.bytes / 100).toBeLessThan(800);
  });

  it("[MT22] forget a slot without touching its neighbours", () => {
    const heads = new Heads();
    for (const slot of [0, 1]) {
      heads.open(slot);
      for (let i = 0; i < 20; i++) heads.append(slot, i, slot, 0);
    }
    heads.close(0);
    heads.open(0);
    expect(read(heads, 0)).toEqual([]);
    expect(read(heads, 1)).toHaveLength(20);
    heads.close(0);
    heads.close(1);
    expect(heads.bytes).toBe(0);
  });
});
