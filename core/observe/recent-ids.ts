/** Bounds of the memory of batch ids; beyond them the oldest are forgotten early, and their batch would be stored again. */
export const RECENT_ID_LIMITS = {
  ids: 50_000,
  /** Characters over all ids. */
  chars: 4 << 20,
} as const;

/** The ids of batches stored within the last `windowMs`. */
export class RecentIds {
  readonly #windowMs: number;
  /** In the order of storing, so that the oldest are first. */
  readonly #storedAt = new Map<string, number>();
  #chars = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  get size(): number {
    return this.#storedAt.size;
  }

  has(id: string, now: number): boolean {
    const at = this.#storedAt.get(id);
    return at !== undefined && now - at < this.#windowMs;
  }

  add(id: string, at: number): void {
    if (this.#storedAt.delete(id)) this.#chars -= id.length;
    this.#storedAt.set(id, at);
    this.#chars += id.length;
    for (const [oldest, storedAt] of this.#storedAt) {
      const within = at - storedAt < this.#windowMs && this.#storedAt.size <= RECENT_ID_LIMITS.ids && this.#chars <= RECENT_ID_LIMITS.chars;
      if (within) break;
      this.#storedAt.delete(oldest);
      this.#chars -= oldest.length;
    }
  }
}
