/** Columns of points. `values` and `bits` are two views of the same memory: a value's bits are `bits[2i]` (low) and `bits[2i + 1]`. */
export interface PointColumns {
  readonly at: Float64Array;
  readonly values: Float64Array;
  readonly bits: Uint32Array;
}

export function makeColumns(capacity: number): PointColumns {
  const values = new Float64Array(capacity);
  return { at: new Float64Array(capacity), values, bits: new Uint32Array(values.buffer) };
}

/** Copies points as bits: a NaN that went through a number may come out as another NaN. */
export function copyPoints(from: PointColumns, start: number, count: number, to: PointColumns, target: number): void {
  to.at.set(from.at.subarray(start, start + count), target);
  to.bits.set(from.bits.subarray(2 * start, 2 * (start + count)), 2 * target);
}

/** Points of one series while they are gathered, sorted or encoded; reused, so that a query makes no garbage per series. */
export class PointBuffer {
  #columns: PointColumns;
  count = 0;

  constructor(capacity = 1_024) {
    this.#columns = makeColumns(capacity);
  }

  get columns(): PointColumns {
    return this.#columns;
  }

  clear(): void {
    this.count = 0;
  }

  /** Room for `more` points behind the last. */
  reserve(more: number): PointColumns {
    const needed = this.count + more;
    if (needed > this.#columns.at.length) {
      const larger = makeColumns(Math.max(needed, 2 * this.#columns.at.length));
      copyPoints(this.#columns, 0, this.count, larger, 0);
      this.#columns = larger;
    }
    return this.#columns;
  }

  push(at: number, low: number, high: number): void {
    const { at: times, bits } = this.reserve(1);
    times[this.count] = at;
    bits[2 * this.count] = low;
    bits[2 * this.count + 1] = high;
    this.count++;
  }

  append(from: PointColumns, start: number, count: number): void {
    copyPoints(from, start, count, this.reserve(count), this.count);
    this.count += count;
  }

  /** Sorts by time; of points with the same time the one added last stays. */
  normalise(): void {
    const { at, bits } = this.#columns;
    let sorted = 1;
    while (sorted < this.count && (at[sorted] ?? 0) > (at[sorted - 1] ?? 0)) sorted++;
    if (sorted >= this.count) return;
    // Packed rows come first and in order; only what memory holds of their last minutes again, and what came late, lies behind them.
    let oldest = Number.POSITIVE_INFINITY;
    for (let i = sorted; i < this.count; i++) oldest = Math.min(oldest, at[i] ?? 0);
    const first = this.#lowerBound(oldest, sorted);
    const order = new Uint32Array(this.count - first).map((_, i) => first + i);
    order.sort((a, b) => (at[a] ?? 0) - (at[b] ?? 0) || a - b);
    const moved = makeColumns(order.length);
    let count = 0;
    for (const [i, from] of order.entries()) {
      const next = order[i + 1];
      if (next !== undefined && at[next] === at[from]) continue;
      moved.at[count] = at[from] ?? 0;
      moved.bits[2 * count] = bits[2 * from] ?? 0;
      moved.bits[2 * count + 1] = bits[2 * from + 1] ?? 0;
      count++;
    }
    copyPoints(moved, 0, count, this.#columns, first);
    this.count = first + count;
  }

  /** Index of the first point at or after this time; the points must be sorted. */
  lowerBound(atMs: number): number {
    return this.#lowerBound(atMs, this.count);
  }

  #lowerBound(atMs: number, count: number): number {
    const { at } = this.#columns;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((at[middle] ?? 0) < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
