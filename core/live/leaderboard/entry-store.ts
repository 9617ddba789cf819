import type { SortKey } from "./ranked-sets.ts";

/** Where a bucket of a ranking begins. It ends where the next one does. */
export interface BucketRow {
  readonly id: number;
  /** The least key that belongs here; need not be an entry. Below the first bucket's there is nothing. */
  readonly lo: SortKey;
  /** The checkpoint that was newest when its range last changed: its count is in newer checkpoints only. */
  readonly seq: number;
}

/** Counts of buckets with neighbouring ids, as they were at a checkpoint. */
export interface CountChunk {
  readonly chunk: number;
  readonly version: number;
  readonly packed: Uint8Array;
}

/** Storage of rankings: entries in order, and what is remembered about their buckets. All within the caller's transaction. */
export interface EntryStore {
  find(set: number, player: string): SortKey | undefined;
  /** Adds the player's entry, or moves it. */
  put(set: number, key: SortKey): void;
  remove(set: number, player: string): void;
  /** Entries with `from <= key < to`, counted one by one. */
  count(set: number, from: SortKey, to: SortKey): number;
  /** Entries from the key on, itself included, in order. */
  from(set: number, key: SortKey, skip: number, limit: number): SortKey[];
  /** Entries after (backwards: before) the key, nearest first. */
  beyond(set: number, key: SortKey, direction: "forward" | "backward", limit: number): SortKey[];
  /** Whether anyone has this score and subscore. */
  holds(set: number, inv: number, sub: number): boolean;

  /** In the order of `lo`. */
  buckets(set: number): BucketRow[];
  /** Adds or replaces the bucket that begins there. */
  putBucket(set: number, bucket: BucketRow): void;
  removeBucket(set: number, lo: SortKey): void;

  counts(set: number): CountChunk[];
  putCounts(set: number, chunk: CountChunk): void;
  /** The log's row up to which changes are in the counts; 0 before the first checkpoint. */
  checkpointedSeq(): number;
  putCheckpointedSeq(seq: number): void;

  /** How many entries a ranking still has that is being removed; undefined of others. */
  dropping(set: number): number | undefined;
  /** From now on the ranking is being removed: its counts go, its entries and buckets follow by `dropSome`. */
  beginDrop(set: number, entries: number): void;
  /** Removes up to `rows` entries, once there are none buckets. @returns what is left of both; with 0 nothing of the ranking is */
  dropSome(set: number, rows: number): number;
}
