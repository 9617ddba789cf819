/** Bytes that many hold together of a bounded whole. */
export class InFlight {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Room of one holder, empty at first. `take` says whether there was enough; `close` gives all of it back. */
  open(): { take(bytes: number): boolean; close(): void } {
    let held = 0;
    return {
      take: (bytes) => {
        if (this.#bytes + bytes > this.#maxBytes) return false;
        this.#bytes += bytes;
        held += bytes;
        return true;
      },
      close: () => {
        this.#bytes -= held;
        held = 0;
      },
    };
  }
}
