// What is done to every object alike: walks over the registry (`control_object`) call it on each.

/** Bounds of what a walk does to one object at a time. */
export const MAINTENANCE_LIMITS = {
  /** Bytes of a part of a state, about; a single larger row goes alone. The platform takes 32 MiB in a call. */
  chunkBytes: 1024 * 1024,
  /** An export whose next part nobody asks for ends by itself after this. */
  exportIdleMs: 10 * 60_000,
  /**
   * Added to the sequence numbers of a restored object's events: those that it emitted after the moment of its state are known
   * elsewhere by numbers that it would give out again. No object emits a million events while a backup is taken.
   */
  restoredSeqGap: 1_000_000,
} as const;

/** One value of a row as it travels: SQLite's own, with blobs as bytes. */
export type CellValue = string | number | null | ArrayBuffer;

/** A part of an object's state; parts in order, from the first to the one without a `next`, are the object as it was at one moment. */
export interface StateChunk {
  /** Which release wrote it. */
  readonly v: 1;
  /** In the first part: the schema steps that the state was made with, the kit's own and the object's. */
  readonly schema?: readonly {
    readonly scope: "kit" | "object";
    readonly id: number;
    readonly name: string;
    readonly hash: string;
    readonly additive: boolean;
  }[];
  /** Rows of tables, in the order they must be put back. */
  readonly tables: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly CellValue[])[];
    /** Cells, as row and column, that are integers in a column that would take a number for a float. */
    readonly integers?: readonly (readonly [row: number, column: number])[];
  }[];
}

export type MaintenanceOrder =
  /** Removes everything of a subject (`issuer|sub`) whom logs call `ref`. Doing it twice is harmless. */
  | { readonly type: "forget-subject"; readonly subject: string; readonly ref: string }
  /** Makes anew, with the current key of the ring, what an older one made; a bounded slice. */
  | { readonly type: "reseal" }
  /**
   * The next part of the object's state. The first call (`null`) fixes the moment and ends an export that ran before; parts are
   * bounded by bytes. The part without a cursor has no rows and ends it.
   */
  | { readonly type: "export"; readonly cursor: string | null }
  /** Ends an export before its last part. */
  | { readonly type: "export-abort" }
  /**
   * Puts a part back into an object that was never used. `first` refuses one that was, and begins an import anew that was broken
   * off; `last` opens it. A part that comes twice changes nothing.
   */
  | { readonly type: "import"; readonly chunk: StateChunk; readonly first: boolean; readonly last: boolean };

export type MaintenanceReport<O extends MaintenanceOrder = MaintenanceOrder> = O extends { type: "forget-subject" }
  ? { /** Rows that went. */ readonly forgotten: number }
  : O extends { type: "reseal" }
    ? { readonly resealed: number; /** Whether another slice is needed. */ readonly more: boolean }
    : O extends { type: "export" }
      ? { readonly chunk: StateChunk; readonly cursor: string | null; readonly rows: number }
      : Record<string, never>;
