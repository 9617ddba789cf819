import { type ByteReader, type ByteWriter, CorruptBlock, unzigzag, zigzag } from "./bits.ts";
import type { PointColumns } from "./points.ts";

/**
 * Values as scaled integers: every value is a whole number divided by a power of ten, exactly. Stored are the first
 * number and either the differences (gauges) or the differences of differences (counters), in groups of 32 that each
 * use the width of their widest.
 *
 * 8 bits exponent (highest bit: differences of differences), 53 bits first, then per group 6 bits width and the numbers;
 * all signed numbers are folded (zigzag).
 */
export interface DecimalPlan {
  readonly exponent: number;
  readonly second: boolean;
  readonly bits: number;
}

const GROUP = 32;
const POWERS = Array.from({ length: 13 }, (_, exponent) => 10 ** exponent);
/** Differences of differences stay below 2^51 and, folded, below 2^53. */
const MAX_SCALED = 2 ** 49;
const SECOND = 0x80;
const FIRST_BITS = 53;

/** The values as whole numbers, as the last {@link planDecimal} has found them: it is nearly always its own plan that is written next. */
let scratch = new Float64Array(512);
let scaledBy: DecimalPlan | undefined;

/** How these values can be written as decimals, or undefined when one cannot (noise of many digits, NaN, -0). */
export function planDecimal(points: PointColumns, from: number, count: number): DecimalPlan | undefined {
  const exponent = commonExponent(points.values, from, count);
  if (exponent === undefined) return undefined;
  scale(points.values, from, count, exponent);
  let first = 8 + FIRST_BITS;
  let second = 8 + FIRST_BITS;
  let delta = 0;
  for (let group = 1; group < count; group += GROUP) {
    const end = Math.min(group + GROUP, count);
    let widest = 0;
    let widestSecond = 0;
    for (let i = group; i < end; i++) {
      const next = (scratch[i] ?? 0) - (scratch[i - 1] ?? 0);
      const folded = zigzag(next);
      const foldedSecond = zigzag(next - delta);
      if (folded > widest) widest = folded;
      if (foldedSecond > widestSecond) widestSecond = foldedSecond;
      delta = next;
    }
    first += 6 + (end - group) * widthOf(widest);
    second += 6 + (end - group) * widthOf(widestSecond);
  }
  scaledBy = second < first ? { exponent, second: true, bits: second } : { exponent, second: false, bits: first };
  return scaledBy;
}

/** @param plan what {@link planDecimal} said of these points */
export function writeDecimals(writer: ByteWriter, points: PointColumns, from: number, count: number, plan: DecimalPlan): void {
  if (plan !== scaledBy) scale(points.values, from, count, plan.exponent);
  writer.bits(plan.exponent | (plan.second ? SECOND : 0), 8);
  writer.wideBits(zigzag(scratch[0] ?? 0), FIRST_BITS);
  let delta = 0;
  for (let i = 1; i < count; i++) {
    const next = (scratch[i] ?? 0) - (scratch[i - 1] ?? 0);
    pending[(i - 1) % GROUP] = zigzag(plan.second ? next - delta : next);
    delta = next;
    const filled = ((i - 1) % GROUP) + 1;
    if (filled === GROUP || i === count - 1) writeGroup(writer, filled);
  }
}

const pending = new Float64Array(GROUP);

function writeGroup(writer: ByteWriter, filled: number): void {
  let widest = 0;
  for (let i = 0; i < filled; i++) widest = Math.max(widest, pending[i] ?? 0);
  const width = widthOf(widest);
  writer.bits(width, 6);
  for (let i = 0; i < filled; i++) writer.wideBits(pending[i] ?? 0, width);
}

export function readDecimals(reader: ByteReader, columns: PointColumns, start: number, count: number): void {
  const header = reader.bits(8);
  const power = POWERS[header & ~SECOND];
  if (power === undefined) throw new CorruptBlock("unknown exponent");
  const second = header >= SECOND;
  let scaled = unzigzag(reader.wideBits(FIRST_BITS));
  let delta = 0;
  columns.values[start] = scaled / power;
  for (let group = 1; group < count; group += GROUP) {
    const end = Math.min(group + GROUP, count);
    const width = reader.bits(6);
    if (width > 53) throw new CorruptBlock("impossible width");
    for (let i = group; i < end; i++) {
      const change = unzigzag(reader.wideBits(width));
      delta = second ? delta + change : change;
      scaled += delta;
      columns.values[start + i] = scaled / power;
    }
  }
}

/**
 * The smallest power of ten that makes every value whole and gives each back exactly. A value that a smaller power
 * gives back is given back by a larger one too, as long as the product stays below 2^49: the error of one product and
 * one division is then below half a unit.
 */
function commonExponent(values: Float64Array, from: number, count: number): number | undefined {
  let exponent = 0;
  let power = 1;
  let largest = 0;
  for (let i = from; i < from + count; i++) {
    const value = values[i] ?? 0;
    const magnitude = Math.abs(value);
    if (!(magnitude < MAX_SCALED)) return undefined; // NaN too
    if (magnitude === 0 && Object.is(value, -0)) return undefined;
    if (magnitude > largest) largest = magnitude;
    // Whole numbers are the usual case, and are whole by any power.
    if (value === Math.floor(value)) continue;
    while (Math.round(value * power) / power !== value) {
      const next = POWERS[++exponent];
      if (next === undefined || largest * next >= MAX_SCALED) return undefined;
      power = next;
    }
  }
  return largest * power < MAX_SCALED ? exponent : undefined;
}

/** Into the scratch. */
function scale(values: Float64Array, from: number, count: number, exponent: number): void {
  if (scratch.length < count) scratch = new Float64Array(2 * count);
  const power = POWERS[exponent] ?? 1;
  for (let i = 0; i < count; i++) scratch[i] = Math.round((values[from + i] ?? 0) * power);
}

/** Bits that hold a whole number of 0 to 2^53 - 1. */
function widthOf(value: number): number {
  return value < 0x100000000 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / 0x100000000));
}
