/** One of a population: two figures of it, the second may be missing. */
export interface Sampled {
  /** Names the item and is never given out twice; the newest is the largest. */
  readonly seq: number;
  readonly value: number;
  readonly extra: number | null;
}

const VERSION = 1;
const HEADER = 4;
const FIELDS = 3;

/**
 * A uniform sample of at most `capacity` items of a stream, without replacement: those with the smallest hashes of seed and seq ("bottom-k",
 * Cohen and Kaplan, 2007). Unlike a reservoir that draws as it goes (Vitter, 1985) it depends on the set of items only: replaying a
 * part of the stream after a restart changes nothing, and an item can be taken back.
 */
export class SeededReservoir {
  readonly #seed: number;
  readonly #capacity: number;
  /** A heap: no item's hash is above its parent's, so the first is the next to go. */
  readonly #items: { readonly hash: number; readonly item: Sampled }[] = [];
  /** The smallest hash that had to go: what is not below it cannot come in any more, also not where items were taken back. */
  #bound = Number.POSITIVE_INFINITY;
  #through = 0;

  constructor(seed: number, capacity: number) {
    this.#seed = seed >>> 0;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#items.length;
  }

  /** How far the stream was seen. */
  get through(): number {
    return this.#through;
  }

  /** Notes that the stream went on to here with nothing to offer. */
  passTo(seq: number): void {
    this.#through = Math.max(this.#through, seq);
  }

  /** Offers an item; one that is in already changes nothing. @returns whether it is part of the sample now, and was not before */
  offer(item: Sampled): boolean {
    const hash = hashOf(this.#seed, item.seq);
    const repeated = item.seq <= this.#through;
    this.passTo(item.seq);
    if (hash >= this.#bound) return false;
    if (repeated && this.#items.some((kept) => kept.item.seq === item.seq)) return false;
    this.#push({ hash, item });
    if (this.#items.length <= this.#capacity) return true;
    const gone = this.#pop();
    this.#bound = gone.hash;
    return gone.item !== item;
  }

  /** Takes items back. @returns how many of them were in */
  remove(seqs: readonly number[]): number {
    const leaving = new Set(seqs);
    const kept = this.#items.filter(({ item }) => !leaving.has(item.seq));
    const gone = this.#items.length - kept.length;
    if (gone === 0) return 0;
    this.#items.length = 0;
    for (const entry of kept) this.#push(entry);
    return gone;
  }

  /** The first figures, ascending. */
  values(): Float64Array {
    return Float64Array.from(this.#items, ({ item }) => item.value).sort();
  }

  /** The second figures of items that have one, ascending. */
  extras(): Float64Array {
    return Float64Array.from(this.#items.flatMap(({ item }) => item.extra ?? [])).sort();
  }

  /** As 64-bit floats: version, how far the stream was seen, bound, count, then seq, value and extra (NaN: none) of each. */
  pack(): Uint8Array {
    const packed = new Float64Array(HEADER + FIELDS * this.#items.length);
    packed.set([VERSION, this.#through, this.#bound, this.#items.length]);
    this.#items.forEach(({ item }, i) => packed.set([item.seq, item.value, item.extra ?? Number.NaN], HEADER + FIELDS * i));
    return new Uint8Array(packed.buffer);
  }

  /** The reverse of {@link pack}. @throws when the bytes are not such a sample */
  static unpack(bytes: Uint8Array, seed: number, capacity: number): SeededReservoir {
    if (bytes.byteLength % 8 !== 0) throw new Error("a packed sample is whole numbers");
    const packed = new Float64Array(bytes.slice().buffer); // a copy: views of stored bytes need not begin at a multiple of 8
    const [version, through = 0, bound = 0, count = 0] = packed;
    if (version !== VERSION || packed.length !== HEADER + FIELDS * count) throw new Error("not a packed sample of this release");
    const sample = new SeededReservoir(seed, capacity);
    for (let i = HEADER; i < packed.length; i += FIELDS) {
      const [seq = 0, value = 0, extra = Number.NaN] = packed.subarray(i, i + FIELDS);
      sample.#push({ hash: hashOf(sample.#seed, seq), item: { seq, value, extra: Number.isNaN(extra) ? null : extra } });
    }
    sample.#bound = bound;
    sample.#through = through;
    return sample;
  }

  #push(entry: { readonly hash: number; readonly item: Sampled }): void {
    const heap = this.#items;
    let at = heap.push(entry) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && above(heap[at], heap[parent]); parent = (at - 1) >> 1) {
      swap(heap, at, parent);
      at = parent;
    }
  }

  #pop(): { readonly hash: number; readonly item: Sampled } {
    const heap = this.#items;
    const last = heap.pop();
    const first = heap[0];
    if (last === undefined) throw new Error("nothing to take");
    if (first === undefined) return last;
    heap[0] = last;
    for (let at = 0; ;) {
      let largest = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (above(heap[child], heap[largest])) largest = child;
      if (largest === at) return first;
      swap(heap, at, largest);
      at = largest;
    }
  }
}

function above(a: { readonly hash: number } | undefined, b: { readonly hash: number } | undefined): boolean {
  return a !== undefined && b !== undefined && a.hash > b.hash;
}

function swap<T>(list: T[], a: number, b: number): void {
  const [left, right] = [list[a], list[b]];
  if (left === undefined || right === undefined) return;
  list[a] = right;
  list[b] = left;
}

/** 53 bits from seed and seq: two rounds of the finaliser of MurmurHash3 (A. Appleby, public domain) over both halves of the seq. */
function hashOf(seed: number, seq: number): number {
  const high = mix(mix(seed ^ Math.floor(seq / 2 ** 32)) ^ (seq >>> 0));
  const low = mix(high ^ 0x9e3779b9);
  return high * 2 ** 21 + (low >>> 11);
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
