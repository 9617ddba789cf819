import type { BlockRow, DictionaryRow, LogRow, ShardState, ShardStore } from "./store.ts";

/** A store in memory for tests and benchmarks: counts written rows as the platform bills them. */
export class MemoryStore implements ShardStore {
  rowsWritten = 0;
  #state: ShardState | undefined;
  #nextId = 1;
  readonly #dictionary = new Map<number, Uint8Array>();
  readonly #blocks = new Map<number, { row: BlockRow; directory: Uint8Array; body: Uint8Array }>();
  readonly #log = new Map<number, LogRow>();

  loadState(): ShardState | undefined {
    return this.#state;
  }

  saveState(state: ShardState): void {
    this.rowsWritten++;
    this.#state = state;
  }

  *loadDictionary(): Generator<DictionaryRow> {
    for (const [firstRef, body] of [...this.#dictionary].sort(([a], [b]) => a - b)) yield { firstRef, body };
  }

  saveDictionary({ firstRef, body }: DictionaryRow): void {
    this.rowsWritten++;
    this.#dictionary.set(firstRef, body);
  }

  deleteDictionary(firstRef: number): void {
    if (this.#dictionary.delete(firstRef)) this.rowsWritten++;
  }

  *loadBlocks(): Generator<BlockRow & { directory: Uint8Array }> {
    for (const { row, directory } of this.#blocks.values()) yield { ...row, directory };
  }

  readBlock(id: number): { directory: Uint8Array; body: Uint8Array } {
    const block = this.#blocks.get(id);
    if (!block) throw new Error(`no block ${id}`);
    return block;
  }

  insertBlock(row: Omit<BlockRow, "id" | "bytes">, directory: Uint8Array, body: Uint8Array): number {
    this.rowsWritten++;
    const id = this.#nextId++;
    this.#blocks.set(id, { row: { ...row, id, bytes: body.length }, directory, body });
    return id;
  }

  deleteBlock(id: number): void {
    if (this.#blocks.delete(id)) this.rowsWritten++;
  }

  *loadLog(): Generator<LogRow> {
    yield* [...this.#log.values()].sort((a, b) => a.seq - b.seq || a.part - b.part);
  }

  putLog(row: LogRow): void {
    this.rowsWritten++;
    this.#log.set(row.slot, row);
  }

  deleteLog(slot: number): void {
    if (this.#log.delete(slot)) this.rowsWritten++;
  }

  /** Rows that exist now, by table. */
  counts(): { dictionary: number; blocks: number; log: number } {
    return { dictionary: this.#dictionary.size, blocks: this.#blocks.size, log: this.#log.size };
  }

  /** The largest packed row's body in bytes. */
  largestBlock(): number {
    return Math.max(0, ...[...this.#blocks.values()].map(({ body }) => body.length));
  }
}
