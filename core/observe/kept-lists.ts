import type { PackedLines } from "../../contract/ranked-lines.ts";

export const KEPT_LISTS = {
  entries: 8,
  /** Of all together: a twentieth of what a shard may take. */
  bytes: 2 << 20,
} as const;

/** Packed lists by what was asked, the latest made last. Whoever holds them forgets them when they are no longer true. */
export class KeptLists {
  readonly #lists = new Map<string, PackedLines>();
  #bytes = 0;

  get size(): number {
    return this.#lists.size;
  }

  /** The list that was made for this question, or a new one. */
  find(question: string, make: () => PackedLines): PackedLines {
    const known = this.#lists.get(question);
    if (known) return known;
    const list = make();
    const bytes = bytesOf(list);
    if (bytes > KEPT_LISTS.bytes) return list;
    this.#lists.set(question, list);
    this.#bytes += bytes;
    for (const [oldest, gone] of this.#lists) {
      if (this.#lists.size <= KEPT_LISTS.entries && this.#bytes <= KEPT_LISTS.bytes) break;
      this.#lists.delete(oldest);
      this.#bytes -= bytesOf(gone);
    }
    return list;
  }

  clear(): void {
    if (this.#lists.size === 0) return;
    this.#lists.clear();
    this.#bytes = 0;
  }
}

/** Two for a character at worst, and four for each column of a line. */
function bytesOf({ text, lengths, series }: PackedLines): number {
  return 2 * text.length + lengths.byteLength + series.byteLength;
}
