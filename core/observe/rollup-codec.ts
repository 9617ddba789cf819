import { type ByteReader, type ByteWriter, CorruptBlock } from "./bits.ts";
import { commonExponent, MAX_PACKED, POWERS, readDoubles, readWhole, scaleTo, writeDoubles, writeWhole } from "./packed-numbers.ts";
import type { RollupBuffer, RollupColumns } from "./rollup-buffer.ts";

/** Windows of one block: a thousand of the worst, at 50 bytes each, fit into a row. */
export const MAX_ROLLUP_WINDOWS = 1_024;

/** All of a window's figures are decimals with so many digits: kept as whole numbers, each as the distance from what others foretell. */
const DECIMAL = 1;
const EQUAL = { min: 2, max: 4, sum: 8 } as const;
/** How increases are kept: there are none, as the sums, as differences of the last values but for a few, on their own. */
const INCREASE_SHIFT = 4;
const NONE = 0;
const AS_SUM = 1;
const CHAIN = 2;
const OWN = 3;

const ints = {
  last: new Float64Array(MAX_ROLLUP_WINDOWS),
  min: new Float64Array(MAX_ROLLUP_WINDOWS),
  max: new Float64Array(MAX_ROLLUP_WINDOWS),
  sum: new Float64Array(MAX_ROLLUP_WINDOWS),
};

/**
 * Appends a block of windows of one series. Columns cost what they do not share with each other: of a constant series a few bytes in all;
 * of a counter the last value, how far the smallest lies below, and how far the sum lies from `samples * (min + max) / 2`, while the
 * increase is the difference of two last values. What is no decimal of at most 12 digits is kept as XORs (see block-codec.ts).
 *
 * `varint windows · varint first (window number since the epoch) · varint runs · per run but the last: varint windows, varint missing ·
 * byte form · [byte exponent] · samples · last · min · max · sum · [increases]`
 * @param count at least 1, at most {@link MAX_ROLLUP_WINDOWS}; times are multiples of the step, strictly rising
 */
export function writeRollups(writer: ByteWriter, columns: RollupColumns, from: number, count: number, stepMs: number): void {
  const part = slice(columns, from, count);
  writeTimes(writer, part.at, stepMs);
  const exponent = planDecimals(part, count);
  const increase = increaseForm(part, count);
  const equal = exponent === undefined ? equalities(part, count) : 0;
  writer.byte((exponent === undefined ? 0 : DECIMAL) | equal | (increase << INCREASE_SHIFT));
  if (exponent !== undefined) {
    writer.byte(exponent);
    writeWhole(writer, part.samples, count);
    for (const name of ["last", "min", "max", "sum"] as const) writeWhole(writer, ints[name], count);
    writer.align();
  } else {
    writeWhole(writer, part.samples, count);
    writer.align();
    writeDoubles(writer, part.last, count);
    for (const name of ["min", "max", "sum"] as const) if (!(equal & EQUAL[name])) writeDoubles(writer, part[name], count);
  }
  if (increase === OWN) writeDoubles(writer, part.increase, count);
  if (increase === CHAIN) writeExceptions(writer, part, count);
}

/**
 * Reads the block at the reader's position and appends its windows.
 * @throws CorruptBlock for bytes that are no block; at most {@link MAX_ROLLUP_WINDOWS} windows are ever made
 */
export function readRollups(reader: ByteReader, stepMs: number, out: RollupBuffer): void {
  const count = reader.varint();
  if (count < 1 || count > MAX_ROLLUP_WINDOWS) throw new CorruptBlock("impossible number of windows");
  out.reserve(count);
  const part = slice(out.columns, out.count, count, true);
  readTimes(reader, part.at, count, stepMs);
  const form = reader.byte();
  if (form & DECIMAL) readDecimals(reader, part, count);
  else {
    readWhole(reader, part.samples, count);
    reader.align();
    readDoubles(reader, part.last, count);
    for (const name of ["min", "max", "sum"] as const) {
      if (!(form & EQUAL[name])) readDoubles(reader, part[name], count);
      else if (name === "sum") for (let i = 0; i < count; i++) part.sum[i] = (part.last[i] ?? 0) * (part.samples[i] ?? 0);
      else part[name].set(part.last);
    }
  }
  switch (form >>> INCREASE_SHIFT) {
    case NONE:
      part.increase.fill(Number.NaN);
      break;
    case AS_SUM:
      part.increase.set(part.sum);
      break;
    case CHAIN:
      readExceptions(reader, part, count);
      break;
    case OWN:
      readDoubles(reader, part.increase, count);
      break;
    default:
      throw new CorruptBlock("unknown form of increases");
  }
  out.count += count;
}

