/** Bytes that are no protobuf message, or not one of the expected shape. */
export class MalformedProtobuf extends Error {}

/** How a field's value is written (https://protobuf.dev/programming-guides/encoding/). Groups (3 and 4) are read over. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Groups inside of groups that are read over. */
const MAX_DEPTH = 32;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the wire format of Protocol Buffers in place: no object is made for a field, and 64-bit values come as two words, so that
 * no bit of a double and no digit of an integer is lost. Everything outside of the bytes throws {@link MalformedProtobuf}.
 *
 * ```ts
 * for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
 *   switch (tag) {
 *     case (1 << 3) | WIRE.bytes: { const outer = reader.enter(); readInner(reader); reader.leave(outer); break; }
 *     default: reader.skip(tag);
 *   }
 * }
 * ```
 */
export class ProtobufReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the next byte is read. */
  at: number;
  /** Where the message that is being read ends. */
  end: number;
  /** The words of the last `varint`, `fixed64` or `double`, unsigned. */
  low = 0;
  high = 0;

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = from;
    this.end = end;
  }

  /** The next field's number and wire type as they are written, `number << 3 | type`; 0 at the end of the message. */
  tag(): number {
    if (this.at >= this.end) return 0;
    const tag = this.uint32();
    if (tag >>> 3 === 0) throw new MalformedProtobuf("a field without a number");
    return tag;
  }

  /** Of an `uint32`, `int32`, enum, `bool` or length: the low 32 bits, unsigned. */
  uint32(): number {
    const { bytes } = this;
    const byte = this.at < this.end ? (bytes[this.at] ?? 0) : 0x80;
    if (byte < 0x80) {
      this.at++;
      return byte;
    }
    this.varint();
    return this.low;
  }

  /** Any varint, into `low` and `high`. */
  varint(): void {
    const { bytes, end } = this;
    let { at } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw new MalformedProtobuf("a number that is cut off");
      const byte = bytes[at++] ?? 0;
      const part = byte & 0x7f;
      if (shift < 28) low |= part << shift;
      else if (shift === 28) {
        low |= part << 28;
        high = part >>> 4;
      } else if (shift < 63) high |= part << (shift - 32);
      else high |= (part & 1) << 31;
      if (byte < 0x80) {
        this.at = at;
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw new MalformedProtobuf("a number of more than ten bytes");
  }

  /** An `int64`: exact between ±2^53, rounded beyond. */
  int64(): number {
    this.varint();
    return (this.high | 0) * 4_294_967_296 + this.low;
  }

  uint64(): number {
    this.varint();
    return this.high * 4_294_967_296 + this.low;
  }

  /** A `sint64` or `sint32`, written zigzag: 0, -1, 1, -2, … */
  sint64(): number {
    this.varint();
    const negative = (this.low & 1) === 1;
    const half = (this.high * 4_294_967_296 + this.low - (negative ? 1 : 0)) / 2;
    return negative ? -half - 1 : half;
  }

  /** Eight bytes as they are, into `low` and `high`. */
  fixed64(): void {
    const { at } = this;
    if (at + 8 > this.end) throw new MalformedProtobuf("a fixed value that is cut off");
    this.low = this.view.getUint32(at, true);
    this.high = this.view.getUint32(at + 4, true);
    this.at = at + 8;
  }

  /** A double; its bits are in `low` and `high`, which a NaN's value does not tell. */
  double(): number {
    const { at } = this;
    this.fixed64();
    return this.view.getFloat64(at, true);
  }

  float(): number {
    const { at } = this;
    if (at + 4 > this.end) throw new MalformedProtobuf("a fixed value that is cut off");
    this.at = at + 4;
    return this.view.getFloat32(at, true);
  }

  /** Begins a message, a packed list, a text or bytes: they reach from `at` to `end`. @returns what `leave` takes */
  enter(): number {
    const length = this.uint32();
    const outer = this.end;
    if (length > outer - this.at) throw new MalformedProtobuf("a field that is longer than its message");
    this.end = this.at + length;
    return outer;
  }

  /** Goes on behind what `enter` began, wherever it was left. */
  leave(outer: number): void {
    this.at = this.end;
    this.end = outer;
  }

  /** @throws MalformedProtobuf when it is no UTF-8 */
  text(): string {
    const outer = this.enter();
    const text = decodeText(this.bytes, this.at, this.end);
    this.leave(outer);
    return text;
  }

  /** The bytes themselves, not a copy. */
  byteRange(): Uint8Array {
    const outer = this.enter();
    const range = this.bytes.subarray(this.at, this.end);
    this.leave(outer);
    return range;
  }

  /** Reads over the value of a field. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case WIRE.varint:
        return this.varint();
      case WIRE.fixed64:
        return this.#pass(8);
      case WIRE.bytes:
        return this.#pass(this.uint32());
      case WIRE.fixed32:
        return this.#pass(4);
      case 3:
        if (depth === MAX_DEPTH) throw new MalformedProtobuf("groups that are nested too deep");
        for (let inner = this.tag(); ; inner = this.tag()) {
          if (inner === 0) throw new MalformedProtobuf("a group without an end");
          if ((inner & 7) === 4) return;
          this.skip(inner, depth + 1);
        }
      default:
        throw new MalformedProtobuf("an unknown wire type");
    }
  }

  #pass(count: number): void {
    if (count > this.end - this.at) throw new MalformedProtobuf("a field that is longer than its message");
    this.at += count;
  }
}

/** Short texts in ASCII are read by hand: a call of the decoder costs more than they do. */
const BY_HAND_BYTES = 24;

/** @throws MalformedProtobuf when it is no UTF-8 */
export function decodeText(bytes: Uint8Array, from: number, end: number): string {
  if (end - from <= BY_HAND_BYTES) {
    let text = "";
    for (let at = from; at < end; at++) {
      const code = bytes[at] ?? 0;
      if (code > 0x7e) {
        text = "";
        break;
      }
      text += String.fromCharCode(code);
    }
    if (text.length === end - from) return text;
  }
  try {
    return decoder.decode(bytes.subarray(from, end));
  } catch {
    throw new MalformedProtobuf("a text that is not UTF-8"); // only decoding throws
  }
}
