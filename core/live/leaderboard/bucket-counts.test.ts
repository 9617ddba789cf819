import { expect, it } from "vitest";
import { COUNTS_PER_CHUNK, countsOf, packCounts } from "./bucket-counts.ts";
import { Buckets } from "./buckets.ts";

/** So many buckets whose ids are in another order than their places. */
function many(count: number): Buckets {
  return Buckets.of(
    Array.from({ length: count }, (_, n) => ({
      id: (n * 7) % count,
      lo: { inv: n, sub: 0, at: 0, player: "" },
      count: n % 513,
    })),
  );
}

it("[LB24] counts of 4,096 buckets share a row of 8 KiB, by id, and are found again", () => {
  expect(COUNTS_PER_CHUNK).toBe(4_096);
  const buckets = many(9_001);
  const chunks = packCounts(buckets, new Set([0, 1, 2]), 5);
  expect(chunks.map(({ chunk, version, packed }) => [chunk, version, packed.byteLength])).toEqual([
    [0, 5, 8_192],
    [1, 5, 8_192],
    [2, 5, 2 * (9_001 - 8_192)],
  ]);
  const countOf = countsOf(chunks);
  for (let index = 0; index < buckets.length; index += 13) expect(countOf(buckets.id(index))).toBe(buckets.count(index));
  expect(() => countOf(9_001)).toThrow("in no checkpoint");
  expect(() => countsOf(chunks.slice(1))(5)).toThrow("in no checkpoint");
  // Only the chunks asked for are made.
  expect(packCounts(buckets, new Set([1]), 6).map(({ chunk }) => chunk)).toEqual([1]);
});

it("[LB24] a count that does not fit its bytes is refused instead of being cut", () => {
  const full = Buckets.of([{ id: 0, lo: { inv: 0, sub: 0, at: 0, player: "" }, count: 65_536 }]);
  expect(() => packCounts(full, new Set([0]), 1)).toThrow("has counted 65536");
});

it("[LB8] sums before a bucket and the bucket of a place follow every change, empty buckets too", () => {
  const buckets = many(1_000);
  const check = () => {
    let before = 0;
    for (let index = 0; index < buckets.length; index++) {
      const count = buckets.count(index);
      if (buckets.before(index) !== before) throw new Error(`${buckets.before(index)} before ${index} instead of ${before}`);
      if (count > 0) expect(buckets.locatePlace(before + count - 1)).toEqual({ index, before });
      before += count;
    }
    expect(buckets.total).toBe(before);
  };
  check();
  for (let n = 0; n < 300; n++) buckets.add((n * 37) % 1_000, (n % 3) - 1);
  check();
  for (let n = 0; n < 20; n++) {
    const at = (n * 41) % buckets.length;
    buckets.insert(at + 1, { ...buckets.lo(at), sub: 1 }, buckets.count(at) >>> 1, at);
    buckets.absorbNext((n * 17) % (buckets.length - 1));
  }
  check();
  expect(new Set(Array.from({ length: buckets.length }, (_, index) => buckets.id(index))).size).toBe(buckets.length);
});