function slice(columns: RollupColumns, from: number, count: number, shared = false): RollupColumns {
  // Encoding looks at a column's bits, which begin at a multiple of eight only in a copy.
  const cut = (column: Float64Array) => (shared ? column.subarray(from, from + count) : column.slice(from, from + count));
  return {
    at: cut(columns.at),
    sum: cut(columns.sum),
    samples: cut(columns.samples),
    min: cut(columns.min),
    max: cut(columns.max),
    last: cut(columns.last),
    increase: cut(columns.increase),
  };
}

function writeTimes(writer: ByteWriter, at: Float64Array, stepMs: number): void {
  const runs: { windows: number; missing: number }[] = [];
  let windows = 1;
  for (let i = 1; i < at.length; i++) {
    const missing = ((at[i] ?? 0) - (at[i - 1] ?? 0)) / stepMs - 1;
    if (missing === 0) windows++;
    else {
      runs.push({ windows, missing });
      windows = 1;
    }
  }
  writer.varint(at.length);
  writer.varint((at[0] ?? 0) / stepMs);
  writer.varint(runs.length);
  for (const run of runs) {
    writer.varint(run.windows);
    writer.varint(run.missing);
  }
}

function readTimes(reader: ByteReader, at: Float64Array, count: number, stepMs: number): void {
  let window = reader.varint();
  let runs = reader.varint();
  if (runs >= count) throw new CorruptBlock("impossible number of runs");
  let left = runs > 0 ? reader.varint() : count;
  for (let i = 0; i < count; i++) {
    if (left === 0) {
      window += reader.varint();
      runs--;
      left = runs > 0 ? reader.varint() : count;
      if (left === 0) throw new CorruptBlock("a run without windows");
    }
    at[i] = window * stepMs;
    window++;
    left--;
  }
  if (runs > 0 || (at[count - 1] ?? 0) > Number.MAX_SAFE_INTEGER) throw new CorruptBlock("times that no windows have");
}

/** Fills the columns of whole numbers; undefined when these windows cannot be written so. */
function planDecimals(part: RollupColumns, count: number): number | undefined {
  let exponent: number | undefined = 0;
  for (const name of ["last", "min", "max", "sum"] as const) {
    exponent = commonExponent(part[name], 0, count, exponent);
    if (exponent === undefined) return undefined;
  }
  for (const name of ["last", "min", "max", "sum"] as const) {
    // A larger power than a column needs still gives back each of its values, below the limit.
    if (commonExponent(part[name], 0, count, exponent) !== exponent) return undefined;
    scaleTo(ints[name], part[name], count, exponent);
  }
  for (let i = 0; i < count; i++) {
    const last = ints.last[i] ?? 0;
    const samples = part.samples[i] ?? 0;
    const foretold = foretell(samples, ints.min[i] ?? 0, ints.max[i] ?? 0);
    const rest = (ints.sum[i] ?? 0) - foretold;
    const below = last - (ints.min[i] ?? 0);
    const above = (ints.max[i] ?? 0) - last;
    if (Math.max(Math.abs(foretold), Math.abs(rest), Math.abs(below), Math.abs(above)) >= MAX_PACKED) return undefined;
    ints.min[i] = below;
    ints.max[i] = above;
    ints.sum[i] = rest;
  }
  return exponent;
}

