import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packLines, uniteLines, unpackLines } from "./ranked-lines.ts";

/** Also with halves of surrogate pairs, which come together where texts lie one behind the other. */
const text = fc.oneof(
  fc.constantFrom("a", "ab", "b", "\ud83d", "\ude00", "\ud83d\ude00", "x\ny"),
  fc.string({ unit: "binary", maxLength: 5 }),
);
const line = fc.record({ value: text, series: fc.integer({ min: 1, max: 40_000 }) });

describe("lines between objects", () => {
  it("[MT401] come out as they were packed, whatever their texts", () => {
    fc.assert(
      fc.property(fc.array(line), fc.nat(), (items, total) => {
        const packed = packLines({ items, total });
        expect([unpackLines(packed), packed.total]).toEqual([items, total]);
      }),
      { seed: 401, numRuns: 300 },
    );
  });

  it("[MT401] of several lists are one list by text with the sums, in whatever order they come", () => {
    const list = fc.uniqueArray(line, { selector: ({ value }) => value, maxLength: 12 });
    let shared = 0;
    fc.assert(
      fc.property(fc.array(list, { maxLength: 5 }), fc.boolean(), (lists, inOrder) => {
        const sums = new Map<string, number>();
        for (const { value, series } of lists.flat()) sums.set(value, (sums.get(value) ?? 0) + series);
        shared += lists.flat().length - sums.size;
        const expected = [...sums].map(([value, series]) => ({ value, series })).toSorted((a, b) => (a.value < b.value ? -1 : 1));
        const given = inOrder ? lists.map((one) => one.toSorted((a, b) => (a.value < b.value ? -1 : 1))) : lists;
        const before = structuredClone(given);
        expect(uniteLines(given)).toEqual(expected);
        expect(given).toEqual(before);
      }),
      { seed: 401, numRuns: 300 },
    );
    expect(shared).toBeGreaterThan(100);
  });
});
