import { expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { HIGHEST, LOWEST } from "./buckets.ts";
import { unpackChanges } from "./change-codec.ts";
import { CountedSets, type CountedSetsOptions } from "./counted-sets.ts";
import { MemoryEntries } from "./entries-testing.ts";
import type { SortKey } from "./ranked-sets.ts";

const SMALL = { split: 16, merge: 3, mergedMax: 12 };

/** Rankings with their log; `restart` forgets memory. */
class Bench {
  readonly store = new MemoryEntries();
  readonly log: { seq: number; changes: Uint8Array }[] = [];
  readonly #options: CountedSetsOptions;
  sets: CountedSets;

  constructor(options: CountedSetsOptions = {}) {
    this.#options = { limits: SMALL, ...options };
    this.sets = this.#open();
  }

  get seq(): number {
    return this.log.length;
  }

  restart(): void {
    this.sets = this.#open();
  }

  /** One change with its row of the log. */
  put(set: number, key: SortKey): void {
    this.sets.put(set, key);
    this.commit();
  }

  commit(): void {
    const changes = this.sets.takeChanges();
    if (changes) this.log.push({ seq: this.seq + 1, changes });
  }

  fill(set: number, count: number): void {
    for (let n = 0; n < count; n++) this.put(set, key(n));
  }

  #open(): CountedSets {
    return new CountedSets(this.store, { since: (seq) => this.log.filter((row) => row.seq > seq) }, this.#options);
  }
}

function key(n: number, inv = n): SortKey {
  return { inv, sub: 0, at: n, player: `player-${n}` };
}

it("[LB3] the same key again changes nothing, and a first 0 makes one entry", () => {
  const { sets } = new Bench();
  const zero = { inv: 0, sub: 0, at: 1, player: "a" };
  expect(sets.put(1, zero)).toEqual({ set: 1, before: null, after: zero });
  expect(sets.takeChanges()).toBeDefined();
  expect(sets.put(1, { ...zero, inv: -0 })).toEqual({ set: 1, before: zero, after: zero });
  expect(sets.remove(1, "nobody")).toEqual({ set: 1, before: null, after: null });
  expect(sets.takeChanges()).toBeUndefined();
  expect([sets.total(1), sets.version(1)]).toEqual([1, 1]);
});

it("[LB5] a load that fails answers nothing, and is made anew by the next question", () => {
  const bench = new Bench();
  bench.fill(1, 100);
  bench.sets.checkpoint(bench.seq, true);
  bench.put(1, key(100, 0.5));
  bench.restart();
  const { counts } = bench.store;
  bench.store.counts = () => {
    throw new Error("a read failed");
  };
  expect(() => bench.sets.total(1)).toThrow("a read failed");
  expect(() => bench.sets.put(1, key(200))).toThrow("a read failed");
  expect(bench.store.count(1, LOWEST, HIGHEST)).toBe(101);
  bench.store.counts = counts;
  expect(bench.sets.placeOf(1, key(50))).toBe(51);
  expect(bench.sets.total(1)).toBe(101);
});

it("[LB5] counts that do not fit their buckets, or a row of the log that cannot be read, refuse instead of answering", () => {
  const bench = new Bench();
  bench.fill(1, 100);
  bench.sets.checkpoint(bench.seq, true);
  const [chunk] = bench.store.counts(1);
  if (!chunk) throw new Error("no counts were written");
  bench.store.putCounts(1, { ...chunk, packed: chunk.packed.subarray(0, 4) });
  bench.restart();
  expect(() => bench.sets.total(1)).toThrow("is in no checkpoint");
  bench.store.putCounts(1, chunk);
  bench.log.push({ seq: bench.seq + 1, changes: Uint8Array.from([1, 3]) });
  bench.restart();
  expect(() => bench.sets.total(1)).toThrow("cut short");
});

it("[LB5] a start applies what the log holds beyond the checkpoint before its first answer, of every ranking", () => {
  const bench = new Bench();
  bench.fill(1, 50);
  bench.fill(2, 50);
  bench.sets.checkpoint(bench.seq, true);
  bench.put(1, key(60, -1));
  bench.sets.remove(2, "player-3");
  bench.commit();
  bench.restart();
  expect(bench.sets.placeOf(1, key(0))).toBe(1);
  // A checkpoint that only the first ranking was asked for holds the second one's changes too.
  bench.sets.checkpoint(bench.seq, true);
  bench.log.splice(0, bench.log.length, ...bench.log.map(({ seq }) => ({ seq, changes: Uint8Array.from([1]) })));
  bench.restart();
  expect([bench.sets.total(1), bench.sets.total(2), bench.sets.placeOf(2, key(10))]).toEqual([51, 49, 9]);
  expect([bench.sets.version(1), bench.sets.version(2)]).toEqual([51, 51]);
});

it("[LB5] after an undone transaction the counts are those of what is stored", () => {
  const bench = new Bench();
  bench.fill(1, 40);
  expect(() =>
    bench.store.transaction(() => {
      for (let n = 40; n < 90; n++) bench.sets.put(1, key(n));
      throw new Error("undone");
    }),
  ).toThrow("undone");
  bench.sets.reset();
  expect(bench.sets.takeChanges()).toBeUndefined();
  expect([bench.sets.total(1), bench.sets.placeOf(1, key(39)), bench.sets.version(1)]).toEqual([40, 39, 40]);
});

it("[LB8] any number of equal scores still splits, by time and then by id", () => {
  const bench = new Bench();
  for (let n = 0; n < 400; n++) bench.put(1, { inv: -7, sub: 0, at: 1, player: `p${(n * 7) % 400}` });
  expect(bench.store.buckets(1).length).toBeGreaterThan(400 / 16 - 1);
  const all = bench.sets.pageAt(1, 0, 400);
  expect(all.map((each) => bench.sets.placeOf(1, each))).toEqual(all.map((_, place) => place));
  // Times tell them apart without ids, which memory then need not hold.
  for (let n = 0; n < 400; n++) bench.put(2, { inv: -7, sub: 0, at: n, player: `p${n}` });
  expect(bench.store.buckets(2).every(({ lo }) => lo.player === "")).toBe(true);
});

it("[LB29] no id of a player stays behind in a bucket's beginning, whether they left, moved or were alone in it", () => {
  const bench = new Bench();
  const tied = (n: number) => ({ inv: -7, sub: 0, at: 1, player: `p${String(n).padStart(3, "0")}` });
  for (let n = 0; n < 100; n++) bench.put(1, tied(n));
  bench.sets.checkpoint(bench.seq, true);
  const ids = () => bench.store.buckets(1).flatMap(({ lo }) => (lo.player === "" ? [] : [lo.player]));
  expect(ids().length).toBeGreaterThan(5);
  for (let round = 0; ids().length > 0; round++) {
    for (const player of ids()) {
      if (round % 2 === 0) bench.sets.remove(1, player);
      else bench.sets.put(1, { inv: 5, sub: 0, at: 1_000 + bench.seq, player });
      bench.commit();
      expect(ids()).not.toContain(player);
    }
    bench.restart();
    const left = bench.sets.pageAt(1, 0, 100);
    expect(left.map((each) => bench.sets.placeOf(1, each))).toEqual(left.map((_, place) => place));
    if (round > 200) throw new Error("ids stay");
  }
});

it("[LB24] counts are written once a thousand changes are in the log, a row for 4,096 buckets and one for the place", () => {
  const bench = new Bench({ limits: { split: 512, merge: 64, mergedMax: 384 } });
  const written: string[] = [];
  const { putCounts, putCheckpointedSeq } = bench.store;
  bench.store.putCounts = (set, chunk) => {
    written.push(`${set}/${chunk.chunk}`);
    putCounts.call(bench.store, set, chunk);
  };
  bench.store.putCheckpointedSeq = (seq) => {
    written.push(`up to ${seq}`);
    putCheckpointedSeq.call(bench.store, seq);
  };
  for (let n = 0; n < LEADERBOARD_LIMITS.checkpointChanges - 1; n++) {
    bench.put(1 + (n % 2), key(n));
    bench.sets.checkpoint(bench.seq);
  }
  expect(written).toEqual([]);
  // Changes of before a restart count too.
  bench.restart();
  bench.put(1, key(2_000));
  bench.sets.checkpoint(bench.seq);
  expect(written.toSorted()).toEqual(["1/0", "2/0", "up to 1000"]);
  expect(bench.sets.checkpointedSeq()).toBe(1_000);
  // Only what changed is written, by force too.
  written.length = 0;
  bench.sets.checkpoint(bench.seq, true);
  bench.put(2, key(2_001));
  bench.sets.checkpoint(bench.seq);
  expect(written).toEqual([]);
  bench.sets.checkpoint(bench.seq, true);
  expect(written).toEqual(["2/0", "up to 1001"]);
});

it("[LB24] a checkpoint is due early when many buckets were split, which a start counts anew one by one", () => {
  const bench = new Bench();
  for (let n = 0; n < 900; n++) bench.put(1, key(n));
  expect(bench.store.buckets(1).length).toBeGreaterThan(64);
  bench.sets.checkpoint(bench.seq);
  expect(bench.sets.checkpointedSeq()).toBe(900);
});

it("[LB24] a checkpoint refuses while changes are in no row of the log: a start would count them twice", () => {
  const bench = new Bench();
  bench.sets.put(1, key(1));
  expect(() => bench.sets.checkpoint(1, true)).toThrow("in no row of the log");
});

it("[LB24] the log has the old and the new key of each change, of distinct scores too", () => {
  const bench = new Bench({ dense: () => true });
  bench.put(1, key(1, -10));
  bench.put(1, { ...key(1, -20), at: 9 });
  expect(bench.log.map(({ changes }) => unpackChanges(changes).map(({ set, before, after }) => [set, before?.inv, after?.inv]))).toEqual([
    [
      [1, undefined, -10],
      [-1, undefined, -10],
    ],
    [
      [1, -10, -20],
      [-1, -10, undefined],
      [-1, undefined, -20],
    ],
  ]);
});

it("[LB25] of rankings that nobody asks for, those unused longest leave memory, and none that has changes to write", () => {
  const bench = new Bench();
  for (let set = 1; set <= 5; set++) bench.fill(set, 20);
  bench.sets.checkpoint(bench.seq, true);
  bench.put(2, key(90));
  const loads: number[] = [];
  const { buckets } = bench.store;
  bench.store.buckets = (set) => {
    loads.push(set);
    return buckets.call(bench.store, set);
  };
  for (let set = 10; set < 6_000; set++) {
    bench.sets.total(set);
    if (set % 100 === 0) bench.sets.total(5);
  }
  loads.length = 0;
  for (let set = 1; set <= 5; set++) expect(bench.sets.total(set)).toBe(set === 2 ? 21 : 20);
  expect(loads).toEqual([1, 3, 4]);
});

it("[LB26] a ranking that is removed is empty from the first slice on, also after a restart, and refuses entries", () => {
  const bench = new Bench({ dense: () => true });
  bench.fill(1, 100);
  bench.fill(2, 10);
  bench.sets.checkpoint(bench.seq, true);
  expect(bench.sets.dropSlice(3, 10)).toBe(0);
  expect(bench.sets.dropSlice(1, 30)).toBeGreaterThan(0);
  expect([bench.sets.total(1), bench.sets.pageAt(1, 0, 10)]).toEqual([0, []]);
  bench.restart();
  expect(bench.sets.total(1)).toBe(0);
  expect(() => bench.sets.put(1, key(300))).toThrow("being removed");
  // Who is erased meanwhile goes at once.
  expect(bench.sets.remove(1, "player-99").before).toEqual(key(99));
  expect([bench.sets.find(1, "player-99"), bench.sets.takeChanges()]).toEqual([undefined, undefined]);
  let slices = 0;
  while (bench.sets.dropSlice(1, 30) > 0) slices += 1;
  expect(slices).toBeGreaterThan(2);
  for (const set of [1, -1]) expect([bench.store.count(set, LOWEST, HIGHEST), bench.store.buckets(set)]).toEqual([0, []]);
  expect(bench.sets.total(2)).toBe(10);
});

it("[LB27] distinct scores are counted only where a board ranks so", () => {
  const bench = new Bench();
  bench.fill(1, 10);
  expect(bench.store.count(-1, LOWEST, HIGHEST)).toBe(0);
  expect(() => bench.sets.rankOf(1, key(1), "dense")).toThrow("from their first score");
});

it("[LB28] an id with half a character is the one that is stored for it", () => {
  const bench = new Bench();
  const half = { inv: 1, sub: 0, at: 1, player: "x\ud83d" };
  expect(bench.sets.put(1, half).after?.player).toBe("x\ufffd");
  expect(bench.sets.find(1, "x\ud83d")?.player).toBe("x\ufffd");
  expect(bench.sets.placeOf(1, half)).toBe(0);
  expect(bench.sets.remove(1, half.player).before?.player).toBe("x\ufffd");
});
