import { packChanges } from "./change-codec.ts";
import type { RankedSets, Ranking, SetChange, SortKey } from "./ranked-sets.ts";
import { compareKeys } from "./scores.ts";

/**
 * Rankings as plain sorted arrays: what every other way is held against, and a stand-in for it in tests of other parts. A `reset`
 * forgets everything, as nothing is stored.
 */
export class ArraySets implements RankedSets {
  readonly #sets = new Map<number, { keys: SortKey[]; readonly players: Map<string, SortKey>; version: number }>();
  #changes: SetChange[] = [];
  #checkpointed = 0;

  reset(): void {
    this.#sets.clear();
    this.#changes = [];
  }

  put(set: number, key: SortKey): SetChange {
    const state = this.#of(set);
    const before = state.players.get(key.player) ?? null;
    if (before && compareKeys(before, key) === 0) return { set, before, after: before };
    if (before) state.keys.splice(countBelow(state.keys, before), 1);
    state.keys.splice(countBelow(state.keys, key), 0, key);
    state.players.set(key.player, key);
    return this.#changed({ set, before, after: key });
  }

  remove(set: number, player: string): SetChange {
    const state = this.#of(set);
    const before = state.players.get(player) ?? null;
    if (!before) return { set, before, after: null };
    state.keys.splice(countBelow(state.keys, before), 1);
    state.players.delete(player);
    return this.#changed({ set, before, after: null });
  }

  find(set: number, player: string): SortKey | undefined {
    return this.#of(set).players.get(player);
  }

  placeOf(set: number, key: SortKey): number {
    return countBelow(this.#of(set).keys, key);
  }

  rankOf(set: number, key: SortKey, ranking: Ranking): number {
    const { keys } = this.#of(set);
    if (ranking === "ordinal") return 1 + countBelow(keys, key);
    const better = keys.slice(0, countBelow(keys, { ...key, at: Number.NEGATIVE_INFINITY, player: "" }));
    return 1 + (ranking === "competition" ? better.length : new Set(better.map(({ inv, sub }) => `${inv}/${sub}`)).size);
  }

  leastRankOf(set: number, key: SortKey, ranking: Ranking): number {
    return this.rankOf(set, key, ranking);
  }

  total(set: number): number {
    return this.#of(set).keys.length;
  }

  version(set: number): number {
    return this.#of(set).version;
  }

  pageAt(set: number, place: number, limit: number): SortKey[] {
    return this.#of(set).keys.slice(place, place + limit);
  }

  pageFrom(set: number, key: SortKey, direction: "forward" | "backward", limit: number): SortKey[] {
    const { keys } = this.#of(set);
    const place = countBelow(keys, key);
    if (direction === "backward") return keys.slice(Math.max(0, place - limit), place).toReversed();
    const at = keys[place];
    const start = at && compareKeys(at, key) === 0 ? place + 1 : place;
    return keys.slice(start, start + limit);
  }

  countBetween(set: number, from: { inv: number; open: boolean }, to: { inv: number; open: boolean }): number {
    return this.#of(set).keys.filter(
      ({ inv }) => (from.open ? inv > from.inv : inv >= from.inv) && (to.open ? inv < to.inv : inv <= to.inv),
    ).length;
  }

  dropSlice(set: number, rows: number): number {
    const state = this.#of(set);
    for (const { player } of state.keys.splice(0, rows)) state.players.delete(player);
    if (state.keys.length === 0) this.#sets.delete(set);
    return state.keys.length;
  }

  takeChanges(): Uint8Array | undefined {
    const changes = this.#changes;
    this.#changes = [];
    return changes.length === 0 ? undefined : packChanges(changes);
  }

  checkpoint(seq: number): void {
    this.#checkpointed = seq;
  }

  checkpointedSeq(): number {
    return this.#checkpointed;
  }

  #changed(change: SetChange): SetChange {
    this.#of(change.set).version += 1;
    this.#changes.push(change);
    return change;
  }

  #of(set: number): { keys: SortKey[]; readonly players: Map<string, SortKey>; version: number } {
    const known = this.#sets.get(set);
    if (known) return known;
    const made = { keys: [], players: new Map<string, SortKey>(), version: 0 };
    this.#sets.set(set, made);
    return made;
  }
}

/** How many of the sorted keys come before this one. */
function countBelow(keys: readonly SortKey[], key: SortKey): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const probe = keys[middle];
    if (probe && compareKeys(probe, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
