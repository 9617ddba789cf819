import type { Buckets } from "./buckets.ts";
import type { CountChunk } from "./entry-store.ts";

/** Counts that share a row: 8 KiB, so that a checkpoint of a million entries writes one. By id, as positions move with each split. */
export const COUNTS_PER_CHUNK = 4_096;
const BYTES = 2;

export function chunkOf(id: number): number {
  return Math.floor(id / COUNTS_PER_CHUNK);
}

/** Counts of the buckets with ids of these chunks, 16 bits each. */
export function packCounts(buckets: Buckets, chunks: ReadonlySet<number>, version: number): CountChunk[] {
  const packed = new Map([...chunks].map((chunk) => [chunk, { bytes: new DataView(new ArrayBuffer(COUNTS_PER_CHUNK * BYTES)), used: 0 }]));
  for (let index = 0; index < buckets.length; index++) {
    const id = buckets.id(index);
    const target = packed.get(chunkOf(id));
    if (!target) continue;
    const end = ((id % COUNTS_PER_CHUNK) + 1) * BYTES;
    const count = buckets.count(index);
    if (count < 0 || count > 0xffff) throw new Error(`bucket ${id} has counted ${count} entries`);
    target.bytes.setUint16(end - BYTES, count, true);
    target.used = Math.max(target.used, end);
  }
  return [...packed].map(([chunk, { bytes, used }]) => ({ chunk, version, packed: new Uint8Array(bytes.buffer, 0, used) }));
}

/** Answers the counts of a checkpoint by id. */
export function countsOf(chunks: readonly CountChunk[]): (id: number) => number {
  const views = new Map(
    chunks.map(({ chunk, packed }) => [chunk, new DataView(packed.buffer, packed.byteOffset, packed.byteLength)] as const),
  );
  return (id) => {
    const view = views.get(chunkOf(id));
    const offset = (id % COUNTS_PER_CHUNK) * BYTES;
    // Refusing is right: a bucket taken for empty would put everybody behind it on a wrong rank.
    if (!view || offset + BYTES > view.byteLength) throw new Error(`bucket ${id} is in no checkpoint`);
    return view.getUint16(offset, true);
  };
}
