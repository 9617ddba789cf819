import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { HIGHEST, LOWEST } from "./buckets.ts";
import { packChanges } from "./change-codec.ts";
import { ChangeTail } from "./change-tail.ts";
import type { EntryStore } from "./entry-store.ts";
import { BUCKET_LIMITS, type BucketLimits, LoadedSet } from "./loaded-set.ts";
import type { ChangeSource, RankedSets, Ranking, SetChange, SortKey } from "./ranked-sets.ts";
import { compareKeys } from "./scores.ts";

/** What memory holds of rankings: 4 MB or 25 million entries. A ranking weighs its buckets and what it takes besides them. */
const LOADED_LIMITS = { weight: 65_536, weightOfSet: 16 } as const;
/** Splits and merges that make a checkpoint due: each is one or two buckets that a load counts anew. */
const RESHAPED_UNTIL_CHECKPOINT = 64;

export interface CountedSetsOptions {
  /** Whether equals share a rank without a hole: then distinct scores are counted too. Never changes while there are entries. */
  readonly dense?: () => boolean;
  readonly limits?: BucketLimits;
}

/**
 * Exact ranks from counted buckets: entries lie in order in an index of the store, memory knows how many each stretch of it has. A rank
 * is a sum of counts and one count within a bucket.
 *
 * Which ranking has which buckets is stored with the change that made them. Counts are stored from time to time, and what the log holds
 * beyond that is added when a ranking is loaded, which is before its first answer.
 */
export class CountedSets implements RankedSets {
  readonly #store: EntryStore;
  readonly #source: ChangeSource;
  readonly #dense: () => boolean;
  readonly #limits: BucketLimits;
  /** The one used last is the last. */
  readonly #loaded = new Map<number, LoadedSet>();
  #weight = 0;
  #last: { readonly set: number; readonly loaded: LoadedSet } | undefined;
  #tail: ChangeTail | undefined;
  #seq = 0;
  #sinceCheckpoint = 0;
  #reshaped = 0;
  #changes: SetChange[] = [];
  /** The entry asked for last, and the place: whoever asks for one of them often asks again at once. */
  #found: { readonly set: number; readonly player: string; readonly key: SortKey | undefined } | undefined;
  #placed: { readonly loaded: LoadedSet; readonly version: number; readonly key: SortKey; readonly place: number } | undefined;

  constructor(store: EntryStore, source: ChangeSource, options: CountedSetsOptions = {}) {
    this.#store = store;
    this.#source = source;
    this.#dense = options.dense ?? (() => false);
    this.#limits = options.limits ?? BUCKET_LIMITS;
  }

  reset(): void {
    this.#loaded.clear();
    this.#weight = 0;
    this.#last = undefined;
    this.#tail = undefined;
    this.#changes = [];
    this.#found = undefined;
    this.#placed = undefined;
  }

  put(set: number, key: SortKey): SetChange {
    // Half a character would be stored as another one, and sorted differently here than there.
    const after = { ...key, player: key.player.toWellFormed() };
    const loaded = this.#of(set);
    const before = this.find(set, after.player) ?? null;
    if (before && before.inv === after.inv && before.sub === after.sub && before.at === after.at) return { set, before, after: before };
    this.#found = undefined;
    this.#store.put(set, after);
    return this.#changed(loaded, { set, before, after });
  }

  remove(set: number, player: string): SetChange {
    const loaded = this.#of(set);
    const before = this.find(set, player) ?? null;
    if (!before) return { set, before, after: null };
    this.#found = undefined;
    this.#store.remove(set, before.player);
    // Of a ranking that is being removed nothing is counted any more; a player who is erased need not wait for its last slice.
    return loaded.dropping ? { set, before, after: null } : this.#changed(loaded, { set, before, after: null });
  }

  find(set: number, player: string): SortKey | undefined {
    const found = this.#found;
    if (found?.set === set && found.player === player) return found.key;
    const key = this.#store.find(set, player.toWellFormed());
    this.#found = { set, player, key };
    return key;
  }

  placeOf(set: number, key: SortKey): number {
    const loaded = this.#of(set);
    const placed = this.#placed;
    if (placed?.loaded === loaded && placed.version === loaded.version && compareKeys(placed.key, key) === 0) return placed.place;
    const place = loaded.placeOf(key.player.isWellFormed() ? key : { ...key, player: key.player.toWellFormed() });
    this.#placed = { loaded, version: loaded.version, key, place };
    return place;
  }

  rankOf(set: number, key: SortKey, ranking: Ranking): number {
    const [counted, first] = this.#countedFor(set, key, ranking);
    return 1 + this.placeOf(counted, first);
  }

  leastRankOf(set: number, key: SortKey, ranking: Ranking): number {
    const [counted, first] = this.#countedFor(set, key, ranking);
    return 1 + this.#of(counted).leastPlaceOf(first);
  }

  total(set: number): number {
    return this.#of(set).total;
  }

  version(set: number): number {
    return this.#of(set).version;
  }

  pageAt(set: number, place: number, limit: number): SortKey[] {
    return this.#of(set).pageAt(place, limit);
  }

  pageFrom(set: number, key: SortKey, direction: "forward" | "backward", limit: number): SortKey[] {
    return limit <= 0 ? [] : this.#store.beyond(set, key, direction, limit);
  }

  countBetween(set: number, from: { inv: number; open: boolean }, to: { inv: number; open: boolean }): number {
    const first = this.placeOf(set, { ...(from.open ? HIGHEST : LOWEST), inv: from.inv });
    const end = this.placeOf(set, { ...(to.open ? LOWEST : HIGHEST), inv: to.inv });
    return Math.max(0, end - first);
  }

