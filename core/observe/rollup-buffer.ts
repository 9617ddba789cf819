import type { RollupView } from "./tier-source.ts";

const NAMES = ["at", "sum", "samples", "min", "max", "last", "increase"] as const;
export type RollupColumns = { readonly [name in (typeof NAMES)[number]]: Float64Array };

/** Windows of one series while they are gathered, summed or encoded; reused, so that a question makes no garbage per series. */
export class RollupBuffer implements RollupView {
  #columns: RollupColumns;
  count = 0;

  constructor(capacity = 256) {
    this.#columns = makeColumns(capacity);
  }

  get columns(): RollupColumns {
    return this.#columns;
  }
  get at(): Float64Array {
    return this.#columns.at;
  }
  get sum(): Float64Array {
    return this.#columns.sum;
  }
  get samples(): Float64Array {
    return this.#columns.samples;
  }
  get min(): Float64Array {
    return this.#columns.min;
  }
  get max(): Float64Array {
    return this.#columns.max;
  }
  get last(): Float64Array {
    return this.#columns.last;
  }
  get increase(): Float64Array {
    return this.#columns.increase;
  }

  clear(): void {
    this.count = 0;
  }

  /** Room for `more` windows behind the last. */
  reserve(more: number): RollupColumns {
    const needed = this.count + more;
    if (needed > this.#columns.at.length) {
      const larger = makeColumns(Math.max(needed, 2 * this.#columns.at.length));
      for (const name of NAMES) larger[name].set(this.#columns[name].subarray(0, this.count));
      this.#columns = larger;
    }
    return this.#columns;
  }

  /** Adds an empty window: one that replaces another and holds nothing. */
  pushEmpty(at: number): void {
    const columns = this.reserve(1);
    for (const name of NAMES) columns[name][this.count] = 0;
    columns.at[this.count] = at;
    columns.increase[this.count] = Number.NaN;
    this.count++;
  }

  /** Adds windows of another buffer. */
  append(from: RollupView, first: number, last: number): void {
    const columns = this.reserve(last - first);
    for (const name of NAMES) columns[name].set(from[name].subarray(first, last), this.count);
    this.count += last - first;
  }

  /** Sorts by time; of windows that begin at the same time the one added last stays. */
  normalise(): void {
    const { at } = this.#columns;
    let sorted = true;
    for (let i = 1; i < this.count && sorted; i++) sorted = (at[i] ?? 0) > (at[i - 1] ?? 0);
    if (sorted) return;
    const order = Array.from({ length: this.count }, (_, i) => i).sort((a, b) => (at[a] ?? 0) - (at[b] ?? 0) || a - b);
    this.#keep(order.filter((from, i) => at[order[i + 1] ?? -1] !== at[from]));
  }

  /** Takes out windows without a sample. */
  dropEmpty(): void {
    const { samples } = this.#columns;
    let empty = false;
    for (let i = 0; i < this.count && !empty; i++) empty = samples[i] === 0;
    if (!empty) return;
    this.#keep(Array.from({ length: this.count }, (_, i) => i).filter((i) => samples[i] !== 0));
  }

  /** Keeps the windows that begin in `[from, end)`; they must be sorted. */
  cut(from: number, end: number): void {
    const first = this.lowerBound(from);
    const last = this.lowerBound(end);
    if (first > 0) for (const name of NAMES) this.#columns[name].copyWithin(0, first, last);
    this.count = Math.max(0, last - first);
  }

  /** Index of the first window that begins at or after this time; the windows must be sorted. */
  lowerBound(atMs: number): number {
    const { at } = this.#columns;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((at[middle] ?? 0) < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #keep(order: readonly number[]): void {
    const columns = makeColumns(this.#columns.at.length);
    for (const name of NAMES) for (const [to, from] of order.entries()) columns[name][to] = this.#columns[name][from] ?? 0;
    this.#columns = columns;
    this.count = order.length;
  }
}

function makeColumns(capacity: number): RollupColumns {
  const column = () => new Float64Array(capacity);
  return { at: column(), sum: column(), samples: column(), min: column(), max: column(), last: column(), increase: column() };
}
