import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededReservoir } from "./reservoir.ts";

const item = (seq: number) => ({ seq, value: seq * 10, extra: seq % 3 === 0 ? null : seq });
function sampleOf(seqs: Iterable<number>, capacity: number, seed = 1): SeededReservoir {
  const sample = new SeededReservoir(seed, capacity);
  for (const seq of seqs) sample.offer(item(seq));
  return sample;
}
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe("a seeded reservoir", () => {
  it("[LB81] everything fits until it is full, and then exactly its capacity", () => {
    expect(sampleOf(upTo(100), 100).values()).toEqual(Float64Array.from(upTo(100), (seq) => seq * 10));
    expect(sampleOf(upTo(101), 100).size).toBe(100);
    expect(sampleOf(upTo(99), 100).extras()).toHaveLength(66);
  });

  it("[LB81] the sample depends on seed and items only: not on order, repetition or restarts", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 100_000 }), { maxLength: 120 }),
        fc.integer({ min: 0, max: 120 }),
        fc.integer(),
        (seqs, cut, seed) => {
          const whole = sampleOf(seqs, 30, seed);
          const turned = sampleOf([...seqs].reverse(), 30, seed);
          expect(turned.values()).toEqual(whole.values());
          const half = sampleOf(seqs.slice(0, cut), 30, seed);
          const woken = SeededReservoir.unpack(half.pack(), seed, 30);
          for (const seq of seqs.slice(Math.max(0, cut - 10))) woken.offer(item(seq)); // ten of them a second time
          expect(woken.values()).toEqual(whole.values());
          expect(woken.extras()).toEqual(whole.extras());
          expect(woken.through).toBe(Math.max(0, ...seqs));
        },
      ),
      { seed: 81, numRuns: 300 },
    );
    expect(sampleOf(upTo(1_000), 30, 1).values()).not.toEqual(sampleOf(upTo(1_000), 30, 2).values());
  });

  it("[LB81] every item is as likely as any other", () => {
    const [runs, items, capacity, tenths] = [400, 500, 50, 10];
    const counts = Array.from({ length: tenths }, () => 0);
    for (let seed = 1; seed <= runs; seed++) {
      for (const value of sampleOf(upTo(items), capacity, seed).values()) {
        const tenth = Math.floor(((value / 10 - 1) / items) * tenths);
        counts[tenth] = (counts[tenth] ?? 0) + 1;
      }
    }
    const expected = (runs * capacity) / tenths;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(27.9); // 9 degrees of freedom, one in a thousand
  });

  it("[LB81] an item that was taken back leaves its place to nobody whom the sample had turned away", () => {
    const sample = sampleOf(upTo(1_000), 30);
    const taken = (sample.values()[0] ?? 0) / 10;
    expect(sample.remove([taken, 5_000])).toBe(1);
    expect(sample.remove([taken])).toBe(0);
    const before = sample.values();
    for (const seq of upTo(1_000)) if (seq !== taken) sample.offer(item(seq));
    expect(sample.values()).toEqual(before);
    expect(sample.offer(item(taken))).toBe(true);
    expect(sample.size).toBe(30);
  });

  it("[LB81] what is no packed sample is refused", () => {
    const packed = sampleOf(upTo(5), 30).pack();
    expect(() => SeededReservoir.unpack(packed.subarray(0, packed.length - 8), 1, 30)).toThrow("not a packed sample");
    expect(() => SeededReservoir.unpack(packed.subarray(0, 7), 1, 30)).toThrow("whole numbers");
    expect(() => SeededReservoir.unpack(new Uint8Array(0), 1, 30)).toThrow("not a packed sample");
  });
});
