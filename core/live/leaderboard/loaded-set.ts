import { chunkOf, countsOf, packCounts } from "./bucket-counts.ts";
import { Buckets, HIGHEST, LOWEST } from "./buckets.ts";
import type { CountChunk, EntryStore } from "./entry-store.ts";
import type { SetChange, SortKey } from "./ranked-sets.ts";
import { compareKeys } from "./scores.ts";

/** When buckets divide and unite. `mergedMax` lies well below `split`, so that a ranking that shrinks and grows does not flap. */
export interface BucketLimits {
  /** Entries with which a bucket is split in the middle. */
  readonly split: number;
  /** Entries with which a bucket looks for a neighbour to unite with. */
  readonly merge: number;
  /** What both may come to together. */
  readonly mergedMax: number;
}
export const BUCKET_LIMITS: BucketLimits = { split: 512, merge: 64, mergedMax: 384 };

/** One ranking in memory: its buckets' counts, and which of them the next checkpoint has to write. */
export class LoadedSet {
  readonly #set: number;
  readonly #store: EntryStore;
  readonly #limits: BucketLimits;
  readonly #buckets: Buckets;
  readonly #dirtyChunks = new Set<number>();
  readonly #dropping: boolean;
  #version: number;
  #dirty = false;
  #reshaped = 0;

  /**
   * Counts of the checkpoint, plus what the log holds beyond it. A bucket whose range changed since then is counted anew: neither its
   * checkpointed count nor the log's changes say how many entries a split left it.
   * @param seq of the checkpoint @param tail the ranking's changes since then
   * @throws when storage does not fit together; nothing is served then
   */
  constructor(set: number, store: EntryStore, limits: BucketLimits, seq: number, tail: readonly SetChange[]) {
    this.#set = set;
    this.#store = store;
    this.#limits = limits;
    this.#dropping = store.dropping(set) !== undefined;
    const rows = this.#dropping ? [] : store.buckets(set);
    const chunks = rows.length === 0 ? [] : store.counts(set);
    const checkpointed = countsOf(chunks);
    const recounted = rows.map((row) => row.seq >= seq);
    this.#buckets = Buckets.of(
      rows.map(({ id, lo }, index) => ({
        id,
        lo,
        count: recounted[index] ? store.count(set, lo, rows[index + 1]?.lo ?? HIGHEST) : checkpointed(id),
      })),
    );
    this.#version = Math.max(0, ...chunks.map(({ version }) => version));
    if (rows.length === 0) return; // a ranking that is gone: what the log still says of it counts for nothing
    for (const change of tail) this.#replay(change, recounted);
    if (tail.length === 0) return;
    this.#dirty = true;
    for (let index = 0; index < this.#buckets.length; index++) this.#dirtyChunks.add(chunkOf(this.#buckets.id(index)));
  }

  /** Whether it is being removed. */
  get dropping(): boolean {
    return this.#dropping;
  }

  get total(): number {
    return this.#buckets.total;
  }

  get version(): number {
    return this.#version;
  }

  get dirty(): boolean {
    return this.#dirty;
  }

  get bucketCount(): number {
    return this.#buckets.length;
  }

  placeOf(key: SortKey): number {
    const buckets = this.#buckets;
    if (buckets.length === 0) return 0;
    const index = buckets.locate(key);
    const [lo, hi] = [buckets.lo(index), buckets.lo(index + 1)];
    return isNearerToEnd(lo, key, hi)
      ? buckets.before(index + 1) - this.#store.count(this.#set, key, hi)
      : buckets.before(index) + this.#store.count(this.#set, lo, key);
  }

  /** A place that the key's own is not before, from memory alone: entries of the buckets before its own. */
  leastPlaceOf(key: SortKey): number {
    return this.#buckets.length === 0 ? 0 : this.#buckets.before(this.#buckets.locate(key));
  }

  pageAt(place: number, limit: number): SortKey[] {
    if (place >= this.total || limit <= 0) return [];
    const { index, before } = this.#buckets.locatePlace(place);
    return this.#store.from(this.#set, this.#buckets.lo(index), place - before, limit);
  }

  /** Splits and merges since it was loaded. */
  get reshaped(): number {
    return this.#reshaped;
  }

