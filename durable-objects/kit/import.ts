import * as z from "zod";
import { MAINTENANCE_LIMITS, type MaintenanceOrder, type StateChunk } from "../../contract/rpc/maintenance.ts";
import { planSchema } from "../../core/kit/schema-plan.ts";
import { COPIED_NAME } from "./export.ts";
import type { Migration } from "./object-kit.ts";
import { SchemaRefused, stepOf } from "./schema.ts";
import { quoted, SNAPSHOT_PREFIX, snapshotTables } from "./snapshot-tables.ts";
import type { KitStore } from "./store.ts";

/** There while an import runs, and only then: the object is not to be opened. */
const MARK = `${SNAPSHOT_PREFIX}_import`;

/** Cells that one statement binds; the platform allows 100. */
const BOUND = 100;

const copiedRow = z.tuple([z.enum(["sequence", "kv"]), z.string(), z.string()]);

/** Puts the parts of an export into an object that was never used. To be called inside a transaction. */
export class Importer {
  readonly #storage: Pick<DurableObjectStorage, "sql" | "kv">;
  readonly #sql: SqlStorage;
  readonly #store: KitStore;
  readonly #migrations: readonly Migration[];

  constructor(storage: Pick<DurableObjectStorage, "sql" | "kv">, store: KitStore, migrations: readonly Migration[]) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#store = store;
    this.#migrations = migrations;
  }

  /** One part. @throws when the object was used, no import runs, or the state does not fit this release; then nothing has changed */
  take({ chunk, first, last }: Extract<MaintenanceOrder, { type: "import" }>): void {
    if (first) this.#begin(chunk);
    else if (!this.running()) {
      // The answer to the last part was lost on its way, or nobody has begun.
      if (last && chunk.tables.length === 0 && this.#isUsed()) return;
      throw new Error("no import runs here: begin with the first part");
    }
    this.#put(chunk);
    if (!last) return;
    // Others have seen events of this object by numbers that it would give out again.
    this.#store.outbox.skip(MAINTENANCE_LIMITS.restoredSeqGap);
    this.#sql.exec(`DROP TABLE ${MARK}`);
  }

  /** Whether an import has begun and not ended. */
  running(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_schema WHERE name = ?", MARK).toArray().length > 0;
  }

  /** Whether the object holds anything. */
  #isUsed(): boolean {
    return snapshotTables(this.#sql).length > 0 || [...this.#storage.kv.list({ limit: 1 })].length > 0;
  }

  /**
   * Makes the tables as they were in the release that exported, with nothing in them. An import that was broken off begins anew.
   * @throws when the object was used, or the export is of a newer schema
   */
  #begin(chunk: StateChunk): void {
    if (!this.running()) {
      if (this.#isUsed()) throw new Error("this object was used: a state is put into a new one only");
      this.#sql.exec(`CREATE TABLE ${MARK} (began INTEGER)`);
    }
    for (const { name } of snapshotTables(this.#sql).toReversed()) this.#sql.exec(`DROP TABLE ${quoted(name)}`);
    const keys = [...this.#storage.kv.list()].map(([key]) => key);
    for (const key of keys) this.#storage.kv.delete(key);
    this.#store.ledger.open();
    const steps = chunk.schema ?? [];
    for (const [scope, known] of [
      ["kit", this.#store.migrations],
      ["object", this.#migrations],
    ] as const) {
      const applied = steps.filter((step) => step.scope === scope);
      const plan = planSchema(applied, known.map(stepOf));
      if (plan.kind === "refuse") throw new SchemaRefused(`${scope} schema: ${plan.reason}`);
      if (applied.length > known.length) throw new SchemaRefused(`${scope} schema: the state is of a newer release`);
      for (const { up } of known.slice(0, applied.length)) this.#store.apply(up);
    }
    // Steps may have put rows of their own.
    for (const { name } of snapshotTables(this.#sql)) this.#sql.exec(`DELETE FROM ${quoted(name)}`);
  }

  /** Puts rows; a part that comes again changes nothing. */
  #put(chunk: StateChunk): void {
    const known = new Map(snapshotTables(this.#sql).map((table) => [table.name, table]));
    for (const { name, columns, rows, integers } of chunk.tables) {
      if (name === COPIED_NAME) {
        for (const row of rows) this.#putCopied(copiedRow.parse(row));
        continue;
      }
      const table = known.get(name);
      if (!table) throw new SchemaRefused(`there is no table ${name}`);
      const other = columns.find((column) => !table.columns.includes(column));
      if (other !== undefined || columns.length > BOUND) throw new SchemaRefused(`table ${name} has no column ${other ?? ""}`);
      const whole = new Map<number, Set<number>>();
      for (const [row, column] of integers ?? []) whole.set(row, (whole.get(row) ?? new Set()).add(column));
      for (const [at, row] of rows.entries()) {
        const places = columns.map((_, column) => (whole.get(at)?.has(column) ? "CAST(? AS INTEGER)" : "?"));
        this.#sql.exec(`INSERT OR REPLACE INTO ${quoted(name)} (${columns.map(quoted).join(", ")}) VALUES (${places.join(", ")})`, ...row);
      }
    }
  }

  #putCopied([kind, name, value]: z.infer<typeof copiedRow>): void {
    if (kind === "kv") return this.#storage.kv.put(name, JSON.parse(value));
    const seq = Number(value);
    if (!Number.isSafeInteger(seq)) throw new Error(`no number of a sequence: ${value}`);
    this.#sql.exec("DELETE FROM sqlite_sequence WHERE name = ?", name);
    // As a literal: a bound number would be stored as a float, the column takes whatever comes.
    this.#sql.exec(`INSERT INTO sqlite_sequence (name, seq) VALUES (?, ${seq})`, name);
  }
}
