const CONTINUED = 0x80;
const NEGATIVE = 0x40;
/** In the place of a number's first byte: eight bytes of a double follow. Free, because there is no integer -0. */
const DOUBLE = NEGATIVE;
const encoder = new TextEncoder();
/** Strict, and a BOM is part of an id. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Appends numbers and texts. Integers up to 2^53-1 take one byte for 6 bits, then one for each 7; other doubles take nine. */
export class ByteWriter {
  #bytes = new Uint8Array(64);
  #length = 0;

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.#room(9);
      this.#bytes[this.#length++] = DOUBLE;
      new DataView(this.#bytes.buffer).setFloat64(this.#length, value);
      this.#length += 8;
      return;
    }
    let rest = Math.abs(value);
    const first = (rest % 64) | (value < 0 ? NEGATIVE : 0);
    rest = Math.floor(rest / 64);
    this.byte(rest > 0 ? first | CONTINUED : first);
    while (rest > 0) {
      const low = rest % 128;
      rest = Math.floor(rest / 128);
      this.byte(rest > 0 ? low | CONTINUED : low);
    }
  }

  text(value: string): void {
    const bytes = encoder.encode(value);
    this.number(bytes.byteLength);
    this.#room(bytes.byteLength);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.byteLength;
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + bytes));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads what a {@link ByteWriter} wrote. @throws on bytes that end too early or that no writer makes */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new Error("packed bytes are cut short");
    return value;
  }

  number(): number {
    const first = this.byte();
    if (first === DOUBLE) return this.#double();
    let value = first % 64;
    let scale = 64;
    for (let more = (first & CONTINUED) !== 0; more; scale *= 128) {
      if (scale > 2 ** 53) throw new Error("a packed number is too long");
      const next = this.byte();
      value += (next % 128) * scale;
      more = (next & CONTINUED) !== 0;
    }
    return (first & NEGATIVE) === 0 ? value : 0 - value;
  }

  text(): string {
    const length = this.number();
    const end = this.#at + length;
    if (!Number.isInteger(length) || length < 0 || end > this.#bytes.length) throw new Error("packed bytes are cut short");
    const value = decoder.decode(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return value;
  }

  #double(): number {
    if (this.#at + 8 > this.#bytes.length) throw new Error("packed bytes are cut short");
    const value = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, 8).getFloat64(0);
    this.#at += 8;
    return value;
  }
}
