import * as z from "zod";
import { MAINTENANCE_LIMITS, type MaintenanceReport, type StateChunk } from "../../contract/rpc/maintenance.ts";
import { cursorText, readCursor } from "./snapshot-cursor.ts";
import { quoted, SNAPSHOT_PREFIX, type SnapshotTable, snapshotTables } from "./snapshot-tables.ts";
import { type SnapshotRows, TableUndo } from "./snapshot-undo.ts";
import type { KitStore, LedgerScope } from "./store.ts";

/** One row while an export runs: what it needs to go on after an eviction. */
const STATE = SNAPSHOT_PREFIX;
const stateRow = z.object({ id: z.string(), steps: z.number(), plan: z.string() });
const planSchema = z.array(z.object({ table: z.string(), maxRowid: z.number().nullable() }));
const sequenceRow = z.object({ name: z.string(), seq: z.number() });
/** Tables that are made of values copied at the first call: they are small, and triggers cannot stand on them. */
const COPIED = `${SNAPSHOT_PREFIX}_copied`;

const SCOPES = ["kit", "object"] as const satisfies readonly LedgerScope[];

type Report = MaintenanceReport<{ type: "export"; cursor: string | null }>;

/**
 * Hands out an object's state in parts, as it was at the first call, while it goes on being written to. To be called inside a
 * transaction. While none runs there is nothing of it: no table, no trigger, no cost.
 */
export class Exporter {
  readonly #storage: Pick<DurableObjectStorage, "sql" | "kv">;
  readonly #sql: SqlStorage;
  readonly #ledger: KitStore["ledger"];
  readonly #chunkBytes: number;

  constructor(
    storage: Pick<DurableObjectStorage, "sql" | "kv">,
    ledger: KitStore["ledger"],
    chunkBytes: number = MAINTENANCE_LIMITS.chunkBytes,
  ) {
    this.#chunkBytes = chunkBytes;
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#ledger = ledger;
  }

