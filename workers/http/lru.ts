interface Entry<V> {
  readonly value: V;
  readonly until: number;
  readonly weight: number;
}

/**
 * A map that holds at most `maxEntries` of at most `maxWeight` together, forgets the least recently used first, and each entry after
 * its own time. The newest entry stays, whatever it weighs.
 */
export class Lru<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #maxEntries: number;
  readonly #maxWeight: number;
  #weight = 0;
  /** The key that was used last. */
  #newest: string | undefined;

  constructor(maxEntries: number, maxWeight = Number.POSITIVE_INFINITY) {
    this.#maxEntries = maxEntries;
    this.#maxWeight = maxWeight;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @param now epoch milliseconds, the clock of `set` */
  get(key: string, now: number): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (entry.until <= now) {
      this.delete(key);
      return undefined;
    }
    if (key !== this.#newest) {
      this.#entries.delete(key);
      this.#entries.set(key, entry); // a Map keeps insertion order: the last one is the most recently used
      this.#newest = key;
    }
    return entry.value;
  }

  /** @param weight in the unit of `maxWeight`, such as bytes */
  set(key: string, value: V, until: number, weight = 0): void {
    this.delete(key);
    this.#entries.set(key, { value, until, weight });
    this.#newest = key;
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (oldest === key || (this.#entries.size <= this.#maxEntries && this.#weight <= this.#maxWeight)) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    if (key === this.#newest) this.#newest = undefined;
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#newest = undefined;
    this.#weight = 0;
  }
}
