import { ByteReader, ByteWriter } from "./bits.ts";
import type { BlockIndex } from "./block-index.ts";
import { readDirectory } from "./block-rows.ts";
import { packRefNumbers } from "./ref-numbers.ts";
import { DELETED_ROW, type Shard } from "./shard.ts";
import type { BlockRow, PackedBytes } from "./store.ts";
import { saveDictionary } from "./save-dictionary.ts";

/** Rows looked into in one slice. */
const ROWS = 64;

/** Takes the points of deleted series out of packed rows, slice by slice, then their names. What was cut off begins anew. */
export class Purge {
  readonly #shard: Shard;
  readonly #refs: ReadonlySet<number>;
  readonly #sorted: readonly number[];
  #rows: { readonly index: BlockIndex; readonly row: BlockRow; readonly isRaw: boolean }[] | undefined;

  constructor(shard: Shard) {
    this.#shard = shard;
    this.#refs = new Set(shard.deleted);
    this.#sorted = [...shard.deleted].sort((a, b) => a - b);
  }

  /** Rewrites the next rows, or drops them; one transaction. @returns whether there are more */
  slice(): boolean {
    if (this.#refs.size === 0) return false;
    const { store, transaction } = this.#shard.deps;
    this.#rows ??= this.#affected();
    const rows = this.#rows.splice(0, ROWS);
    transaction(() => {
      for (const { index, row, isRaw } of rows) {
        const packed = without(isRaw ? store.readBlock(row.id) : store.readRollup(row.id), this.#refs);
        if (packed === "same") continue;
        if (packed === "empty") {
          if (index.take(({ id }) => id === row.id).length === 0) continue;
          if (isRaw) store.deleteBlock(row.id);
          else store.deleteRollup(row.id);
          continue;
        }
        if (isRaw) store.rewriteBlock(row.id, packed);
        else store.rewriteRollup(row.id, packed);
        index.replace({ ...row, bytes: packed.body.length, points: packed.points });
      }
      if (this.#rows?.length === 0) this.#finish();
    });
    return this.#rows.length > 0;
  }

  /** Rows whose range holds a deleted reference. */
  #affected(): { index: BlockIndex; row: BlockRow; isRaw: boolean }[] {
    const { blocks, rollups } = this.#shard;
    return [blocks, rollups.minute, rollups.hour].flatMap((index) =>
      [...index.all()].filter((row) => this.#isWithin(row)).map((row) => ({ index, row, isRaw: index === blocks })),
    );
  }

  #isWithin({ firstRef, lastRef }: BlockRow): boolean {
    const next = this.#sorted.find((ref) => ref >= firstRef);
    return next !== undefined && next <= lastRef;
  }

  #finish(): void {
    const shard = this.#shard;
    saveDictionary(shard, { anew: true });
    for (const ref of this.#refs) shard.deleted.delete(ref);
    shard.deps.store.putKept(DELETED_ROW, packRefNumbers(new Map([...shard.deleted].map((ref) => [ref, 0]))));
  }
}

/** The row without these series. */
function without(
  { directory, body }: { readonly directory: Uint8Array; readonly body: Uint8Array },
  refs: ReadonlySet<number>,
): PackedBytes | "same" | "empty" {
  const entries = [...readDirectory(directory)];
  const kept = entries.filter(({ ref }) => !refs.has(ref));
  if (kept.length === entries.length) return "same";
  if (kept.length === 0) return "empty";
  const writer = new ByteWriter(directory.length);
  const bytes = new ByteWriter(body.length);
  writer.varint(kept.length);
  let previous = 0;
  let points = 0;
  for (const { ref, from, end, behindMs } of kept) {
    writer.varint(ref - previous);
    writer.varint(end - from);
    writer.varint(behindMs);
    bytes.bytes(body.subarray(from, end));
    // Blocks of points and of windows begin with their number.
    points += new ByteReader(body, from, end).varint();
    previous = ref;
  }
  return { directory: writer.view().slice(), body: bytes.view().slice(), points };
}
