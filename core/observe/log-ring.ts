/** A write-ahead row that exists. */
interface Held {
  readonly slot: number;
  readonly seq: number;
  readonly at: number;
  readonly bytes: number;
}

/**
 * Which write-ahead rows may be written over. A row is free once blocks hold its points and its batch ids are older than
 * deduplication needs. Writing over a free row costs one row; deleting it and inserting another would cost two.
 */
export class LogRing {
  /** Oldest first from `#first` on. */
  #held: Held[] = [];
  #first = 0;
  #nextSlot = 1;
  #unsealedBytes = 0;

  /** Rows that exist. */
  get rows(): number {
    return this.#held.length - this.#first;
  }

  /** Bytes of rows above the watermark of the last {@link seal}: what a restart replays. */
  get unsealedBytes(): number {
    return this.#unsealedBytes;
  }

  /** Notes a row that was loaded or written. Calls come in rising `seq`. */
  note(row: Held, watermark: number): void {
    this.#held.push(row);
    this.#nextSlot = Math.max(this.#nextSlot, row.slot + 1);
    if (row.seq > watermark) this.#unsealedBytes += row.bytes;
  }

  /** A slot to write into: the oldest free row, else a new one. */
  take(watermark: number, freeBefore: number): number {
    const oldest = this.#held[this.#first];
    if (!oldest || !isFree(oldest, watermark, freeBefore)) return this.#nextSlot++;
    this.#drop();
    return oldest.slot;
  }

  /** Recounts what lies above a new watermark. */
  seal(watermark: number): void {
    this.#unsealedBytes = 0;
    for (let i = this.#first; i < this.#held.length; i++) {
      const row = this.#held[i];
      if (row && row.seq > watermark) this.#unsealedBytes += row.bytes;
    }
  }

  /** Takes out up to `most` free rows beyond `keep` of them, to be deleted: what is left of busier times. */
  trim(watermark: number, freeBefore: number, keep: number, most: number): number[] {
    let free = 0;
    for (let i = this.#first; i < this.#held.length; i++) {
      const row = this.#held[i];
      if (!row || !isFree(row, watermark, freeBefore)) break;
      free++;
    }
    const slots: number[] = [];
    while (slots.length < most && free - slots.length > keep) {
      const row = this.#held[this.#first];
      if (!row) break;
      slots.push(row.slot);
      this.#drop();
    }
    return slots;
  }

  #drop(): void {
    this.#first++;
    if (this.#first < 1_024 || this.#first * 2 < this.#held.length) return;
    this.#held = this.#held.slice(this.#first);
    this.#first = 0;
  }
}

function isFree(row: Held, watermark: number, freeBefore: number): boolean {
  return row.seq <= watermark && row.at < freeBefore;
}
