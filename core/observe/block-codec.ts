import { type ByteReader, type ByteWriter, CorruptBlock, unzigzag, zigzag } from "./bits.ts";
import { type DecimalPlan, planDecimal, readDecimals, writeDecimals } from "./decimal-values.ts";
import type { PointBuffer, PointColumns } from "./points.ts";
import { readXors, writeXors, xorBits } from "./xor-values.ts";

/**
 * A block of points of one series. Times are stored as deltas of deltas and values either as XORs of neighbours
 * (both from Pelkonen et al., "Gorilla: A Fast, Scalable, In-Memory Time Series Database", VLDB 2015) or, where all
 * values are short decimals, as scaled integers in packed groups (the idea of decimal scaling is described in
 * "How VictoriaMetrics makes instant snapshots…" by A. Valialkin, 2018; packing by the widest of a group is frame of
 * reference coding, Goldstein et al., ICDE 1998). The smaller of the two wins, block by block.
 *
 * `varint count · byte (time form << 4 | value form) · zigzag varint first time · [zigzag varint first delta] · bits`
 */
const TIME_REGULAR = 0;
const TIME_DELTAS = 1;
const VALUE_SAME = 0;
const VALUE_DECIMAL = 1;
const VALUE_XOR = 2;

/** A day of 1 s points with room to spare; a few declared bytes must not unfold into more. */
export const MAX_BLOCK_POINTS = 131_072;

/** Decimals this small are kept without asking what XOR would need: XOR of a changing value takes more. */
const DECIMAL_IS_FINE_BITS = 16;

/**
 * Appends a block to the writer.
 * @param count at least 1, at most {@link MAX_BLOCK_POINTS}; times are whole milliseconds, strictly rising
 */
export function writeBlock(writer: ByteWriter, points: PointColumns, from: number, count: number): void {
  const { at, bits } = points;
  const first = at[from] ?? 0;
  const delta = count > 1 ? (at[from + 1] ?? 0) - first : 0;
  const time = isRegular(at, from, count, delta) ? TIME_REGULAR : TIME_DELTAS;
  let form = VALUE_SAME;
  let plan: DecimalPlan | undefined;
  if (!allSame(bits, from, count)) {
    plan = planDecimal(points, from, count);
    if (plan && plan.bits > DECIMAL_IS_FINE_BITS * count && xorBits(bits, from, count) < plan.bits) plan = undefined;
    form = plan ? VALUE_DECIMAL : VALUE_XOR;
  }
  writer.varint(count);
  writer.byte((time << 4) | form);
  writer.varint(zigzag(first));
  if (count > 1) writer.varint(zigzag(delta));
  if (time === TIME_DELTAS) writeTimes(writer, at, from, count, delta);
  if (plan) writeDecimals(writer, points, from, count, plan);
  else if (form === VALUE_XOR) writeXors(writer, bits, from, count);
  else {
    writer.bits(bits[2 * from + 1] ?? 0, 32);
    writer.bits(bits[2 * from] ?? 0, 32);
  }
  writer.align();
}

/**
 * Reads the block at the reader's position and appends its points.
 * @throws CorruptBlock for bytes that are no block; at most {@link MAX_BLOCK_POINTS} points are ever made
 */
export function readBlock(reader: ByteReader, out: PointBuffer): void {
  const count = reader.varint();
  if (count < 1 || count > MAX_BLOCK_POINTS) throw new CorruptBlock("impossible number of points");
  const forms = reader.byte();
  const time = forms >>> 4;
  const form = forms & 15;
  const first = unzigzag(reader.varint());
  const delta = count > 1 ? unzigzag(reader.varint()) : 0;
  const start = out.count;
  const columns = out.reserve(count);
  if (time === TIME_REGULAR) {
    for (let i = 0; i < count; i++) columns.at[start + i] = first + i * delta;
  } else if (time === TIME_DELTAS) readTimes(reader, columns.at, start, count, first, delta);
  else throw new CorruptBlock("unknown form of times");
  if (form === VALUE_DECIMAL) readDecimals(reader, columns, start, count);
  else if (form === VALUE_XOR) readXors(reader, columns.bits, start, count);
  else if (form === VALUE_SAME) {
    const high = reader.bits(32);
    const low = reader.bits(32);
    for (let i = start; i < start + count; i++) {
      columns.bits[2 * i] = low;
      columns.bits[2 * i + 1] = high;
    }
  } else throw new CorruptBlock("unknown form of values");
  reader.align();
  out.count = start + count;
}

function isRegular(at: Float64Array, from: number, count: number, delta: number): boolean {
  for (let i = from + 2; i < from + count; i++) {
    if ((at[i] ?? 0) - (at[i - 1] ?? 0) !== delta) return false;
  }
  return true;
}

function allSame(bits: Uint32Array, from: number, count: number): boolean {
  const low = bits[2 * from];
  const high = bits[2 * from + 1];
  for (let i = from + 1; i < from + count; i++) {
    if (bits[2 * i] !== low || bits[2 * i + 1] !== high) return false;
  }
  return true;
}

/** Gorilla's buckets, widened: our times are milliseconds, where jitter of a few is normal. */
function writeTimes(writer: ByteWriter, at: Float64Array, from: number, count: number, firstDelta: number): void {
  let delta = firstDelta;
  for (let i = from + 2; i < from + count; i++) {
    const next = (at[i] ?? 0) - (at[i - 1] ?? 0);
    const folded = zigzag(next - delta);
    delta = next;
    if (folded === 0) writer.bits(0, 1);
    else if (folded < 32) writer.bits(0x40 | folded, 7);
    else if (folded < 1_024) writer.bits(0x1800 | folded, 13);
    else if (folded < 65_536) writer.bits(0xe0000 | folded, 20);
    else {
      writer.bits(15, 4);
      writer.wideBits(folded, 53);
    }
  }
}

function readTimes(reader: ByteReader, at: Float64Array, start: number, count: number, first: number, firstDelta: number): void {
  let delta = firstDelta;
  let time = first;
  at[start] = first;
  if (count > 1) at[start + 1] = time += delta;
  for (let i = start + 2; i < start + count; i++) {
    if (reader.bits(1) === 1) delta += unzigzag(readFolded(reader));
    at[i] = time += delta;
  }
}

/** The rest of a time's code, behind its first 1. */
function readFolded(reader: ByteReader): number {
  let ones = 1;
  while (ones < 4 && reader.bits(1) === 1) ones++;
  switch (ones) {
    case 1:
      return reader.bits(5);
    case 2:
      return reader.bits(10);
    case 3:
      return reader.bits(16);
    default:
      return reader.wideBits(53);
  }
}
