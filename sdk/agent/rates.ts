/** Makes rates of counters: one tracker per collector, one key per counter. */
export class RateTracker {
  #last = new Map<string, { value: number; atMs: number }>();
  #seen = new Set<string>();

  /**
   * Per second since the key's last reading. Undefined when there is no rate to speak of: the first reading, a counter that went back (a
   * reset, or another device under an old name), no time between.
   * @param atMs monotonic
   */
  rate(key: string, value: number, atMs: number): number | undefined {
    const last = this.#last.get(key);
    this.#last.set(key, { value, atMs });
    this.#seen.add(key);
    if (last === undefined || value < last.value || atMs <= last.atMs) return undefined;
    return ((value - last.value) * 1_000) / (atMs - last.atMs);
  }

  /** Ends a reading: counters that were not in it are forgotten, so that a device which comes back starts anew. */
  endReading(): void {
    for (const key of this.#last.keys()) if (!this.#seen.has(key)) this.#last.delete(key);
    this.#seen = new Set();
  }
}
