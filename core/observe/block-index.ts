import type { BlockRow } from "./store.ts";

interface SealGroup {
  readonly seal: number;
  /** By first reference, as a seal writes them. */
  rows: BlockRow[];
  /** Of all rows that were ever inside. */
  minAt: number;
  maxAt: number;
}

/** Which rows may hold points of a series in a range, without reading any: rows by seal, within a seal by reference. */
export class BlockIndex {
  /** In the order in which they were written. */
  #groups: SealGroup[] = [];
  #rows = 0;
  #bytes = 0;
  #points = 0;
  #lastSeal = 0;

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get points(): number {
    return this.#points;
  }

  /** The highest number of a seal that left rows, also one that never finished; 0 without rows. */
  get lastSeal(): number {
    return this.#lastSeal;
  }

  /** Rows come in the order of their ids; with one number, and none in between, also in the order of their references. */
  add(row: BlockRow): void {
    const last = this.#groups.at(-1);
    if (last?.seal === row.seal) {
      last.rows.push(row);
      last.minAt = Math.min(last.minAt, row.minAt);
      last.maxAt = Math.max(last.maxAt, row.maxAt);
    } else this.#groups.push({ seal: row.seal, rows: [row], minAt: row.minAt, maxAt: row.maxAt });
    this.#lastSeal = Math.max(this.#lastSeal, row.seal);
    this.#count(row, 1);
  }

  /** Every row, in the order in which they were written. */
  *all(): Generator<BlockRow> {
    for (const { rows } of this.#groups) yield* rows;
  }

  /** Puts a row in the place of the one with its id: it was packed again. */
  replace(row: BlockRow): void {
    for (const { rows } of this.#groups) {
      const at = rows.findIndex(({ id }) => id === row.id);
      const old = rows[at];
      if (!old) continue;
      rows[at] = row;
      this.#count(old, -1);
      this.#count(row, 1);
      return;
    }
  }

  /** Rows that may hold points of the series with times in `[from, end)`, in the order in which they were written. */
  find(ref: number, from: number, end: number): BlockRow[] {
    const found: BlockRow[] = [];
    for (const { rows, minAt, maxAt } of this.#groups) {
      if (minAt >= end || maxAt < from) continue;
      const first = found.length;
      for (let i = lastStartingAt(rows, ref); i >= 0; i--) {
        const row = rows[i];
        if (!row || row.lastRef < ref) break;
        if (row.minAt < end && row.maxAt >= from) found.splice(first, 0, row);
      }
    }
    return found;
  }

  /** Takes out up to `most` rows that are to go. */
  take(goes: (row: BlockRow) => boolean, most = Number.POSITIVE_INFINITY): BlockRow[] {
    const taken: BlockRow[] = [];
    for (const group of this.#groups) {
      const kept = group.rows.filter((row) => {
        if (taken.length >= most || !goes(row)) return true;
        taken.push(row);
        return false;
      });
      if (kept.length < group.rows.length) group.rows = kept;
    }
    if (taken.length > 0) this.#groups = this.#groups.filter((group) => group.rows.length > 0);
    for (const row of taken) this.#count(row, -1);
    return taken;
  }

  /** Newest point of the row that ends first; undefined without rows. */
  earliestEnd(): number | undefined {
    let earliest: number | undefined;
    for (const { rows } of this.#groups) {
      for (const { maxAt } of rows) if (earliest === undefined || maxAt < earliest) earliest = maxAt;
    }
    return earliest;
  }

  /** Newest point in any row. */
  newestAt(): number | undefined {
    let newest: number | undefined;
    for (const { rows } of this.#groups) {
      for (const { maxAt } of rows) if (newest === undefined || maxAt > newest) newest = maxAt;
    }
    return newest;
  }

  /** Oldest point in any row. */
  oldestAt(): number | undefined {
    let oldest: number | undefined;
    for (const { rows } of this.#groups) {
      for (const { minAt } of rows) if (oldest === undefined || minAt < oldest) oldest = minAt;
    }
    return oldest;
  }

  #count({ bytes, points }: BlockRow, sign: 1 | -1): void {
    this.#rows += sign;
    this.#bytes += sign * bytes;
    this.#points += sign * points;
  }
}

/** Index of the last row that starts at or before this reference; -1 when all start later. */
function lastStartingAt(rows: readonly BlockRow[], ref: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.firstRef ?? 0) <= ref) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
