import { ByteReader, ByteWriter } from "./bits.ts";

/** A series without a sample for so long is no active one: it does not count against the limit, and is kept for its past alone. */
export const ACTIVE_MS = 24 * 3_600_000;

/** The row that says when series were written last whose raw points are deleted: no other row that a start reads knows. */
export const NEWEST_ROW = "newest";

/** `varint series`, then per series, by reference, `varint reference minus the one before · varint epoch milliseconds`. */
export function packNewest(newest: ReadonlyMap<number, number>): Uint8Array {
  const writer = new ByteWriter(8 * newest.size + 8);
  writer.varint(newest.size);
  let previous = 0;
  for (const [ref, at] of [...newest].sort(([a], [b]) => a - b)) {
    writer.varint(ref - previous);
    writer.varint(Math.max(0, at));
    previous = ref;
  }
  return writer.view().slice();
}

/** @throws CorruptBlock */
export function unpackNewest(body: Uint8Array | undefined): Map<number, number> {
  const newest = new Map<number, number>();
  if (!body) return newest;
  const reader = new ByteReader(body);
  let ref = 0;
  for (let left = reader.varint(); left > 0; left--) {
    ref += reader.varint();
    newest.set(ref, reader.varint());
  }
  return newest;
}
