import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareWrites } from "./keyed.ts";

const stamp = fc.record({ version: fc.nat(2), at: fc.nat(2), clientId: fc.constantFrom("a", "b", "c") });

describe("writes of one key", () => {
  it("[TP7] have one winner, in whatever order they are heard", () => {
    const winnerOf = (writes: readonly { version: number; at: number; clientId: string }[]) =>
      writes.reduce((winner, write) => (compareWrites(write, winner) > 0 ? write : winner));
    fc.assert(
      fc.property(fc.array(stamp, { minLength: 1, maxLength: 8 }), fc.infiniteStream(fc.nat()), (writes, order) => {
        const shuffled = writes.map((write) => ({ write, at: order.next().value ?? 0 })).toSorted((a, b) => a.at - b.at);
        expect(winnerOf(shuffled.map(({ write }) => write))).toEqual(winnerOf(writes));
      }),
      { seed: 7, numRuns: 300 },
    );
    expect(compareWrites({ version: 1, at: 9, clientId: "z" }, { version: 2, at: 0, clientId: "a" })).toBeLessThan(0);
    expect(compareWrites({ version: 1, at: 1, clientId: "z" }, { version: 1, at: 2, clientId: "a" })).toBeLessThan(0);
    expect(compareWrites({ version: 1, at: 1, clientId: "a" }, { version: 1, at: 1, clientId: "b" })).toBeLessThan(0);
    expect(compareWrites({ version: 1, at: 1, clientId: "a" }, { version: 1, at: 1, clientId: "a" })).toBe(0);
  });
});
