import { HIGHEST, LOWEST } from "./buckets.ts";
import type { EntryStore } from "./entry-store.ts";
import type { SortKey } from "./ranked-sets.ts";
import { compareKeys } from "./scores.ts";

/** What every store of entries does, by cases that each begin with an empty one. A pair is what came out and what should have. */
export interface EntryStoreCase {
  readonly name: string;
  pairs(store: EntryStore): Iterable<readonly [actual: unknown, expected: unknown]>;
}

const SET = 4;
/** In order; neighbours differ in one field each, and ids by what UTF-16 and UTF-8 order differently. */
const KEYS: readonly SortKey[] = [
  { inv: Number.NEGATIVE_INFINITY, sub: 0, at: 0, player: "first" },
  { inv: -9_007_199_254_740_991, sub: 0, at: 5, player: "largest" },
  { inv: -2.5, sub: 1, at: 5, player: "b" },
  { inv: 0, sub: -1, at: 9, player: "c" },
  { inv: 0, sub: 0, at: 4, player: "z" },
  { inv: 0, sub: 0, at: 5, player: "A" },
  { inv: 0, sub: 0, at: 5, player: "a" },
  { inv: 0, sub: 0, at: 5, player: "a b'\"%_" },
  { inv: 0, sub: 0, at: 5, player: "é" },
  { inv: 0, sub: 0, at: 5, player: "\uff00" },
  { inv: 0, sub: 0, at: 5, player: "\u{1f600}" },
  { inv: 0, sub: 1, at: 1, player: "d" },
  { inv: 1e300, sub: 0, at: 1_795_000_000_000, player: "e" },
  { inv: Number.POSITIVE_INFINITY, sub: 0, at: 0, player: "last" },
];

export const ENTRY_STORE_CASES: readonly EntryStoreCase[] = [
  {
    name: "entries come in the order of compareKeys, whatever the order they came in",
    *pairs(store) {
      fill(store);
      yield [KEYS.toSorted(compareKeys), KEYS];
      yield [store.from(SET, LOWEST, 0, 100), KEYS];
      for (const [index, key] of KEYS.entries()) {
        yield [store.count(SET, LOWEST, key), index];
        yield [store.count(SET, key, HIGHEST), KEYS.length - index];
        for (const [end, to] of KEYS.entries()) yield [store.count(SET, key, to), Math.max(0, end - index)];
        yield [store.from(SET, key, 0, 2), KEYS.slice(index, index + 2)];
        yield [store.from(SET, key, 1, 2), KEYS.slice(index + 1, index + 3)];
        yield [store.beyond(SET, key, "forward", 2), KEYS.slice(index + 1, index + 3)];
        yield [store.beyond(SET, key, "backward", 2), KEYS.slice(Math.max(0, index - 2), index).toReversed()];
        yield [store.find(SET, key.player), key];
        yield [store.holds(SET, key.inv, key.sub), true];
        yield [store.holds(SET, key.inv, key.sub + 7), false];
      }
    },
  },
  {
    name: "a player has one entry in a set, and none in another",
    *pairs(store) {
      fill(store);
      const moved = { inv: 3, sub: 0, at: 1, player: "a" };
      store.put(SET, moved);
      yield [store.find(SET, "a"), moved];
      yield [store.count(SET, LOWEST, HIGHEST), KEYS.length];
      yield [store.find(SET + 1, "a"), undefined];
      yield [store.count(SET + 1, LOWEST, HIGHEST), 0];
      store.remove(SET, "a");
      store.remove(SET, "nobody");
      yield [store.find(SET, "a"), undefined];
      yield [store.count(SET, LOWEST, HIGHEST), KEYS.length - 1];
    },
  },
  {
    name: "buckets come in the order of their beginnings and are replaced by it",
    *pairs(store) {
      const rows = [LOWEST, ...KEYS.slice(1)].map((lo, id) => ({ id, lo, seq: 3 }));
      for (const row of rows.toReversed()) store.putBucket(SET, row);
      yield [store.buckets(SET), rows];
      yield [store.buckets(SET + 1), []];
      store.putBucket(SET, { id: 0, lo: LOWEST, seq: 9 });
      for (const { lo } of rows.slice(1)) store.removeBucket(SET, lo);
      yield [store.buckets(SET), [{ id: 0, lo: LOWEST, seq: 9 }]];
    },
  },
  {
    name: "counts and the checkpoint's place are kept",
    *pairs(store) {
      yield [store.counts(SET), []];
      yield [store.checkpointedSeq(), 0];
      const bytes = Uint8Array.from([9, 1, 2, 3, 9]).subarray(1, 4);
      store.putCounts(SET, { chunk: 0, version: 1, packed: Uint8Array.from([7]) });
      store.putCounts(SET, { chunk: 0, version: 2, packed: bytes });
      store.putCounts(SET, { chunk: 1, version: 2, packed: Uint8Array.from([]) });
      store.putCheckpointedSeq(40);
      store.putCheckpointedSeq(41);
      yield [
        store.counts(SET).map(({ chunk, version, packed }) => [chunk, version, ...packed]),
        [
          [0, 2, 1, 2, 3],
          [1, 2],
        ],
      ];
      yield [store.checkpointedSeq(), 41];
    },
  },
  {
    name: "a set goes in slices of so many rows, and nothing of it is left",
    *pairs(store) {
      fill(store);
      store.put(SET + 1, { inv: 1, sub: 0, at: 0, player: "other" });
      store.putBucket(SET, { id: 0, lo: LOWEST, seq: 0 });
      store.putBucket(SET + 1, { id: 0, lo: LOWEST, seq: 0 });
      store.putCounts(SET, { chunk: 0, version: 1, packed: Uint8Array.from([7]) });
      yield [store.dropping(SET), undefined];
      store.beginDrop(SET, KEYS.length);
      yield [store.counts(SET), []];
      yield [store.dropping(SET), KEYS.length];
      store.dropSome(SET, KEYS.length - 1);
      yield [store.count(SET, LOWEST, HIGHEST), 1];
      for (let slices = 0; slices < 4 && store.dropping(SET) !== undefined; slices++) store.dropSome(SET, 5);
      yield [store.dropping(SET), undefined];
      yield [
        [store.count(SET, LOWEST, HIGHEST), store.buckets(SET)],
        [0, []],
      ];
      yield [
        [store.count(SET + 1, LOWEST, HIGHEST), store.buckets(SET + 1).length],
        [1, 1],
      ];
    },
  },
];

function fill(store: EntryStore): void {
  for (const [index] of KEYS.entries()) {
    const key = KEYS[(index * 5) % KEYS.length]; // 5 and 14 share no factor: each once
    if (key) store.put(SET, key);
  }
}
