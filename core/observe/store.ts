import type { RollupTier } from "../../contract/metric-limits.ts";

/** What a shard needs of its storage: six tables, whole rows. One call is one statement; the caller wraps transactions. */
export interface ShardStore {
  loadState(): ShardState | undefined;
  saveState(state: ShardState): void;
  loadDictionary(): Iterable<DictionaryRow>;
  saveDictionary(row: DictionaryRow): void;
  deleteDictionary(firstRef: number): void;
  /** Every block row without its body, by id. */
  loadBlocks(): Iterable<BlockRow & { readonly directory: Uint8Array }>;
  readBlock(id: number): { readonly directory: Uint8Array; readonly body: Uint8Array };
  /** @returns the new row's id, higher than all before */
  insertBlock(row: Omit<BlockRow, "id" | "bytes">, directory: Uint8Array, body: Uint8Array): number;
  /** Writes a row anew in its place, without the series that were deleted. */
  rewriteBlock(id: number, packed: PackedBytes): void;
  deleteBlock(id: number): void;
  /** Every row of rollups without its body, by id. */
  loadRollups(): Iterable<BlockRow & { readonly tier: RollupTier }>;
  readRollup(id: number): { readonly directory: Uint8Array; readonly body: Uint8Array };
  /** @returns the new row's id, higher than all before */
  insertRollup(tier: RollupTier, row: Omit<BlockRow, "id" | "bytes" | "through">, directory: Uint8Array, body: Uint8Array): number;
  rewriteRollup(id: number, packed: PackedBytes): void;
  deleteRollup(id: number): void;
  /** A small thing under a name, written over as a whole. */
  putKept(name: string, body: Uint8Array): void;
  readKept(name: string): Uint8Array | undefined;
  /** Every write-ahead row, by `seq` and `part`. */
  loadLog(): Iterable<LogRow>;
  /** Writes over the row in this slot, or makes it: a row that is reused costs one write and no deletion. */
  putLog(row: LogRow): void;
  deleteLog(slot: number): void;
}

export interface ShardState {
  /** Whose references these are: random, made once. */
  readonly dictionary: number;
  readonly nextRef: number;
  /** Series below this reference are in dictionary rows. */
  readonly savedRef: number;
  /** Write-ahead rows up to here hold nothing that blocks do not hold. */
  readonly watermark: number;
  readonly seal: number;
  /** Windows of the minute tier that begin before are made, epoch milliseconds; 0 while there is none. */
  readonly rolledMinute: number;
  readonly rolledHour: number;
  /** Raw points from here on are all there; older ones may be deleted. */
  readonly rawFrom: number;
  /** The number of the last write that changed what lay in the past of any series. */
  readonly late: number;
  /** When history was imported last, epoch milliseconds. */
  readonly importedAt: number;
}

export const FIRST_STATE: ShardState = {
  dictionary: 0,
  nextRef: 1,
  savedRef: 1,
  watermark: 0,
  seal: 0,
  rolledMinute: 0,
  rolledHour: 0,
  rawFrom: 0,
  late: 0,
  importedAt: 0,
};

export interface DictionaryRow {
  readonly firstRef: number;
  readonly body: Uint8Array;
}

/** A packed row: the points, or the windows, of up to 64 series with neighbouring references, from one seal or one rollup. */
export interface BlockRow {
  readonly id: number;
  /** The number of the seal, or of the rollup. */
  readonly seal: number;
  readonly firstRef: number;
  readonly lastRef: number;
  readonly minAt: number;
  readonly maxAt: number;
  /** The last write-ahead row whose points of these series are inside; 0 for rollups and for points that were imported. */
  readonly through: number;
  readonly bytes: number;
  /** Points or windows inside; 0 in rows of versions that did not count. */
  readonly points: number;
}

/** What of a row is new after it was packed again. */
export interface PackedBytes {
  readonly directory: Uint8Array;
  readonly body: Uint8Array;
  readonly points: number;
}

export interface LogRow {
  readonly slot: number;
  readonly seq: number;
  /** A commit above the row limit lies in several rows: 0 to `parts - 1`. */
  readonly part: number;
  readonly parts: number;
  /** When it was committed, epoch milliseconds. */
  readonly at: number;
  readonly body: Uint8Array;
}

/** Rows and values of a Durable Object's SQLite hold 2 MB at most. */
export const MAX_ROW_BYTES = 1_900_000;
