/**
 * Rows that many scores of one turn will ask for, read by one statement: half of what a row costs is asking for it alone. Whoever writes a
 * row forgets it here, so that it is read anew, and its owner ends the reading ahead with the turn.
 */
export class ReadAhead<T> {
  readonly #rows = new Map<string, T | undefined>();

  /** @param found rows of those keys that have one; none of the others has */
  fill(keys: readonly string[], found: Iterable<readonly [key: string, row: T]>): void {
    for (const key of keys) this.#rows.set(key, undefined);
    for (const [key, row] of found) this.#rows.set(key, row);
  }

  /** @param read how the row is found when it was not read ahead */
  get(key: string, read: () => T | undefined): T | undefined {
    return this.#rows.has(key) ? this.#rows.get(key) : read();
  }

  /** Somebody writes the row. */
  forget(key: string): void {
    this.#rows.delete(key);
  }

  end(): void {
    this.#rows.clear();
  }
}

/** Keys that SQLite reads from JSON as they are; half a character would be another one there. */
export function readableAhead(keys: readonly string[]): string[] {
  return [...new Set(keys)].filter((key) => key.isWellFormed());
}
