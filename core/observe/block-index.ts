import type { BlockRow } from "./store.ts";

interface SealGroup {
  readonly seal: number;
  /** By first reference, as a seal writes them. */
  rows: BlockRow[];
}

/** Which rows may hold points of a series in a range, without reading any: rows by seal, within a seal by reference. */
export class BlockIndex {
  /** Oldest seal first. */
  #groups: SealGroup[] = [];
  #rows = 0;
  #bytes = 0;

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The newest seal that left rows, also one that never finished; 0 without rows. */
  get lastSeal(): number {
    return this.#groups.at(-1)?.seal ?? 0;
  }

  /** Rows come in the order of their ids. */
  add(row: BlockRow): void {
    const last = this.#groups.at(-1);
    if (last?.seal === row.seal) last.rows.push(row);
    else this.#groups.push({ seal: row.seal, rows: [row] });
    this.#rows++;
    this.#bytes += row.bytes;
  }

  /** Rows that may hold points of the series with times in `[from, end)`, in the order in which they were written. */
  find(ref: number, from: number, end: number): BlockRow[] {
    const found: BlockRow[] = [];
    for (const { rows } of this.#groups) {
      const first = found.length;
      for (let i = lastStartingAt(rows, ref); i >= 0; i--) {
        const row = rows[i];
        if (!row || row.lastRef < ref) break;
        if (row.minAt < end && row.maxAt >= from) found.splice(first, 0, row);
      }
    }
    return found;
  }

  /** Takes out up to `most` rows whose points all lie before this time. */
  expire(before: number, most: number): BlockRow[] {
    const expired: BlockRow[] = [];
    for (const group of this.#groups) {
      group.rows = group.rows.filter((row) => {
        if (row.maxAt >= before || expired.length >= most) return true;
        expired.push(row);
        return false;
      });
    }
    this.#groups = this.#groups.filter((group) => group.rows.length > 0);
    for (const row of expired) {
      this.#rows--;
      this.#bytes -= row.bytes;
    }
    return expired;
  }

  /** Newest point of the row that ends first; undefined without rows. */
  earliestEnd(): number | undefined {
    let earliest: number | undefined;
    for (const { rows } of this.#groups) {
      for (const { maxAt } of rows) if (earliest === undefined || maxAt < earliest) earliest = maxAt;
    }
    return earliest;
  }

  /** Oldest point in any row. */
  oldestAt(): number | undefined {
    let oldest: number | undefined;
    for (const { rows } of this.#groups) {
      for (const { minAt } of rows) if (oldest === undefined || minAt < oldest) oldest = minAt;
    }
    return oldest;
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
