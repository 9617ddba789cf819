import { CorruptBlock } from "./bits.ts";
import { type LogRow, MAX_ROW_BYTES } from "./store.ts";

/** One request inside a commit. */
export interface LogRecord {
  /** The batch's id, by which it is stored once. */
  readonly id: string;
  /** References given to the batch's definitions, in order; 0 where a series was refused. */
  readonly assigned: Uint32Array;
  /** The batch as it came, `contract/metric-batch.ts`. */
  readonly batch: Uint8Array;
}

const MAGIC = 0x314c574d;

/**
 * A commit as bytes: `u32 magic · u32 records`, then per record `u32 id bytes · u32 references · u32 batch bytes · u32 0 ·
 * references · id · batch`, each record and each batch beginning on a multiple of eight, so that columns are read in place.
 */
export function encodeCommit(records: readonly LogRecord[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const ids = records.map((record) => encoder.encode(record.id));
  let length = 8;
  for (const [i, record] of records.entries())
    length += 16 + pad(4 * record.assigned.length + (ids[i]?.length ?? 0)) + pad(record.batch.length);
  const bytes = new Uint8Array(length);
  const words = new DataView(bytes.buffer);
  words.setUint32(0, MAGIC, true);
  words.setUint32(4, records.length, true);
  let position = 8;
  for (const [i, record] of records.entries()) {
    const id = ids[i] ?? new Uint8Array(0);
    words.setUint32(position, id.length, true);
    words.setUint32(position + 4, record.assigned.length, true);
    words.setUint32(position + 8, record.batch.length, true);
    position += 16;
    new Uint32Array(bytes.buffer, position, record.assigned.length).set(record.assigned);
    bytes.set(id, position + 4 * record.assigned.length);
    position += pad(4 * record.assigned.length + id.length);
    bytes.set(record.batch, position);
    position += pad(record.batch.length);
  }
  return bytes;
}

/** @throws CorruptBlock for bytes that no commit of ours has */
export function decodeCommit(bytes: Uint8Array): LogRecord[] {
  const whole = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const words = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  if (whole.length < 8 || words.getUint32(0, true) !== MAGIC) throw new CorruptBlock("no commit");
  const records: LogRecord[] = [];
  const decoder = new TextDecoder();
  let position = 8;
  for (let left = words.getUint32(4, true); left > 0; left--) {
    if (position + 16 > whole.length) throw new CorruptBlock("ends early");
    const idLength = words.getUint32(position, true);
    const references = words.getUint32(position + 4, true);
    const batchLength = words.getUint32(position + 8, true);
    position += 16;
    // Before rounding, which works on 32 bits.
    if (4 * references + idLength + batchLength > whole.length) throw new CorruptBlock("ends early");
    const batchAt = position + pad(4 * references + idLength);
    if (batchAt + batchLength > whole.length) throw new CorruptBlock("ends early");
    records.push({
      assigned: new Uint32Array(whole.buffer, whole.byteOffset + position, references),
      id: decoder.decode(whole.subarray(position + 4 * references, position + 4 * references + idLength)),
      batch: whole.subarray(batchAt, batchAt + batchLength),
    });
    position = batchAt + pad(batchLength);
  }
  return records;
}

/** A commit's bytes cut to rows; almost always one. */
export function splitCommit(body: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let from = 0; from < body.length; from += MAX_ROW_BYTES) parts.push(body.subarray(from, from + MAX_ROW_BYTES));
  return parts;
}

/** Puts the parts of commits together; rows come by `seq` and `part`. A commit whose parts are not all there never was. */
export function* wholeCommits(rows: Iterable<LogRow>): Generator<{ seq: number; at: number; body: Uint8Array }> {
  let parts: Uint8Array[] = [];
  let current = -1;
  for (const row of rows) {
    if (row.seq !== current) {
      current = row.seq;
      parts = [];
    }
    if (row.part !== parts.length) continue;
    parts.push(row.body);
    if (parts.length === row.parts) yield { seq: row.seq, at: row.at, body: joined(parts) };
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

function pad(length: number): number {
  return (length + 7) & ~7;
}
