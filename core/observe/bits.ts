/** Bytes that are no block of ours: cut, flipped or hostile. */
export class CorruptBlock extends Error {
  override readonly name = "CorruptBlock";
}

/** Writes bytes and bit fields, most significant bit first, into a buffer that grows. Reusable after `reset`. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  #word = 0;
  #filled = 0;

  constructor(capacity = 1_024) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  reset(): void {
    this.#length = 0;
    this.#word = 0;
    this.#filled = 0;
  }

  /** The bytes and whatever lies behind them, valid until the next write: a copy of {@link view} that makes no object. */
  get buffer(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** A view, valid until the next write. Call {@link align} after bit fields. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  bytes(values: Uint8Array): void {
    if (this.#length + values.length > this.#bytes.length) this.#grow(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  /** A whole number of 0 to 2^53 - 1 in LEB128: seven bits a byte, low first. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** The low `width` (1 to 32) bits of `value`; the bits above must be zero. */
  bits(value: number, width: number): void {
    const free = 32 - this.#filled;
    if (width <= free) {
      this.#word = width === 32 ? value : (this.#word << width) | value;
      this.#filled += width;
      if (this.#filled === 32) this.#flush();
      return;
    }
    const rest = width - free;
    this.#word = (this.#word << free) | (value >>> rest);
    this.#filled = 32;
    this.#flush();
    this.#word = value & ((1 << rest) - 1);
    this.#filled = rest;
  }

  /** Like {@link bits} for whole numbers up to 2^53 - 1. */
  wideBits(value: number, width: number): void {
    if (width > 32) {
      this.bits(Math.floor(value / 0x100000000), width - 32);
      this.bits(value >>> 0, 32);
    } else if (width > 0) this.bits(value, width);
  }

  /** Ends a run of bit fields at the next whole byte. */
  align(): void {
    const bytes = (this.#filled + 7) >>> 3;
    const word = this.#filled === 0 ? 0 : this.#word << (32 - this.#filled);
    for (let i = 0; i < bytes; i++) this.byte((word >>> (24 - 8 * i)) & 0xff);
    this.#word = 0;
    this.#filled = 0;
  }

  #flush(): void {
    if (this.#length + 4 > this.#bytes.length) this.#grow(4);
    const word = this.#word;
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = word >>> 24;
    bytes[at++] = word >>> 16;
    bytes[at++] = word >>> 8;
    bytes[at++] = word;
    this.#length = at;
    this.#word = 0;
    this.#filled = 0;
  }

  #grow(more: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** The reverse of {@link ByteWriter}. Every read is checked against the end. @throws CorruptBlock beyond it */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  /** Position in bits: a block is far below 2^28 bytes. */
  #position: number;

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#position = from * 8;
    this.#end = end * 8;
  }

  /** Bytes read so far from the start of the array; meaningful on a byte boundary. */
  get offset(): number {
    return this.#position >>> 3;
  }

  get remaining(): number {
    return (this.#end - this.#position) >>> 3;
  }

  byte(): number {
    if (this.#position + 8 > this.#end) throw new CorruptBlock("ends early");
    const value = this.#bytes[this.#position >>> 3] ?? 0;
    this.#position += 8;
    return value;
  }

  bytes(length: number): Uint8Array {
    if (length > this.remaining) throw new CorruptBlock("ends early");
    const from = this.#position >>> 3;
    this.#position += length * 8;
    return this.#bytes.subarray(from, from + length);
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw new CorruptBlock("a number is too long");
  }

  bits(width: number): number {
    if (width > 24) return this.bits(width - 16) * 65_536 + this.bits(16);
    const position = this.#position;
    if (position + width > this.#end) throw new CorruptBlock("ends early");
    const bytes = this.#bytes;
    const at = position >>> 3;
    const window = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    this.#position = position + width;
    return width === 0 ? 0 : (window << (position & 7)) >>> (32 - width);
  }

  wideBits(width: number): number {
    return width > 32 ? this.bits(width - 32) * 0x100000000 + this.bits(32) : this.bits(width);
  }

  align(): void {
    this.#position = (this.#position + 7) & ~7;
  }
}

/** Folds a signed whole number into an unsigned one, small for small magnitudes. |value| up to 2^52. */
export function zigzag(value: number): number {
  return value >= 0 ? value * 2 : value * -2 - 1;
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
