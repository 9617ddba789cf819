/** Slots in rising order. One that stands alone is kept as a number: half of all values of a shard have a single series. */
export type Slots = number | Posting;

const FIRST_SLOTS = 4;

/** A growing list of slots in rising order. */
export class Posting {
  #slots: Uint32Array;
  #count = 0;

  constructor(...slots: readonly number[]) {
    this.#slots = new Uint32Array(Math.max(FIRST_SLOTS, slots.length));
    for (const slot of slots) this.add(slot);
  }

  get count(): number {
    return this.#count;
  }

  /** The slots, valid until the next change. */
  view(): Uint32Array {
    return this.#slots.subarray(0, this.#count);
  }

  add(slot: number): void {
    const at = this.#place(slot);
    if (at < this.#count && this.#slots[at] === slot) return;
    if (this.#count === this.#slots.length) {
      const grown = new Uint32Array(Math.ceil(this.#count * 1.5));
      grown.set(this.#slots);
      this.#slots = grown;
    }
    this.#slots.copyWithin(at + 1, at, this.#count);
    this.#slots[at] = slot;
    this.#count++;
  }

  remove(slot: number): void {
    const at = this.#place(slot);
    if (at >= this.#count || this.#slots[at] !== slot) return;
    this.#slots.copyWithin(at, at + 1, this.#count);
    this.#count--;
  }

  /** The first place with this slot or a higher one. */
  #place(slot: number): number {
    // New series mostly have the highest slot so far.
    if (this.#count === 0 || (this.#slots[this.#count - 1] ?? 0) < slot) return this.#count;
    let low = 0;
    let high = this.#count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#slots[middle] ?? 0) < slot) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function countOf(slots: Slots): number {
  return typeof slots === "number" ? 1 : slots.count;
}

/** How many of the slots are marked with this. */
export function countWithin(slots: Slots, marks: Uint8Array, mark: number): number {
  if (typeof slots === "number") return marks[slots] === mark ? 1 : 0;
  let count = 0;
  for (const slot of slots.view()) if (marks[slot] === mark) count++;
  return count;
}
