/** Where an entry stands in its ranking: ascending by all four, so the first is the best. */
export interface SortKey {
  /** The scaled score, negated on boards where more is better. */
  readonly inv: number;
  /** The same of the subscore; 0 without one. */
  readonly sub: number;
  /** Epoch milliseconds when this score was reached: the earlier wins. */
  readonly at: number;
  readonly player: string;
}

export type Ranking = "ordinal" | "competition" | "dense";

/** What one change of a ranking did. `before` and `after` are null where the player had, or has, no entry. */
export interface SetChange {
  readonly set: number;
  readonly before: SortKey | null;
  readonly after: SortKey | null;
}

/**
 * Exact ranks over any number of rankings ("sets"), each a sorted set of entries. Their ids are positive, and none is used again.
 *
 * All changes run inside the object's transaction. `takeChanges` hands over what changed since it was last called, packed, for the row of
 * the log that belongs to the same transaction: with it the counts are brought up to date after a restart.
 */
export interface RankedSets {
  /** Forgets memory: after a transaction was undone, and before a load. */
  reset(): void;
  put(set: number, key: SortKey): SetChange;
  remove(set: number, player: string): SetChange;
  find(set: number, player: string): SortKey | undefined;
  /** Entries before this key, whether or not it is in the set. */
  placeOf(set: number, key: SortKey): number;
  /** The rank, from 1, of a key as the policy counts equals (same `inv`, same `sub`). */
  rankOf(set: number, key: SortKey, ranking: Ranking): number;
  /** A rank that the key's own is not better than, told without reading an entry; mostly a few hundred better. */
  leastRankOf(set: number, key: SortKey, ranking: Ranking): number;
  total(set: number): number;
  /** Rises with each change of the set, also over restarts. */
  version(set: number): number;
  /** Entries from the place (0-based) on, in order. */
  pageAt(set: number, place: number, limit: number): SortKey[];
  /** Entries after (or, backwards, before) a key, nearest first; the key itself need not be there. */
  pageFrom(set: number, key: SortKey, direction: "forward" | "backward", limit: number): SortKey[];
  /** Entries whose score lies within, in order; for scores of the Redis protocol. `min`/`max` are `inv` values, each end in or out. */
  countBetween(set: number, from: { inv: number; open: boolean }, to: { inv: number; open: boolean }): number;
  /** Removes up to `rows` rows of a set that nobody ranks in any more, and which counts as empty from then on; answers how many are left. */
  dropSlice(set: number, rows: number): number;
  /** What changed in this transaction, packed for the log; undefined when nothing did. */
  takeChanges(): Uint8Array | undefined;
  /**
   * Writes the counts when enough has changed, with `force` in any case: called after commits, in a transaction of its own, and by whoever
   * wants rows of the log to go.
   * @param seq of the last log row; the changes of all rows up to it are in, and there are no others
   */
  checkpoint(seq: number, force?: boolean): void;
  /** What the log need not keep for the counts any more: rows up to here are in the checkpoints. */
  checkpointedSeq(): number;
}

/** Changes of entries that the log holds beyond the checkpoint, oldest first. */
export interface ChangeSource {
  since(seq: number): Iterable<{ readonly seq: number; readonly changes: Uint8Array }>;
}
