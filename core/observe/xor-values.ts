import type { ByteReader, ByteWriter } from "./bits.ts";

/**
 * Values as XORs of neighbours (Gorilla, VLDB 2015, section 4.1.2): `0` the same value again; `10` the changed bits lie
 * within the previous window; `11` a new window: 5 bits leading zeros, 6 bits length - 1, then the bits. The first value
 * comes whole. A double is handled as two words of 32 bits, because JavaScript has no fast 64-bit integers.
 */
export function writeXors(writer: ByteWriter, bits: Uint32Array, from: number, count: number): void {
  let low = bits[2 * from] ?? 0;
  let high = bits[2 * from + 1] ?? 0;
  writer.bits(high, 32);
  writer.bits(low, 32);
  let lead = 64;
  let trail = 0;
  for (let i = from + 1; i < from + count; i++) {
    const nextLow = bits[2 * i] ?? 0;
    const nextHigh = bits[2 * i + 1] ?? 0;
    const xorLow = (low ^ nextLow) >>> 0;
    const xorHigh = (high ^ nextHigh) >>> 0;
    low = nextLow;
    high = nextHigh;
    if (xorLow === 0 && xorHigh === 0) {
      writer.bits(0, 1);
      continue;
    }
    const leading = leadingZeros(xorHigh, xorLow);
    const trailing = trailingZeros(xorHigh, xorLow);
    if (leading >= lead && trailing >= trail) writer.bits(2, 2);
    else {
      lead = leading;
      trail = trailing;
      writer.bits(3, 2);
      writer.bits(lead, 5);
      writer.bits(63 - lead - trail, 6);
    }
    writeWindow(writer, xorHigh, xorLow, 64 - lead - trail, trail);
  }
}

/** How many bits {@link writeXors} would take. */
export function xorBits(bits: Uint32Array, from: number, count: number): number {
  let total = 64;
  let lead = 64;
  let trail = 0;
  for (let i = from + 1; i < from + count; i++) {
    const xorLow = ((bits[2 * i - 2] ?? 0) ^ (bits[2 * i] ?? 0)) >>> 0;
    const xorHigh = ((bits[2 * i - 1] ?? 0) ^ (bits[2 * i + 1] ?? 0)) >>> 0;
    if (xorLow === 0 && xorHigh === 0) {
      total += 1;
      continue;
    }
    const leading = leadingZeros(xorHigh, xorLow);
    const trailing = trailingZeros(xorHigh, xorLow);
    if (leading >= lead && trailing >= trail) total += 2 + 64 - lead - trail;
    else {
      lead = leading;
      trail = trailing;
      total += 13 + 64 - lead - trail;
    }
  }
  return total;
}

export function readXors(reader: ByteReader, bits: Uint32Array, start: number, count: number): void {
  let high = reader.bits(32);
  let low = reader.bits(32);
  bits[2 * start] = low;
  bits[2 * start + 1] = high;
  let width = 0;
  let trail = 0;
  for (let i = start + 1; i < start + count; i++) {
    if (reader.bits(1) === 1) {
      if (reader.bits(1) === 1) {
        const lead = reader.bits(5);
        width = reader.bits(6) + 1;
        trail = 64 - lead - width;
        if (trail < 0) {
          width = 64 - lead; // no writer of ours says so; any value will do, as long as nothing breaks
          trail = 0;
        }
      }
      const windowHigh = width > 32 ? reader.bits(width - 32) : 0;
      const windowLow = reader.bits(Math.min(width, 32));
      if (trail >= 32) high = (high ^ (windowLow << (trail - 32))) >>> 0;
      else if (trail === 0) {
        high = (high ^ windowHigh) >>> 0;
        low = (low ^ windowLow) >>> 0;
      } else {
        high = (high ^ ((windowHigh << trail) | (windowLow >>> (32 - trail)))) >>> 0;
        low = (low ^ (windowLow << trail)) >>> 0;
      }
    }
    bits[2 * i] = low;
    bits[2 * i + 1] = high;
  }
}

function writeWindow(writer: ByteWriter, high: number, low: number, width: number, trail: number): void {
  if (trail >= 32) {
    writer.bits(high >>> (trail - 32), width);
    return;
  }
  const shiftedLow = trail === 0 ? low : ((low >>> trail) | (high << (32 - trail))) >>> 0;
  if (width > 32) {
    writer.bits(high >>> trail, width - 32);
    writer.bits(shiftedLow, 32);
  } else writer.bits(shiftedLow, width);
}

/** At most 31: the field has five bits. */
function leadingZeros(high: number, low: number): number {
  return Math.min(31, high === 0 ? 32 + Math.clz32(low) : Math.clz32(high));
}

function trailingZeros(high: number, low: number): number {
  return low === 0 ? 63 - Math.clz32(high & -high) : 31 - Math.clz32(low & -low);
}
