import { ByteReader, ByteWriter } from "./bits.ts";
import { readBlock, writeBlock } from "./block-codec.ts";
import type { PointBuffer } from "./points.ts";

export const BLOCK_ROW_LIMITS = {
  series: 64,
  bytes: 64 * 1024,
  /** Points of one block: at nine bytes a point, the worst, four of them fill a row. */
  points: 1_700,
} as const;

/** A row ready to be stored. */
export interface PackedRow {
  readonly firstRef: number;
  readonly lastRef: number;
  readonly minAt: number;
  readonly maxAt: number;
  /**
   * Which series lie where: `varint entries`, then per entry `varint reference minus the one before · varint bytes · varint
   * maxAt minus the entry's newest time`.
   */
  readonly directory: Uint8Array;
  /** Blocks, one after another. */
  readonly body: Uint8Array;
  readonly points: number;
}

/** A block inside a writer. */
export interface WrittenBlock {
  readonly from: number;
  readonly end: number;
  readonly oldestAt: number;
  readonly newestAt: number;
  /** Points in it. */
  readonly count: number;
}

/** Appends the blocks of one series, as rows take them. @param points sorted, at least one */
export function writeBlocks(writer: ByteWriter, points: PointBuffer): WrittenBlock[] {
  const blocks: WrittenBlock[] = [];
  const { at } = points.columns;
  for (let first = 0; first < points.count; first += BLOCK_ROW_LIMITS.points) {
    const count = Math.min(BLOCK_ROW_LIMITS.points, points.count - first);
    const from = writer.length;
    writeBlock(writer, points.columns, first, count);
    blocks.push({ from, end: writer.length, oldestAt: at[first] ?? 0, newestAt: at[first + count - 1] ?? 0, count });
  }
  return blocks;
}

/** Packs blocks of neighbouring series into rows, so that a seal writes one row for many series. References must not fall. */
export class RowPacker {
  readonly #emit: (row: PackedRow) => void;
  readonly #body = new ByteWriter(BLOCK_ROW_LIMITS.bytes);
  readonly #block = new ByteWriter(8_192);
  #entries: { ref: number; bytes: number; newestAt: number }[] = [];
  #series = 0;
  #points = 0;
  #minAt = Number.POSITIVE_INFINITY;
  #maxAt = Number.NEGATIVE_INFINITY;

  constructor(emit: (row: PackedRow) => void) {
    this.#emit = emit;
  }

  /** @param points sorted, at least one */
  add(ref: number, points: PointBuffer): void {
    this.#block.reset();
    for (const { from, end, oldestAt, newestAt, count } of writeBlocks(this.#block, points))
      this.addBlock(ref, this.#block.buffer.subarray(from, end), oldestAt, newestAt, count);
  }

  /** Adds a block that is written already; the bytes are copied. */
  addBlock(ref: number, block: Uint8Array, oldestAt: number, newestAt: number, points: number): void {
    const isNew = this.#entries.at(-1)?.ref !== ref;
    if (this.#body.length + block.length > BLOCK_ROW_LIMITS.bytes || (isNew && this.#series === BLOCK_ROW_LIMITS.series)) this.finish();
    if (this.#entries.at(-1)?.ref !== ref) this.#series++;
    this.#entries.push({ ref, bytes: block.length, newestAt });
    this.#body.bytes(block);
    this.#points += points;
    this.#minAt = Math.min(this.#minAt, oldestAt);
    this.#maxAt = Math.max(this.#maxAt, newestAt);
  }

  /** Emits what is left. */
  finish(): void {
    const [first] = this.#entries;
    const last = this.#entries.at(-1);
    if (!first || !last) return;
    const directory = new ByteWriter(256);
    directory.varint(this.#entries.length);
    let previous = 0;
    for (const { ref, bytes, newestAt } of this.#entries) {
      directory.varint(ref - previous);
      directory.varint(bytes);
      directory.varint(this.#maxAt - newestAt);
      previous = ref;
    }
    this.#emit({
      firstRef: first.ref,
      lastRef: last.ref,
      minAt: this.#minAt,
      maxAt: this.#maxAt,
      directory: directory.view().slice(),
      body: this.#body.view().slice(),
      points: this.#points,
    });
    this.#entries = [];
    this.#series = 0;
    this.#points = 0;
    this.#body.reset();
    this.#minAt = Number.POSITIVE_INFINITY;
    this.#maxAt = Number.NEGATIVE_INFINITY;
  }
}

export interface DirectoryEntry {
  readonly ref: number;
  /** Where its block lies in the body. */
  readonly from: number;
  readonly end: number;
  /** How much older than the row's newest point its own newest is, milliseconds. */
  readonly behindMs: number;
}

/** The series of a row. A series with many points has several entries. @throws CorruptBlock */
export function* readDirectory(directory: Uint8Array): Generator<DirectoryEntry> {
  const reader = new ByteReader(directory);
  let ref = 0;
  let from = 0;
  for (let left = reader.varint(); left > 0; left--) {
    ref += reader.varint();
    const end = from + reader.varint();
    yield { ref, from, end, behindMs: reader.varint() };
    from = end;
  }
}

/** Adds the points of one series in a row, if it has any. @throws CorruptBlock */
export function readRow(row: { directory: Uint8Array; body: Uint8Array }, ref: number, out: PointBuffer): void {
  for (const entry of readDirectory(row.directory)) {
    if (entry.ref === ref) readBlock(new ByteReader(row.body, entry.from, Math.min(entry.end, row.body.length)), out);
  }
}
