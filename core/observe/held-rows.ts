import { readDirectory } from "./block-rows.ts";

/** A packed row with its directory read once: neighbouring series lie in the same rows. */
export interface HeldRow {
  readonly body: Uint8Array;
  /** Rising; a series with many points stands several times. */
  readonly refs: readonly number[];
  /** Where each entry's block ends; it begins where the one before ends. */
  readonly ends: readonly number[];
}

/** Packed rows that were read, the newest of them, up to so many bytes. */
export class HeldRows {
  readonly #most: number;
  readonly #read: (id: number) => { readonly directory: Uint8Array; readonly body: Uint8Array };
  readonly #rows = new Map<number, HeldRow>();
  #bytes = 0;

  constructor(read: (id: number) => { readonly directory: Uint8Array; readonly body: Uint8Array }, mostBytes: number) {
    this.#most = mostBytes;
    this.#read = read;
  }

  /** @param fresh called with a row's bytes when it had to be read */
  get(id: number, fresh: (bytes: number) => void): HeldRow {
    const held = this.#rows.get(id);
    if (held) return held;
    const { directory, body } = this.#read(id);
    fresh(body.length);
    const refs: number[] = [];
    const ends: number[] = [];
    for (const { ref, end } of readDirectory(directory)) {
      refs.push(ref);
      ends.push(Math.min(end, body.length));
    }
    const row = { body, refs, ends };
    for (const [oldest, { body: bytes }] of this.#rows) {
      if (this.#bytes + body.length <= this.#most) break;
      this.#rows.delete(oldest);
      this.#bytes -= bytes.length;
    }
    this.#rows.set(id, row);
    this.#bytes += body.length;
    return row;
  }
}

/** Calls `visit` with where each block of a series lies in the row. */
export function eachBlock({ refs, ends }: HeldRow, ref: number, visit: (from: number, end: number) => void): void {
  let low = 0;
  let high = refs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((refs[middle] ?? 0) < ref) low = middle + 1;
    else high = middle;
  }
  for (; refs[low] === ref; low++) visit(low === 0 ? 0 : (ends[low - 1] ?? 0), ends[low] ?? 0);
}
