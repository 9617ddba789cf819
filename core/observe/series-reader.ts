import type { BlockIndex } from "./block-index.ts";
import { readRow } from "./block-rows.ts";
import type { Heads } from "./heads.ts";
import { PointBuffer } from "./points.ts";
import type { SeriesTable } from "./series-table.ts";
import type { BlockRow, ShardStore } from "./store.ts";

/** Rows kept while one question is answered: neighbouring series lie in the same rows. */
const HELD_ROW_BYTES = 16 << 20;

export interface ReadTrace {
  blocksRead: number;
  pointsRead: number;
}

/** Reads series for one question: the last minutes from memory, older points from packed rows, each row once. */
export class SeriesReader {
  readonly trace: ReadTrace = { blocksRead: 0, pointsRead: 0 };
  readonly #series: SeriesTable;
  readonly #heads: Heads;
  readonly #blocks: BlockIndex;
  readonly #store: Pick<ShardStore, "readBlock">;
  readonly #out = new PointBuffer();
  readonly #held = new Map<number, { directory: Uint8Array; body: Uint8Array }>();
  #heldBytes = 0;

  constructor(parts: { series: SeriesTable; heads: Heads; blocks: BlockIndex; store: Pick<ShardStore, "readBlock"> }) {
    this.#series = parts.series;
    this.#heads = parts.heads;
    this.#blocks = parts.blocks;
    this.#store = parts.store;
  }

  /** Rows that reading this range would touch. */
  rowsFor(slot: number, from: number, end: number): BlockRow[] {
    if (from >= this.#heads.memoryFrom(slot)) return [];
    return this.#blocks.find(this.#series.refOf(slot), from, end);
  }

  /** All points in `[from, end)`, sorted, as indexes into the buffer, which is valid until the next call. */
  read(slot: number, from: number, end: number): { points: PointBuffer; first: number; last: number } {
    const out = this.#out;
    out.clear();
    const ref = this.#series.refOf(slot);
    for (const row of this.rowsFor(slot, from, end)) readRow(this.#row(row.id), ref, out);
    this.#heads.read(slot, out);
    out.normalise();
    const first = out.lowerBound(from);
    const last = out.lowerBound(end);
    this.trace.pointsRead += last - first;
    return { points: out, first, last };
  }

  #row(id: number): { directory: Uint8Array; body: Uint8Array } {
    const held = this.#held.get(id);
    if (held) return held;
    const row = this.#store.readBlock(id);
    this.trace.blocksRead++;
    for (const [oldest, { body }] of this.#held) {
      if (this.#heldBytes + row.body.length <= HELD_ROW_BYTES) break;
      this.#held.delete(oldest);
      this.#heldBytes -= body.length;
    }
    this.#held.set(id, row);
    this.#heldBytes += row.body.length;
    return row;
  }
}
