import type { RollupTier } from "../../contract/metric-limits.ts";
import type { BlockRow, DictionaryRow, LogRow, PackedBytes, ShardState, ShardStore } from "./store.ts";

interface Packed {
  readonly row: BlockRow;
  readonly directory: Uint8Array;
  readonly body: Uint8Array;
}

/** A store in memory for tests and benchmarks: counts written rows as the platform bills them. */
export class MemoryStore implements ShardStore {
  rowsWritten = 0;
  #state: ShardState | undefined;
  #nextId = 1;
  readonly #dictionary = new Map<number, Uint8Array>();
  readonly #blocks = new Map<number, Packed>();
  readonly #rollups = new Map<number, Packed & { tier: RollupTier }>();
  readonly #kept = new Map<string, Uint8Array>();
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

  rewriteBlock(id: number, packed: PackedBytes): void {
    const block = this.#blocks.get(id);
    if (!block) throw new Error(`no block ${id}`);
    this.rowsWritten++;
    this.#blocks.set(id, repacked(block, packed));
  }

  *loadRollups(): Generator<BlockRow & { tier: RollupTier }> {
    for (const { row, tier } of this.#rollups.values()) yield { ...row, tier };
  }

  readRollup(id: number): { directory: Uint8Array; body: Uint8Array } {
    const rollup = this.#rollups.get(id);
    if (!rollup) throw new Error(`no rollups ${id}`);
    return rollup;
  }

  insertRollup(tier: RollupTier, row: Omit<BlockRow, "id" | "bytes" | "through">, directory: Uint8Array, body: Uint8Array): number {
    this.rowsWritten++;
    const id = this.#nextId++;
    this.#rollups.set(id, { tier, row: { ...row, id, bytes: body.length, through: 0 }, directory, body });
    return id;
  }

  rewriteRollup(id: number, packed: PackedBytes): void {
    const rollup = this.#rollups.get(id);
    if (!rollup) throw new Error(`no rollups ${id}`);
    this.rowsWritten++;
    this.#rollups.set(id, { ...repacked(rollup, packed), tier: rollup.tier });
  }

  deleteRollup(id: number): void {
    if (this.#rollups.delete(id)) this.rowsWritten++;
  }

  putKept(name: string, body: Uint8Array): void {
    this.rowsWritten++;
    this.#kept.set(name, body);
  }

  readKept(name: string): Uint8Array | undefined {
    return this.#kept.get(name);
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
  counts(): { dictionary: number; blocks: number; log: number; minute: number; hour: number } {
    const tiers = [...this.#rollups.values()].map(({ tier }) => tier);
    const minute = tiers.filter((tier) => tier === "minute").length;
    return {
      dictionary: this.#dictionary.size,
      blocks: this.#blocks.size,
      log: this.#log.size,
      minute,
      hour: tiers.length - minute,
    };
  }

  /** The largest packed row's body in bytes. */
  largestBlock(): number {
    return Math.max(0, ...[...this.#blocks.values()].map(({ body }) => body.length));
  }
}

function repacked({ row }: Packed, { directory, body, points }: PackedBytes): Packed {
  return { row: { ...row, bytes: body.length, points }, directory, body };
}