  dropSlice(set: number, rows: number): number {
    const own = this.#dropSlice(set, rows);
    // Distinct scores are at most as many: they follow when the entries are gone.
    return own > 0 || !this.#dense() ? own : this.#dropSlice(scoresOf(set), rows);
  }

  takeChanges(): Uint8Array | undefined {
    const changes = this.#changes;
    this.#changes = [];
    return changes.length === 0 ? undefined : packChanges(changes);
  }

  checkpoint(seq: number, force = false): void {
    if (this.#changes.length > 0) throw new Error("these changes are in no row of the log yet: a restart would count them twice");
    const tail = this.#readTail();
    const due = this.#sinceCheckpoint >= LEADERBOARD_LIMITS.checkpointChanges || this.#reshaped >= RESHAPED_UNTIL_CHECKPOINT;
    if (seq <= this.#seq || (!due && !force)) return;
    // What nobody has asked for since the start is brought up to date too: the log before `seq` may go.
    for (const set of tail.sets()) this.#of(set);
    for (const [set, loaded] of this.#loaded) {
      if (loaded.dirty) for (const chunk of loaded.takeCounts()) this.#store.putCounts(set, chunk);
    }
    this.#store.putCheckpointedSeq(seq);
    this.#seq = seq;
    this.#sinceCheckpoint = 0;
    this.#reshaped = 0;
  }

  checkpointedSeq(): number {
    this.#readTail();
    return this.#seq;
  }

  /** What is counted for a rank: entries of which ranking that stand before which key. */
  #countedFor(set: number, key: SortKey, ranking: Ranking): readonly [set: number, key: SortKey] {
    switch (ranking) {
      case "ordinal":
        return [set, key];
      case "competition":
        return [set, { ...key, at: Number.NEGATIVE_INFINITY, player: "" }];
      case "dense":
        if (!this.#dense()) throw new Error("distinct scores are counted on boards that rank so from their first score");
        return [scoresOf(set), { ...key, at: 0, player: "" }];
    }
  }

  #dropSlice(set: number, rows: number): number {
    this.#found = undefined;
    if (this.#store.dropping(set) === undefined) {
      const { total, bucketCount } = this.#of(set);
      if (bucketCount === 0) return 0;
      this.#store.beginDrop(set, total);
      this.#forget(set);
    }
    return this.#store.dropSome(set, rows);
  }

  #changed(loaded: LoadedSet, change: SetChange): SetChange {
    this.#count(loaded, change);
    if (this.#dense()) this.#countScores(change);
    return change;
  }

  #count(loaded: LoadedSet, change: SetChange): void {
    const { bucketCount, reshaped } = loaded;
    loaded.apply(change.before, change.after, this.#seq);
    this.#weight += loaded.bucketCount - bucketCount;
    this.#reshaped += loaded.reshaped - reshaped;
    this.#changes.push(change);
    this.#sinceCheckpoint += 1;
  }

  /** Keeps the ranking of distinct scores: one entry for each that anybody has. */
  #countScores({ set, before, after }: SetChange): void {
    if (before && after && before.inv === after.inv && before.sub === after.sub) return;
    const scores = scoresOf(set);
    const loaded = this.#of(scores);
    if (before && !this.#store.holds(set, before.inv, before.sub)) {
      const key = scoreKey(before);
      this.#store.remove(scores, key.player);
      this.#count(loaded, { set: scores, before: key, after: null });
    }
    if (!after) return;
    const key = scoreKey(after);
    if (this.#store.find(scores, key.player)) return;
    this.#store.put(scores, key);
    this.#count(loaded, { set: scores, before: null, after: key });
  }

  #of(set: number): LoadedSet {
    if (this.#last?.set === set) return this.#last.loaded;
    const loaded = this.#loaded.get(set) ?? this.#load(set);
    this.#loaded.delete(set);
    this.#loaded.set(set, loaded);
    this.#last = { set, loaded };
    return loaded;
  }

  #load(set: number): LoadedSet {
    const tail = this.#readTail();
    const loaded = new LoadedSet(set, this.#store, this.#limits, this.#seq, tail.of(set));
    tail.taken(set);
    this.#makeRoom();
    this.#weight += LOADED_LIMITS.weightOfSet + loaded.bucketCount;
    return loaded;
  }

  /** Forgets the rankings unused longest, but none that the next checkpoint has to write. */
  #makeRoom(): void {
    if (this.#weight <= LOADED_LIMITS.weight) return;
    for (const [set, { dirty }] of this.#loaded) {
      if (!dirty) this.#forget(set);
      if (this.#weight <= LOADED_LIMITS.weight / 2) return;
    }
  }

  #forget(set: number): void {
    const loaded = this.#loaded.get(set);
    if (!loaded) return;
    this.#loaded.delete(set);
    this.#weight -= LOADED_LIMITS.weightOfSet + loaded.bucketCount;
    if (this.#last?.set === set) this.#last = undefined;
  }

  #readTail(): ChangeTail {
    if (this.#tail) return this.#tail;
    this.#seq = this.#store.checkpointedSeq();
    const tail = new ChangeTail(this.#source, this.#seq);
    this.#sinceCheckpoint = tail.size;
    this.#reshaped = 0;
    this.#tail = tail;
    return tail;
  }
}

/** The ranking of distinct scores beside a ranking. */
function scoresOf(set: number): number {
  if (set < 1) throw new Error("ids of rankings are positive: negative ones are those of their scores");
  return -set;
}

function scoreKey({ inv, sub }: SortKey): SortKey {
  return { inv, sub, at: 0, player: `${inv}/${sub}` };
}
