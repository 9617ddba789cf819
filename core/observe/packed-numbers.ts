import { type ByteReader, type ByteWriter, CorruptBlock, unzigzag, zigzag } from "./bits.ts";
import { readXors, writeXors } from "./xor-values.ts";

/** Whole numbers below this stay exact through differences of differences and folding. */
export const MAX_PACKED = 2 ** 49;
export const POWERS: readonly number[] = Array.from({ length: 13 }, (_, exponent) => 10 ** exponent);

const GROUP = 16;
const PLAIN = 0;
const DELTAS = 1;
const SECOND_DELTAS = 2;
const SAME = 3;

let scratch = new Float64Array(512);

/**
 * Writes whole numbers, each below {@link MAX_PACKED} in magnitude: as they are above the smallest, as differences, or as differences of
 * differences, whichever is smallest; in groups of 16 that each use the width of their widest (frame of reference coding, Goldstein et
 * al., ICDE 1998). All equal ones take a few bytes. Leaves the writer within a byte: align it after the last column.
 *
 * `2 bits form · 6 bits n · n bits base (folded)`, then per group `6 bits width · numbers`.
 */
export function writeWhole(writer: ByteWriter, numbers: Float64Array, count: number): void {
  if (scratch.length < count) scratch = new Float64Array(2 * count);
  const form = chooseForm(numbers, count);
  const base = form === PLAIN ? smallest(numbers, count) : (numbers[0] ?? 0);
  const folded = zigzag(base);
  const baseWidth = widthOf(folded);
  writer.bits(form, 2);
  writer.bits(baseWidth, 6);
  writer.wideBits(folded, baseWidth);
  if (form === SAME) return;
  const start = fold(numbers, count, form, base);
  for (let group = start; group < count; group += GROUP) {
    const end = Math.min(group + GROUP, count);
    let widest = 0;
    for (let i = group; i < end; i++) widest = Math.max(widest, scratch[i] ?? 0);
    const width = widthOf(widest);
    writer.bits(width, 6);
    for (let i = group; i < end; i++) writer.wideBits(scratch[i] ?? 0, width);
  }
}

/** The reverse of {@link writeWhole}; `numbers` must have room for `count`. @throws CorruptBlock */
export function readWhole(reader: ByteReader, numbers: Float64Array, count: number): void {
  const form = reader.bits(2);
  const baseWidth = reader.bits(6);
  if (baseWidth > 53) throw new CorruptBlock("impossible width");
  const base = unzigzag(reader.wideBits(baseWidth));
  if (form === SAME) {
    numbers.fill(base, 0, count);
    return;
  }
  if (form !== PLAIN) numbers[0] = base;
  let delta = 0;
  let number = base;
  for (let group = form === PLAIN ? 0 : 1; group < count; group += GROUP) {
    const end = Math.min(group + GROUP, count);
    const width = reader.bits(6);
    if (width > 53) throw new CorruptBlock("impossible width");
    for (let i = group; i < end; i++) {
      const packed = reader.wideBits(width);
      if (form === PLAIN) {
        numbers[i] = base + packed;
        continue;
      }
      delta = form === SECOND_DELTAS ? delta + unzigzag(packed) : unzigzag(packed);
      number += delta;
      numbers[i] = number;
    }
  }
}

/** Writes any doubles: all the same, short decimals, or XORs of neighbours. `2 bits form`, aligned at the end. */
export function writeDoubles(writer: ByteWriter, values: Float64Array, count: number): void {
  const exponent = commonExponent(values, 0, count);
  if (exponent !== undefined) {
    const whole = new Float64Array(count);
    scaleTo(whole, values, count, exponent);
    writer.byte(exponent);
    writeWhole(writer, whole, count);
  } else {
    writer.byte(XOR);
    // A copy begins at a multiple of eight and ends where its values end.
    writeXors(writer, new Uint32Array(values.slice(0, count).buffer), 0, count);
  }
  writer.align();
}

const XOR = 0xff;

/** @throws CorruptBlock */
export function readDoubles(reader: ByteReader, values: Float64Array, count: number): void {
  const form = reader.byte();
  if (form === XOR) {
    const own = new Float64Array(count);
    readXors(reader, new Uint32Array(own.buffer), 0, count);
    values.set(own);
  } else {
    const power = POWERS[form];
    if (power === undefined) throw new CorruptBlock("unknown form of numbers");
    readWhole(reader, values, count);
    for (let i = 0; i < count; i++) values[i] = (values[i] ?? 0) / power;
  }
  reader.align();
}

/**
 * The smallest power of ten that makes every value whole, gives each back exactly and keeps it below {@link MAX_PACKED}; undefined when
 * there is none (noise of many digits, NaN, infinities, -0).
 */
export function commonExponent(values: Float64Array, from: number, end: number, atLeast = 0): number | undefined {
  let exponent = atLeast;
  let power = POWERS[exponent] ?? 1;
  let largest = 0;
  for (let i = from; i < end; i++) {
    const value = values[i] ?? 0;
    const magnitude = Math.abs(value);
    if (!(magnitude < MAX_PACKED) || Object.is(value, -0)) return undefined; // NaN too
    if (magnitude > largest) largest = magnitude;
    while (Math.round(value * power) / power !== value) {
      const next = POWERS[++exponent];
      if (next === undefined || largest * next >= MAX_PACKED) return undefined;
      power = next;
    }
  }
  return largest * power < MAX_PACKED ? exponent : undefined;
}

export function scaleTo(whole: Float64Array, values: Float64Array, count: number, exponent: number): void {
  const power = POWERS[exponent] ?? 1;
  // Adding 0 makes a -0, which rounding can leave, a 0.
  for (let i = 0; i < count; i++) whole[i] = Math.round((values[i] ?? 0) * power) + 0;
}

function chooseForm(numbers: Float64Array, count: number): number {
  const first = numbers[0] ?? 0;
  let same = true;
  for (let i = 1; i < count && same; i++) same = numbers[i] === first;
  if (same) return SAME;
  let best = PLAIN;
  let least = Number.POSITIVE_INFINITY;
  for (const form of [PLAIN, DELTAS, SECOND_DELTAS]) {
    const start = fold(numbers, count, form, form === PLAIN ? smallest(numbers, count) : first);
    let bits = 0;
    for (let group = start; group < count; group += GROUP) {
      const end = Math.min(group + GROUP, count);
      let widest = 0;
      for (let i = group; i < end; i++) widest = Math.max(widest, scratch[i] ?? 0);
      bits += 6 + (end - group) * widthOf(widest);
    }
    if (bits < least) {
      least = bits;
      best = form;
    }
  }
  return best;
}

/** Into the scratch, as numbers of 0 and more. @returns the index of the first that is written */
function fold(numbers: Float64Array, count: number, form: number, base: number): number {
  if (form === PLAIN) {
    for (let i = 0; i < count; i++) scratch[i] = (numbers[i] ?? 0) - base;
    return 0;
  }
  let delta = 0;
  for (let i = 1; i < count; i++) {
    const next = (numbers[i] ?? 0) - (numbers[i - 1] ?? 0);
    scratch[i] = zigzag(form === SECOND_DELTAS ? next - delta : next);
    delta = next;
  }
  return 1;
}

function smallest(numbers: Float64Array, count: number): number {
  let least = numbers[0] ?? 0;
  for (let i = 1; i < count; i++) least = Math.min(least, numbers[i] ?? 0);
  return least;
}

/** Bits that hold a whole number of 0 to 2^53 - 1. */
function widthOf(value: number): number {
  return value < 0x100000000 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / 0x100000000));
}
