import { crc32 } from "node:zlib";
import type { Batch } from "./batch.ts";

/**
 * One batch on disk: `MSP1`, payload length (u32), CRC-32 of what follows (u32), newest sample (f64 epoch ms), payload; big-endian. The
 * checksum finds torn tails and flipped bits, the magic finds the next record behind damage.
 */
export const HEADER_BYTES = 20;
const MAGIC = Buffer.from("MSP1", "latin1");
/** No batch is near it; a damaged length must not make us read gigabytes. */
const MAX_PAYLOAD_BYTES = 8 << 20;

export function encodeRecord(batch: Batch): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + batch.body.length);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32BE(batch.body.length, 4);
  bytes.writeDoubleBE(batch.newestMs, 12);
  bytes.set(batch.body, HEADER_BYTES);
  bytes.writeUInt32BE(crc32(bytes.subarray(12)), 8);
  return bytes;
}

export interface RecordAt {
  readonly at: number;
  /** Where the next record may begin. */
  readonly end: number;
  readonly newestMs: number;
}

/** The first whole record at or behind `from`; undefined when only damage is left. */
export function findRecord(bytes: Buffer, from: number): RecordAt | undefined {
  for (let at = bytes.indexOf(MAGIC, from); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    if (at + HEADER_BYTES > bytes.length) return undefined;
    const length = bytes.readUInt32BE(at + 4);
    const end = at + HEADER_BYTES + length;
    if (length > MAX_PAYLOAD_BYTES || end > bytes.length) continue;
    if (crc32(bytes.subarray(at + 12, end)) !== bytes.readUInt32BE(at + 8)) continue;
    return { at, end, newestMs: bytes.readDoubleBE(at + 12) };
  }
  return undefined;
}

/** The batch of a record that {@link findRecord} found in the same bytes. */
export function batchOf(bytes: Buffer, record: RecordAt): Batch {
  return { body: bytes.subarray(record.at + HEADER_BYTES, record.end), newestMs: record.newestMs };
}
