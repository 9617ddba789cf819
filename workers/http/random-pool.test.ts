import { describe, expect, it } from "vitest";
import { pooledRandom } from "./random-pool.ts";

describe("the pool of random bytes", () => {
  it("[HT303] gives each byte of the source out once, in order, whatever lengths are drawn", () => {
    let next = 0;
    const given: number[] = [];
    const random = pooledRandom((bytes) => {
      for (let i = 0; i < bytes.length; i++) {
        given.push(next % 251);
        bytes[i] = next++ % 251;
      }
      return bytes;
    });
    const drawn: number[] = [];
    for (let n = 0; n < 600; n++) drawn.push(...random(new Uint8Array(16)));
    // 4,096 is a whole number of sixteens: nothing is left out between two fillings.
    expect(drawn).toEqual(given.slice(0, drawn.length));
    for (const length of [0, 1, 7, 4_095, 4_096, 4_097, 16]) {
      const before = next;
      const bytes = random(new Uint8Array(length));
      expect(bytes.length).toBe(length);
      if (length === 4_097) expect(next - before).toBe(4_097); // larger than the pool: straight from the source
    }
  });

  it("[HT303] differs with every draw", () => {
    const random = pooledRandom((bytes) => crypto.getRandomValues(bytes));
    const drawn = Array.from({ length: 2_000 }, () => random(new Uint8Array(8)).join("."));
    expect(new Set(drawn).size).toBe(drawn.length);
  });
});
