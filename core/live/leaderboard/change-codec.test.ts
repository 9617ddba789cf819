import fc from "fast-check";
import { expect, it } from "vitest";
import { packChanges, unpackChanges } from "./change-codec.ts";
import type { SetChange, SortKey } from "./ranked-sets.ts";

const number = fc.oneof(fc.constantFrom(0, -0, 63, 64, -63, -64, 8_191, 8_192), fc.maxSafeInteger(), fc.double({ noNaN: true }));
const player = fc.constantFrom("a", "\u{1f600}", "\ufeffid", "x".repeat(128));
const numbers = fc.oneof(fc.record({ inv: number, sub: number, at: number }), fc.constantFrom({ inv: 5, sub: 0, at: 9 }));
const change: fc.Arbitrary<SetChange> = fc
  .record({ set: fc.integer(), player, before: fc.option(numbers), after: fc.option(numbers) })
  .filter(({ before, after }) => before !== null || after !== null)
  .map(({ set, player: id, before, after }) => ({
    set,
    before: before && { ...before, player: id },
    after: after && { ...after, player: id },
  }));

it("[LB22] packed changes give back every key, to the bit", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      expect(unpackChanges(packChanges(changes))).toStrictEqual(changes);
    }),
    { numRuns: 500, seed: 1 },
  );
});

it("[LB22] bytes that are cut short, of another version or bent are refused, or are other changes: never a hang", () => {
  const key = (inv: number): SortKey => ({ inv, sub: 0.5, at: 1_795_000_000_000, player: "player-1" });
  const bytes = packChanges([
    { set: 1, before: key(-1), after: key(-700) },
    { set: 2, before: null, after: key(-700) },
  ]);
  expect(() => unpackChanges(bytes.subarray(0, bytes.length - 1))).toThrow("cut short");
  expect(() => unpackChanges(new Uint8Array())).toThrow("cut short");
  expect(() => unpackChanges(Uint8Array.from([2, ...bytes.subarray(1)]))).toThrow("version 2");
  // Flags that repeat what was not there.
  for (const flags of [1 | 4, 2 | 16]) expect(() => unpackChanges(Uint8Array.from([1, flags, 1, 1, 65]))).toThrow("no writer makes");
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const bent = bytes.slice();
      bent[at] = value;
      try {
        expect(unpackChanges(bent).length).toBeLessThan(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
    { numRuns: 500, seed: 2 },
  );
});

it("[LB22] a score that enters five rankings alike takes little more than one", () => {
  const before: SortKey = { inv: -120_000, sub: 0, at: 1_795_000_000_000, player: "4f1d7a52-6a3b-4a51-9d5c-0d7f1f6b2c11" };
  const after = { ...before, inv: -120_500, at: 1_795_000_090_000 };
  const one = packChanges([{ set: 1, before, after }]).byteLength;
  expect(one).toBeLessThan(70);
  expect(packChanges([1, 2, 3, 4, 5].map((set) => ({ set, before, after }))).byteLength).toBe(one + 4 * 2);
});