  /** Counts a change that the store already holds. @param seq of the newest checkpoint */
  apply(before: SortKey | null, after: SortKey | null, seq: number): void {
    if (this.#dropping) throw new Error(`ranking ${this.#set} is being removed`);
    const buckets = this.#buckets;
    this.#version += 1;
    this.#dirty = true;
    if (buckets.length === 0) {
      const id = buckets.insert(0, LOWEST, 0);
      this.#store.putBucket(this.#set, { id, lo: LOWEST, seq });
      this.#dirtyChunks.add(chunkOf(id));
    }
    this.#recount(before && buckets.locate(before), after && buckets.locate(after), seq);
    if (before) this.#relabel(before, seq);
  }

  /** What the next checkpoint writes; after it the ranking is clean. */
  takeCounts(): CountChunk[] {
    const chunks = packCounts(this.#buckets, this.#dirtyChunks, this.#version);
    this.#dirtyChunks.clear();
    this.#dirty = false;
    return chunks;
  }

  #replay({ before, after }: SetChange, recounted: readonly boolean[]): void {
    this.#version += 1;
    for (const [key, delta] of [
      [before, -1],
      [after, 1],
    ] as const) {
      const index = key && this.#buckets.locate(key);
      if (index !== null && !recounted[index]) this.#buckets.add(index, delta);
    }
  }

  #recount(from: number | null, to: number | null, seq: number): void {
    if (from === to) return this.#touch(from ?? 0);
    if (to !== null) this.#add(to, 1);
    if (from !== null) this.#add(from, -1);
    // The later one first: a split or a merge moves the indexes behind it.
    for (const index of [from, to].filter((each) => each !== null).toSorted((a, b) => b - a)) this.#balance(index, seq);
  }

  /** A bucket that began with an entry which is gone begins with the next one: no id outlives its entry. */
  #relabel(gone: SortKey, seq: number): void {
    const buckets = this.#buckets;
    const index = buckets.locate(gone);
    if (gone.player === "" || compareKeys(buckets.lo(index), gone) !== 0) return;
    const [first] = this.#store.from(this.#set, gone, 0, 1);
    this.#store.removeBucket(this.#set, gone);
    if (first && compareKeys(first, buckets.lo(index + 1)) < 0) {
      buckets.move(index, between(gone, first));
      this.#mark(index, seq);
    } else buckets.absorbNext(index - 1);
    // Where it began is now the end of the one before it, which there is: the first one begins before every entry.
    this.#mark(index - 1, seq);
    this.#reshaped += 1;
  }

  #add(index: number, delta: number): void {
    this.#buckets.add(index, delta);
    this.#touch(index);
  }

  #touch(index: number): void {
    this.#dirtyChunks.add(chunkOf(this.#buckets.id(index)));
  }

  #balance(index: number, seq: number): void {
    const count = this.#buckets.count(index);
    if (count >= this.#limits.split) this.#split(index, seq);
    else if (count <= this.#limits.merge) this.#merge(index, seq);
  }

  #split(index: number, seq: number): void {
    const buckets = this.#buckets;
    const left = buckets.count(index) >>> 1;
    const [last, first] = this.#store.from(this.#set, buckets.lo(index), left - 1, 2);
    if (!last || !first) throw new Error(`bucket ${buckets.id(index)} has fewer entries than it counted`);
    const lo = between(last, first);
    const id = buckets.insert(index + 1, lo, buckets.count(index) - left, index);
    this.#mark(index, seq);
    this.#store.putBucket(this.#set, { id, lo, seq });
    this.#touch(index + 1);
    this.#reshaped += 1;
  }

  #merge(index: number, seq: number): void {
    const buckets = this.#buckets;
    const [before, after] = [index - 1, index + 1].map((neighbour) =>
      neighbour < 0 || neighbour >= buckets.length ? Number.POSITIVE_INFINITY : buckets.count(neighbour),
    ) as [number, number]; // two of two
    if (buckets.count(index) + Math.min(before, after) > this.#limits.mergedMax) return;
    const left = before < after ? index - 1 : index;
    this.#store.removeBucket(this.#set, buckets.lo(left + 1));
    buckets.absorbNext(left);
    this.#mark(left, seq);
    this.#reshaped += 1;
  }

  #mark(index: number, seq: number): void {
    this.#store.putBucket(this.#set, { id: this.#buckets.id(index), lo: this.#buckets.lo(index), seq });
    this.#touch(index);
  }
}

/** From which side fewer entries are counted, as far as numbers tell. Of the first bucket it is the front, where most questions are about. */
function isNearerToEnd(lo: SortKey, key: SortKey, hi: SortKey): boolean {
  const field = lo.inv !== hi.inv ? "inv" : lo.sub !== hi.sub ? "sub" : "at";
  return Number.isFinite(lo[field]) && key[field] - lo[field] > hi[field] - key[field];
}

/** Where a bucket begins whose first entry is this one; without the player's id where the rest already tells, which keeps memory small. */
function between(last: SortKey, first: SortKey): SortKey {
  const same = last.inv === first.inv && last.sub === first.sub && last.at === first.at;
  return same ? first : { ...first, player: "" };
}
