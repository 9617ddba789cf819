import { Fenwick } from "./fenwick.ts";
import type { SortKey } from "./ranked-sets.ts";
import { compareKeys } from "./scores.ts";

const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
/** Before and after every entry; subscores and times are finite, scores of the Redis protocol need not be. */
export const LOWEST: SortKey = { inv: NEGATIVE_INFINITY, sub: NEGATIVE_INFINITY, at: NEGATIVE_INFINITY, player: "" };
export const HIGHEST: SortKey = { inv: POSITIVE_INFINITY, sub: POSITIVE_INFINITY, at: POSITIVE_INFINITY, player: "" };

/**
 * What memory holds of one ranking: where its buckets begin and how many entries each has. 48 bytes a bucket, and the player's id where
 * entries before and after a beginning differ in nothing else.
 */
export class Buckets {
  #length = 0;
  #total = 0;
  #inv = new Float64Array(1);
  #sub = new Float64Array(1);
  #at = new Float64Array(1);
  readonly #players: string[] = [];
  #counts = new Int32Array(1);
  #ids = new Int32Array(1);
  readonly #fenwick = new Fenwick();
  readonly #freeIds: number[] = [];
  #nextId = 0;

  /** @param rows in the order of `lo` */
  static of(rows: readonly { readonly id: number; readonly lo: SortKey; readonly count: number }[]): Buckets {
    const made = new Buckets();
    made.#reserve(rows.length);
    const used = new Set<number>();
    for (const [index, { id, lo, count }] of rows.entries()) {
      made.#set(index, lo, id, count);
      made.#total += count;
      made.#nextId = Math.max(made.#nextId, id + 1);
      used.add(id);
    }
    for (let id = 0; id < made.#nextId; id++) if (!used.has(id)) made.#freeIds.push(id);
    made.#length = rows.length;
    made.#fenwick.rebuild(made.#counts, made.#length);
    return made;
  }

  get length(): number {
    return this.#length;
  }

  get total(): number {
    return this.#total;
  }

  count(index: number): number {
    return this.#counts[index] ?? 0;
  }

  id(index: number): number {
    return this.#ids[index] ?? 0;
  }

  lo(index: number): SortKey {
    if (index >= this.#length) return HIGHEST;
    return { inv: this.#inv[index] ?? 0, sub: this.#sub[index] ?? 0, at: this.#at[index] ?? 0, player: this.#players[index] ?? "" };
  }

  /** The bucket to which a key belongs: the last one that does not begin after it. */
  locate(key: SortKey): number {
    let [low, high] = [0, this.#length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#beginsAfter(middle, key)) high = middle - 1;
      else low = middle;
    }
    return low;
  }

  /** Entries in the buckets before this one. */
  before(index: number): number {
    return this.#fenwick.before(index);
  }

  locatePlace(place: number): { readonly index: number; readonly before: number } {
    return this.#fenwick.locate(place);
  }

  add(index: number, delta: number): void {
    this.#counts[index] = this.count(index) + delta;
    this.#total += delta;
    this.#fenwick.add(index, delta);
  }

  /** Another bucket at this index, with entries that `from` has counted so far. @returns its id */
  insert(index: number, lo: SortKey, count: number, from?: number): number {
    const id = this.#freeIds.pop() ?? this.#nextId++;
    this.#reserve(this.#length + 1);
    if (from !== undefined) this.#counts[from] = this.count(from) - count;
    else this.#total += count;
    this.#shift(index, index + 1);
    this.#players.splice(index, 0, lo.player);
    this.#set(index, lo, id, count);
    this.#length += 1;
    this.#fenwick.rebuild(this.#counts, this.#length);
    return id;
  }

  /** Lets a bucket begin elsewhere, with the same entries. */
  move(index: number, lo: SortKey): void {
    this.#set(index, lo, this.id(index), this.count(index));
  }

  /** Gives the entries of the bucket after this one to this one. */
  absorbNext(index: number): void {
    const next = index + 1;
    this.#freeIds.push(this.id(next));
    this.#counts[index] = this.count(index) + this.count(next);
    this.#shift(next + 1, next);
    this.#players.splice(next, 1);
    this.#length -= 1;
    this.#fenwick.rebuild(this.#counts, this.#length);
  }

  #beginsAfter(index: number, key: SortKey): boolean {
    const inv = this.#inv[index] ?? 0;
    if (inv !== key.inv) return inv > key.inv; // decides nearly always, without an object
    return compareKeys(this.lo(index), key) > 0;
  }

  #set(index: number, lo: SortKey, id: number, count: number): void {
    this.#inv[index] = lo.inv;
    this.#sub[index] = lo.sub;
    this.#at[index] = lo.at;
    this.#players[index] = lo.player;
    this.#ids[index] = id;
    this.#counts[index] = count;
  }

  #shift(from: number, to: number): void {
    for (const column of [this.#inv, this.#sub, this.#at, this.#counts, this.#ids]) column.copyWithin(to, from, this.#length);
  }

  #reserve(length: number): void {
    if (length <= this.#counts.length) return;
    const room = Math.ceil(length * 1.25) + 1;
    this.#inv = grown(new Float64Array(room), this.#inv);
    this.#sub = grown(new Float64Array(room), this.#sub);
    this.#at = grown(new Float64Array(room), this.#at);
    this.#counts = grown(new Int32Array(room), this.#counts);
    this.#ids = grown(new Int32Array(room), this.#ids);
  }
}

function grown<T extends Float64Array | Int32Array>(larger: T, old: T): T {
  larger.set(old);
  return larger;
}
