/** What a shard needs of its storage: four tables, whole rows. One call is one statement; the caller wraps transactions. */
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
  deleteBlock(id: number): void;
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
}

export interface DictionaryRow {
  readonly firstRef: number;
  readonly body: Uint8Array;
}

/** A packed row: the points of up to 64 series with neighbouring references, from one seal. */
export interface BlockRow {
  readonly id: number;
  readonly seal: number;
  readonly firstRef: number;
  readonly lastRef: number;
  readonly minAt: number;
  readonly maxAt: number;
  /** The last write-ahead row whose points of these series are inside. */
  readonly through: number;
  readonly bytes: number;
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