  /** The export that runs, by its id, and how many schema steps there were when it began. */
  running(): { readonly id: string; readonly steps: number } | undefined {
    if (this.#sql.exec("SELECT 1 FROM sqlite_schema WHERE name = ?", STATE).toArray().length === 0) return undefined;
    return stateRow.parse(this.#sql.exec(`SELECT * FROM ${STATE}`).one());
  }

  /**
   * The first call fixes the moment; an export that ran before is over by that. The last part has no rows and no cursor.
   * A repeated call answers the same.
   * @param id of a new export
   * @param steps schema steps of this release: an export does not outlive a change of the schema
   * @throws when the export that the cursor belongs to is over
   */
  next(cursor: string | null, id: string, steps: number): Report {
    if (cursor === null) {
      const { chunk, ...rest } = this.#part(this.#begin(id, steps), 0, null);
      const schema = SCOPES.flatMap((scope) => this.#ledger.list(scope).map((step) => ({ scope, ...step })));
      return { chunk: { ...chunk, schema }, ...rest };
    }
    const at = readCursor(cursor);
    const running = this.running();
    if (at.table === null && (running === undefined || running.id === at.id)) {
      this.end();
      return { chunk: { v: 1, tables: [] }, cursor: null, rows: 0 };
    }
    if (at.table === null || running?.id !== at.id) throw new Error("this export is over: begin a new one");
    // What was handed out before this table has arrived.
    for (const { undo } of this.#plan().slice(0, at.table)) undo.end();
    return this.#part(at.id, at.table, at.after);
  }

  /** Ends the export that runs, if any, and leaves nothing of it. */
  end(): void {
    if (this.running() === undefined) return;
    for (const { undo } of this.#plan()) undo.end();
    this.#sql.exec(`DROP TABLE IF EXISTS ${COPIED}`);
    this.#sql.exec(`DROP TABLE ${STATE}`);
  }

  #begin(id: string, steps: number): string {
    this.end();
    const tables = snapshotTables(this.#sql).map((table) => ({ table, bounds: this.#boundsOf(table) }));
    // An empty table has nothing that could change.
    const filled = tables.flatMap(({ table, bounds }) => (bounds ? [{ table, ...bounds }] : []));
    const plan = filled.map(({ table, maxRowid }) => ({ table: table.name, maxRowid }));
    this.#copy();
    this.#sql.exec(`CREATE TABLE ${STATE} (id TEXT NOT NULL, steps INTEGER NOT NULL, plan TEXT NOT NULL)`);
    this.#sql.exec(`INSERT INTO ${STATE} VALUES (?, ?, ?)`, id, steps, JSON.stringify([...plan, { table: COPIED, maxRowid: null }]));
    for (const { undo } of this.#plan()) undo.begin();
    return id;
  }

  /** @returns undefined for an empty table */
  #boundsOf(table: SnapshotTable): { maxRowid: number | null } | undefined {
    if (!table.rowid)
      return this.#sql.exec(`SELECT 1 FROM ${quoted(table.name)} LIMIT 1`).toArray().length === 0 ? undefined : { maxRowid: null };
    const [row] = this.#sql.exec(`SELECT max(${quoted(table.keys[0]?.name ?? "")}) AS n FROM ${quoted(table.name)}`).toArray();
    return typeof row?.["n"] === "number" ? { maxRowid: row["n"] } : undefined;
  }

  /** SQLite's counters of AUTOINCREMENT and the key-value entries, which SQL does not reach. */
  #copy(): void {
    this.#sql.exec(`CREATE TABLE ${COPIED} (kind TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID`);
    const put = (kind: string, name: string, value: string) => this.#sql.exec(`INSERT INTO ${COPIED} VALUES (?, ?, ?)`, kind, name, value);
    if (this.#sql.exec("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").toArray().length > 0)
      for (const { name, seq } of sequenceRow.array().parse(this.#sql.exec("SELECT name, seq FROM sqlite_sequence").toArray()))
        put("sequence", name, String(seq));
    for (const [key, value] of this.#storage.kv.list()) put("kv", key, jsonOf(key, value));
  }

  #plan(): { readonly table: SnapshotTable; readonly undo: TableUndo }[] {
    if (this.running() === undefined) return [];
    const { plan } = stateRow.parse(this.#sql.exec(`SELECT * FROM ${STATE}`).one());
    const tables = new Map([...snapshotTables(this.#sql), copiedTable()].map((table) => [table.name, table]));
    return planSchema.parse(JSON.parse(plan)).map(({ table: name, maxRowid }, index) => {
      const table = tables.get(name);
      if (!table) throw new Error(`table ${name} went while it was exported`);
      return { table, undo: new TableUndo(this.#sql, table, index, maxRowid) };
    });
  }

  /** As many rows as fit, of one table or several. */
  #part(id: string, first: number, behind: readonly SqlStorageValue[] | null): Report {
    const plan = this.#plan();
    const tables: StateChunk["tables"][number][] = [];
    let room = this.#chunkBytes;
    let rows = 0;
    let after = behind;
    for (let at = first; at < plan.length; at++) {
      const { table, undo } = plan[at] ?? raise();
      const taken = undo.rowsBehind(after, room);
      // The first row of all is taken whatever it weighs; another one waits for a part of its own.
      if (rows > 0 && taken.bytes > room) return { chunk: { v: 1, tables }, cursor: cursorText({ id, table: at, after }), rows };
      rows += taken.rows.length;
      room -= taken.bytes;
      if (taken.rows.length > 0) tables.push(partOf(table, taken));
      if (taken.more) return { chunk: { v: 1, tables }, cursor: cursorText({ id, table: at, after: taken.last }), rows };
      after = null;
    }
    return { chunk: { v: 1, tables }, cursor: cursorText({ id, table: null, after: null }), rows };
  }
}

function partOf(table: SnapshotTable, { rows, integers }: SnapshotRows): StateChunk["tables"][number] {
  const part = { name: table.name === COPIED ? COPIED_NAME : table.name, columns: table.columns, rows };
  return integers.length > 0 ? { ...part, integers } : part;
}

function raise(): never {
  throw new Error("no such table in the plan");
}

/** The name under which what was copied travels: no table of an object is called so. */
export const COPIED_NAME = "sqlite_and_kv";

function copiedTable(): SnapshotTable {
  const keys = [
    { name: "kind", declared: "TEXT" },
    { name: "name", declared: "TEXT" },
  ];
  return { name: COPIED, keys, columns: ["kind", "name", "value"], uniques: [], untyped: [], numeric: [], rowid: false };
}

/** @throws when the value would not come back as it was */
function jsonOf(key: string, value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined || !isPlain(value)) throw new Error(`the entry ${key} is not JSON: it cannot be exported`);
  return text;
}

function isPlain(value: unknown): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isPlain);
  return typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}
