import type { BucketRow, CountChunk, EntryStore } from "./entry-store.ts";
import type { SortKey } from "./ranked-sets.ts";
import { compareKeys } from "./scores.ts";
import { ArraySets } from "./testing.ts";

/** Storage of rankings in memory, for tests: entries by the oracle, the rest in maps. Checkpoints and drops are not undone. */
export class MemoryEntries implements EntryStore {
  readonly #entries = new ArraySets();
  readonly #buckets = new Map<number, BucketRow[]>();
  readonly #counts = new Map<number, Map<number, CountChunk>>();
  readonly #dropping = new Map<number, number>();
  #seq = 0;
  /** What takes back the running transaction, newest last. */
  #undo: (() => void)[] = [];

  find(set: number, player: string): SortKey | undefined {
    return this.#entries.find(set, player);
  }

  put(set: number, key: SortKey): void {
    const { before } = this.#entries.put(set, key);
    this.#entries.takeChanges();
    this.#undo.push(() => (before ? this.put(set, before) : this.remove(set, key.player)));
  }

  remove(set: number, player: string): void {
    const { before } = this.#entries.remove(set, player);
    this.#entries.takeChanges();
    if (before) this.#undo.push(() => this.put(set, before));
  }

  count(set: number, from: SortKey, to: SortKey): number {
    return Math.max(0, this.#entries.placeOf(set, to) - this.#entries.placeOf(set, from));
  }

  from(set: number, key: SortKey, skip: number, limit: number): SortKey[] {
    return this.#entries.pageAt(set, this.#entries.placeOf(set, key) + skip, limit);
  }

  beyond(set: number, key: SortKey, direction: "forward" | "backward", limit: number): SortKey[] {
    return this.#entries.pageFrom(set, key, direction, limit);
  }

  holds(set: number, inv: number, sub: number): boolean {
    const [next] = this.#entries.pageFrom(set, { inv, sub, at: Number.NEGATIVE_INFINITY, player: "" }, "forward", 1);
    return next?.inv === inv && next.sub === sub;
  }

  buckets(set: number): BucketRow[] {
    return [...(this.#buckets.get(set) ?? [])];
  }

  putBucket(set: number, bucket: BucketRow): void {
    const others = this.buckets(set).filter(({ lo }) => compareKeys(lo, bucket.lo) !== 0);
    this.#setBuckets(
      set,
      [...others, bucket].toSorted((a, b) => compareKeys(a.lo, b.lo)),
    );
  }

  removeBucket(set: number, lo: SortKey): void {
    this.#setBuckets(
      set,
      this.buckets(set).filter((row) => compareKeys(row.lo, lo) !== 0),
    );
  }

  counts(set: number): CountChunk[] {
    return [...(this.#counts.get(set)?.values() ?? [])];
  }

  putCounts(set: number, chunk: CountChunk): void {
    const ofSet = this.#counts.get(set) ?? new Map<number, CountChunk>();
    ofSet.set(chunk.chunk, { ...chunk, packed: chunk.packed.slice() });
    this.#counts.set(set, ofSet);
  }

  checkpointedSeq(): number {
    return this.#seq;
  }

  putCheckpointedSeq(seq: number): void {
    this.#seq = seq;
  }

  dropping(set: number): number | undefined {
    return this.#dropping.get(set);
  }

  beginDrop(set: number, entries: number): void {
    this.#counts.delete(set);
    this.#dropping.set(set, entries);
  }

  dropSome(set: number, rows: number): number {
    const left = this.#entries.dropSlice(set, rows);
    const buckets = this.#buckets.get(set) ?? [];
    if (left === 0 && this.#dropping.get(set) === 0) buckets.splice(0, rows);
    this.#dropping.set(set, left);
    if (left === 0 && buckets.length === 0) this.#dropping.delete(set);
    return left + buckets.length;
  }

  /** Runs the work; when it throws, everything is as it was before. */
  transaction(work: () => void): void {
    this.#undo = [];
    try {
      work();
    } catch (error) {
      for (const undo of this.#undo.toReversed()) undo();
      throw error;
    }
  }

  #setBuckets(set: number, rows: BucketRow[]): void {
    const before = this.buckets(set);
    this.#undo.push(() => this.#buckets.set(set, before));
    this.#buckets.set(set, rows);
  }
}
