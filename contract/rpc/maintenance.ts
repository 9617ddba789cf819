// What is done to every object alike: walks over the registry (`control_object`) call it on each.

/** One value of a row as it travels: SQLite's own, with blobs as bytes. */
export type CellValue = string | number | null | ArrayBuffer;

/** A part of an object's state; parts in order, from the first to the one without a `next`, are the object as it was at one moment. */
export interface StateChunk {
  /** Which release wrote it. */
  readonly v: 1;
  /** Rows of tables, in the order they must be put back. */
  readonly tables: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly CellValue[])[];
  }[];
}

export type MaintenanceOrder =
  /** Removes everything of a subject (`issuer|sub`) whom logs call `ref`. Doing it twice is harmless. */
  | { readonly type: "forget-subject"; readonly subject: string; readonly ref: string }
  /** Makes anew, with the current key of the ring, what an older one made; a bounded slice. */
  | { readonly type: "reseal" }
  /** The next part of the object's state. The first call (`null`) fixes the moment; parts are bounded by bytes. */
  | { readonly type: "export"; readonly cursor: string | null }
  /** Ends an export before its last part. */
  | { readonly type: "export-abort" }
  /** Puts a part back into an object that was never used. `first` refuses one that was; `last` opens it. */
  | { readonly type: "import"; readonly chunk: StateChunk; readonly first: boolean; readonly last: boolean };

export type MaintenanceReport<O extends MaintenanceOrder = MaintenanceOrder> = O extends { type: "forget-subject" }
  ? { /** Rows that went. */ readonly forgotten: number }
  : O extends { type: "reseal" }
    ? { readonly resealed: number; /** Whether another slice is needed. */ readonly more: boolean }
    : O extends { type: "export" }
      ? { readonly chunk: StateChunk; readonly cursor: string | null; readonly rows: number }
      : Record<string, never>;
