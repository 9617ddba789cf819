import { type Outcome, accept, refuse } from "../../contract/problems.ts";

// The block format (https://github.com/google/snappy/blob/main/format_description.txt): the length of the plain bytes as a varint,
// then literals and copies of what was written before. There is no checksum.

/** Copies go eight bytes at a time, a third faster than four, and may write so many too far. */
const SLACK = 8;
/** Literals up to this are copied by hand: a call of `set` costs more. */
const BY_HAND_BYTES = 64;

/** The length that a block says it has, and where its elements begin. */
export interface SnappyHeader {
  readonly length: number;
  readonly at: number;
}

/** Reads the preamble alone, so that the length can be judged before room is made; undefined when there is none below 2^32. */
export function snappyHeader(block: Uint8Array): SnappyHeader | undefined {
  let length = 0;
  for (let at = 0, scale = 1; at < 5 && at < block.length; at++, scale *= 128) {
    const byte = block[at] ?? 0;
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return length < 2 ** 32 ? { length, at: at + 1 } : undefined;
  }
  return undefined;
}

/** Bytes that `unsnap` needs for a block of this length. */
export function roomFor(length: number): number {
  return length + SLACK;
}

/**
 * Writes the plain bytes of a block into `out`, which has {@link roomFor} of its length.
 * @returns false when the block is broken: an element beyond its end or the declared length, a copy from before the beginning, or less than declared
 */
export function unsnap(block: Uint8Array, { length, at: from }: SnappyHeader, out: Uint8Array): boolean {
  if (out.length < roomFor(length)) throw new RangeError("the output is too short");
  const source = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const target = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const end = block.length;
  let at = from;
  let to = 0;
  while (at < end) {
    const tag = block[at++] ?? 0;
    const kind = tag & 3;
    let size: number;
    let offset: number;
    if (kind === 0) {
      size = (tag >>> 2) + 1;
      if (size > 60) {
        const bytes = size - 60;
        if (at + bytes > end) return false;
        size = 1;
        for (let i = 0, scale = 1; i < bytes; i++, scale *= 256) size += (block[at + i] ?? 0) * scale;
        at += bytes;
      }
      if (size > end - at || size > length - to) return false;
      if (size <= BY_HAND_BYTES && at + size + SLACK <= end) {
        for (let i = 0; i < size; i += 8) target.setBigUint64(to + i, source.getBigUint64(at + i, true), true);
      } else out.set(block.subarray(at, at + size), to);
      at += size;
      to += size;
      continue;
    }
    if (kind === 1) {
      if (at >= end) return false;
      size = 4 + ((tag >>> 2) & 7);
      offset = ((tag >>> 5) << 8) | (block[at++] ?? 0);
    } else if (kind === 2) {
      if (at + 2 > end) return false;
      size = (tag >>> 2) + 1;
      offset = source.getUint16(at, true);
      at += 2;
    } else {
      if (at + 4 > end) return false;
      size = (tag >>> 2) + 1;
      offset = source.getUint32(at, true);
      at += 4;
    }
    if (offset === 0 || offset > to || size > length - to) return false;
    if (offset >= 8) {
      for (let i = 0; i < size; i += 8) target.setBigUint64(to + i, target.getBigUint64(to + i - offset, true), true);
    } else {
      // What is written here is read again by the same copy: one to seven bytes, repeated.
      for (let i = 0; i < size; i++) out[to + i] = out[to + i - offset] ?? 0;
    }
    to += size;
  }
  return to === length;
}

/** Of this isolate, for bodies that are read and left within one turn. */
let scratch = new Uint8Array(0);
/** A larger block gets room of its own, which goes with it. */
const KEPT_BYTES = 4 << 20;

/**
 * The plain bytes of a block, in room that the next call writes over: read them before the first `await`.
 * @param room asked for a large block's length before it is allocated
 */
export function decodeSnappy(
  block: Uint8Array,
  maxBytes: number,
  room?: { take(bytes: number): boolean },
): Outcome<Uint8Array<ArrayBuffer>> {
  const header = snappyHeader(block);
  if (!header) return refuse("invalid-encoding", "The body is not a snappy block: its length is missing.");
  if (header.length > maxBytes) {
    return refuse("payload-too-large", `Send at most ${maxBytes} bytes after decompression; the block says ${header.length}.`);
  }
  if (room?.take(header.length) === false) {
    return refuse("unavailable", "Too many bodies are being read at the moment. Send this one again.", { retryAfterS: 1 });
  }
  let out = scratch;
  const needed = roomFor(header.length);
  if (needed > out.length) {
    out = new Uint8Array(needed <= KEPT_BYTES ? Math.min(KEPT_BYTES, 2 * needed) : needed);
    if (needed <= KEPT_BYTES) scratch = out;
  }
  return unsnap(block, header, out)
    ? accept(out.subarray(0, header.length))
    : refuse(
        "invalid-encoding",
        "The body is not a snappy block, or it is cut short. Compress it again, in the block format without frames.",
      );
}
