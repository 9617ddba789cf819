/** Ranges kept per source; beyond it the oldest gaps are closed. At 12 bytes a range this is one D1 row of 12 KB. */
export const MAX_RANGES = 1_000;

/**
 * A set of sequence numbers as sorted, disjoint, non-touching ranges, written `1-500,503`. Sources number their events
 * without gaps, so however many were seen the text stays short.
 */
export class SeqSet {
  readonly #ranges: [from: number, to: number][];

  private constructor(ranges: [number, number][]) {
    this.#ranges = ranges;
  }

  /** @throws when the text was not written by {@link SeqSet.toString} */
  static parse(text: string): SeqSet {
    if (text === "") return new SeqSet([]);
    let last = -1;
    return new SeqSet(
      text.split(",").map((part) => {
        const [from, to = from] = part.split("-").map(Number);
        if (from === undefined || to === undefined || !(from > last && to >= from)) throw new Error(`not a set of seqs near ${part}`);
        last = to;
        return [from, to];
      }),
    );
  }

  /** Adds a number; answers whether it is new. */
  add(seq: number): boolean {
    let low = 0;
    let high = this.#ranges.length;
    // The first range that ends at or after `seq - 1`: the only one that can hold it or touch it from below.
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.#ranges[middle];
      if (range !== undefined && range[1] < seq - 1) low = middle + 1;
      else high = middle;
    }
    const at = this.#ranges[low];
    if (at === undefined || seq < at[0] - 1) {
      this.#ranges.splice(low, 0, [seq, seq]);
    } else if (seq === at[0] - 1) {
      at[0] = seq;
    } else if (seq === at[1] + 1) {
      at[1] = seq;
      const next = this.#ranges[low + 1];
      if (next !== undefined && next[0] === seq + 1) {
        at[1] = next[1];
        this.#ranges.splice(low + 1, 1);
      }
    } else {
      return false;
    }
    this.#closeOldGaps();
    return true;
  }

  toString(): string {
    return this.#ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
  }

  /** A number that comes later than a thousand younger gaps counts as seen: a count may then miss it, never have it twice. */
  #closeOldGaps(): void {
    if (this.#ranges.length <= MAX_RANGES) return;
    const [first, second] = this.#ranges;
    if (first !== undefined && second !== undefined) this.#ranges.splice(0, 2, [first[0], second[1]]);
  }
}