function readDecimals(reader: ByteReader, part: RollupColumns, count: number): void {
  const power = POWERS[reader.byte()];
  if (power === undefined) throw new CorruptBlock("unknown exponent");
  readWhole(reader, part.samples, count);
  for (const name of ["last", "min", "max", "sum"] as const) readWhole(reader, ints[name], count);
  reader.align();
  for (let i = 0; i < count; i++) {
    const last = ints.last[i] ?? 0;
    const min = last - (ints.min[i] ?? 0);
    const max = last + (ints.max[i] ?? 0);
    part.last[i] = last / power;
    part.min[i] = min / power;
    part.max[i] = max / power;
    part.sum[i] = (foretell(part.samples[i] ?? 0, min, max) + (ints.sum[i] ?? 0)) / power;
  }
}

/** Values between the smallest and the largest lie in the middle on average. */
function foretell(samples: number, min: number, max: number): number {
  return Math.round((samples * (min + max)) / 2);
}

function equalities(part: RollupColumns, count: number): number {
  let equal: number = EQUAL.min | EQUAL.max | EQUAL.sum;
  for (let i = 0; i < count; i++) {
    const last = part.last[i] ?? 0;
    if (!Object.is(part.min[i], last)) equal &= ~EQUAL.min;
    if (!Object.is(part.max[i], last)) equal &= ~EQUAL.max;
    if (!Object.is(part.sum[i], last * (part.samples[i] ?? 0))) equal &= ~EQUAL.sum;
  }
  return equal;
}

function increaseForm(part: RollupColumns, count: number): number {
  if (part.increase.every((value) => Number.isNaN(value))) return NONE;
  if (part.increase.every((value, i) => Object.is(value, part.sum[i]))) return AS_SUM;
  let exceptions = 0;
  for (let i = 0; i < count; i++) if (!Object.is(part.increase[i], chained(part.last, i))) exceptions++;
  return exceptions * 3 > count + 3 ? OWN : CHAIN;
}

/** The increase of a window when there was no reset and its neighbour is the window before. */
function chained(last: Float64Array, i: number): number {
  return i === 0 ? 0 : difference(last[i] ?? 0, last[i - 1] ?? 0);
}

/**
 * `to - from` without the noise that subtraction of decimals leaves (0.3 - 0.1 is 0.19999999999999998): the result to 12 digits behind
 * the point when both have no more.
 */
export function difference(to: number, from: number): number {
  const plain = to - from;
  for (let exponent = 0; exponent <= 6; exponent += 3) {
    const power = POWERS[exponent] ?? 1;
    const a = Math.round(to * power);
    const b = Math.round(from * power);
    if (Math.abs(a) >= MAX_PACKED || Math.abs(b) >= MAX_PACKED) return plain;
    if (a / power === to && b / power === from) return (a - b) / power;
  }
  return plain;
}

/** `varint exceptions`, then each as `varint distance from the one before · 8 bytes`. */
function writeExceptions(writer: ByteWriter, part: RollupColumns, count: number): void {
  const indexes: number[] = [];
  for (let i = 0; i < count; i++) if (!Object.is(part.increase[i], chained(part.last, i))) indexes.push(i);
  const bits = new Uint32Array(part.increase.buffer, part.increase.byteOffset, 2 * count);
  writer.varint(indexes.length);
  let previous = 0;
  for (const i of indexes) {
    writer.varint(i - previous);
    writer.bits(bits[2 * i + 1] ?? 0, 32);
    writer.bits(bits[2 * i] ?? 0, 32);
    previous = i;
  }
}

function readExceptions(reader: ByteReader, part: RollupColumns, count: number): void {
  for (let i = 0; i < count; i++) part.increase[i] = chained(part.last, i);
  const words = new Uint32Array(2);
  const number = new Float64Array(words.buffer);
  const exceptions = reader.varint();
  if (exceptions > count) throw new CorruptBlock("impossible number of exceptions");
  let index = 0;
  for (let left = exceptions; left > 0; left--) {
    index += reader.varint();
    if (index >= count) throw new CorruptBlock("an exception beyond the last window");
    words[1] = reader.bits(32);
    words[0] = reader.bits(32);
    part.increase[index] = number[0] ?? 0;
  }
}
