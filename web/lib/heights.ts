/**
 * Heights of the rows of a long list, measured or guessed, and where each begins: a Fenwick tree (P. Fenwick, 1994), so that measuring
 * a row and finding the row at a place both cost the logarithm of their number, wherever in the list it is.
 */
export class Heights {
  readonly #guess: number;
  readonly #known = new Map<string, number>();
  #keys: readonly string[] = [];
  #heights = new Float64Array(0);
  /** `#tree[i]` holds the sum of the heights that end at row `i - 1`. */
  #tree = new Float64Array(1);

  /** @param guess pixels of a row that was never measured */
  constructor(guess: number) {
    this.#guess = guess;
  }

  get count(): number {
    return this.#keys.length;
  }

  get total(): number {
    return this.startOf(this.#keys.length);
  }

  /** The rows there are now, from the first; a key that was here before keeps its height. */
  setRows(keys: readonly string[]): void {
    this.#keys = keys;
    this.#heights = Float64Array.from(keys, (key) => this.#known.get(key) ?? this.#guess);
    this.#tree = new Float64Array(keys.length + 1);
    for (let at = 1; at <= keys.length; at++) {
      this.#tree[at] = (this.#tree[at] ?? 0) + (this.#heights[at - 1] ?? 0);
      const above = at + (at & -at);
      if (above <= keys.length) this.#tree[above] = (this.#tree[above] ?? 0) + (this.#tree[at] ?? 0);
    }
  }

  /** @returns by how many pixels the row differs from what was thought */
  measure(index: number, height: number): number {
    const key = this.#keys[index];
    if (key === undefined) return 0;
    const change = height - (this.#heights[index] ?? 0);
    this.#known.set(key, height);
    if (change === 0) return 0;
    this.#heights[index] = height;
    for (let at = index + 1; at <= this.#keys.length; at += at & -at) this.#tree[at] = (this.#tree[at] ?? 0) + change;
    return change;
  }

  /** Pixels above the row. */
  startOf(index: number): number {
    let sum = 0;
    for (let at = Math.min(index, this.#keys.length); at > 0; at -= at & -at) sum += this.#tree[at] ?? 0;
    return sum;
  }

  /** The row that covers this many pixels from the top; the last one below the end, 0 above the beginning. */
  indexAt(pixels: number): number {
    let at = 0;
    let left = pixels;
    for (let step = 1 << (31 - Math.clz32(Math.max(1, this.#keys.length))); step > 0; step >>= 1) {
      const next = at + step;
      if (next <= this.#keys.length && (this.#tree[next] ?? 0) <= left) {
        left -= this.#tree[next] ?? 0;
        at = next;
      }
    }
    return Math.max(0, Math.min(at, this.#keys.length - 1));
  }

  /** Forgets rows that are not in the list, so that what was read in a day is not kept. */
  forgetOthers(): void {
    const here = new Set(this.#keys);
    for (const key of this.#known.keys()) if (!here.has(key)) this.#known.delete(key);
  }
}
