const PAGE_BYTES = 256 * 1024;
/** A chunk holds this much of a list and four bytes that name the next. Half of one is lost per list: as little as the links cost. */
const CHUNK_BYTES = 128;
const PAYLOAD = CHUNK_BYTES - 4;
const PAGE_SHIFT = 11;
/** Chunks of a page, less one. */
const IN_PAGE = PAGE_BYTES / CHUNK_BYTES - 1;

/**
 * Many byte strings that grow at their end, in chunks of a few large pages. Twenty thousand small arrays would cost more
 * for themselves than for what they hold, and every growth would leave garbage. Pages are given back when no list is left.
 */
export class ChunkArena {
  readonly #pages: { bytes: Uint8Array<ArrayBuffer>; links: Uint32Array }[] = [];
  #used = 0;
  /** Chunk + 1; 0 is none. */
  #free = 0;
  /** By list: first and last chunk + 1, length in bytes. */
  #first = new Uint32Array(0);
  #last = new Uint32Array(0);
  #length = new Uint32Array(0);
  #bytes = 0;
  #scratch = new Uint8Array(4_096);

  /** Bytes in all lists. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of memory that are held, whatever is in them. */
  get heldBytes(): number {
    return this.#pages.length * PAGE_BYTES + 12 * this.#first.length + this.#scratch.length;
  }

  length(list: number): number {
    return this.#length[list] ?? 0;
  }

  /** Makes room for lists below this number. */
  ensure(lists: number): void {
    if (lists <= this.#first.length) return;
    this.#first = widened(this.#first, lists);
    this.#last = widened(this.#last, lists);
    this.#length = widened(this.#length, lists);
  }

  /** Appends the first `count` bytes. */
  append(list: number, from: Uint8Array, count: number): void {
    let length = this.#length[list] ?? 0;
    let inChunk = length === 0 ? PAYLOAD : length - Math.floor((length - 1) / PAYLOAD) * PAYLOAD;
    let chunk = (this.#last[list] ?? 0) - 1;
    for (let i = 0; i < count;) {
      if (inChunk === PAYLOAD) {
        chunk = this.#chain(list, chunk);
        inChunk = 0;
      }
      const { bytes } = this.#pageOf(chunk);
      let to = (chunk & IN_PAGE) * CHUNK_BYTES + 4 + inChunk;
      const end = Math.min(count, i + PAYLOAD - inChunk);
      inChunk += end - i;
      for (; i < end; i++) bytes[to++] = from[i] ?? 0;
    }
    length += count;
    this.#length[list] = length;
    this.#bytes += count;
  }

  /** The bytes of a list in one piece, valid until the next call. */
  read(list: number): Uint8Array {
    const length = this.#length[list] ?? 0;
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(2 * length);
    let chunk = (this.#first[list] ?? 0) - 1;
    for (let to = 0; to < length; to += PAYLOAD) {
      const { bytes, links } = this.#pageOf(chunk);
      const place = (chunk & IN_PAGE) * CHUNK_BYTES;
      const count = Math.min(PAYLOAD, length - to);
      for (let i = 0; i < count; i++) this.#scratch[to + i] = bytes[place + 4 + i] ?? 0;
      chunk = (links[place >>> 2] ?? 0) - 1;
    }
    return this.#scratch.subarray(0, length);
  }

  /** Empties a list. */
  clear(list: number): void {
    const first = this.#first[list] ?? 0;
    if (first === 0) return;
    this.#setLink((this.#last[list] ?? 0) - 1, this.#free);
    this.#free = first;
    this.#bytes -= this.#length[list] ?? 0;
    this.#first[list] = 0;
    this.#last[list] = 0;
    this.#length[list] = 0;
    if (this.#bytes > 0) return;
    this.#pages.length = 0;
    this.#used = 0;
    this.#free = 0;
  }

  /** @returns the new last chunk of the list */
  #chain(list: number, last: number): number {
    let chunk = this.#free - 1;
    if (chunk >= 0) this.#free = this.#link(chunk);
    else {
      chunk = this.#used++;
      if ((chunk & IN_PAGE) === 0) {
        const bytes = new Uint8Array(PAGE_BYTES);
        this.#pages.push({ bytes, links: new Uint32Array(bytes.buffer) });
      }
    }
    this.#setLink(chunk, 0);
    if (last < 0) this.#first[list] = chunk + 1;
    else this.#setLink(last, chunk + 1);
    this.#last[list] = chunk + 1;
    return chunk;
  }

  #pageOf(chunk: number): { bytes: Uint8Array<ArrayBuffer>; links: Uint32Array } {
    const page = this.#pages[chunk >>> PAGE_SHIFT];
    if (!page) throw new Error("no such chunk");
    return page;
  }

  #link(chunk: number): number {
    return this.#pageOf(chunk).links[((chunk & IN_PAGE) * CHUNK_BYTES) >>> 2] ?? 0;
  }

  #setLink(chunk: number, next: number): void {
    this.#pageOf(chunk).links[((chunk & IN_PAGE) * CHUNK_BYTES) >>> 2] = next;
  }
}

function widened(from: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(size);
  to.set(from);
  return to;
}
