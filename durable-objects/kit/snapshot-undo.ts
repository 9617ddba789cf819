import { quoted, SNAPSHOT_PREFIX, type SnapshotTable } from "./snapshot-tables.ts";

/** Rows that are weighed at a time: what bounds a part of many small rows. */
const PAGE_ROWS = 2_000;

export interface SnapshotRows {
  readonly bytes: number;
  readonly rows: readonly SqlStorageValue[][];
  /** Cells that are integers in columns that keep whatever comes. */
  readonly integers: readonly (readonly [row: number, column: number])[];
  /** The key of the last one. */
  readonly last: readonly SqlStorageValue[] | null;
  readonly more: boolean;
}

/**
 * Keeps a table as it is at this moment readable while it is written to: triggers put a row as it was into a table beside it,
 * before its first change. `undo` names that table; with `present` 0 it notes that there was no such row.
 *
 * - BEFORE triggers also look for the rows that the new one would replace, by key or by a unique index: a write with OR REPLACE
 *   removes them without telling a DELETE trigger (lang_createtrigger.html and `recursive_triggers`).
 * - Every note is `INSERT … WHERE NOT EXISTS`, never OR IGNORE: a trigger inherits the conflict clause of the statement that fired
 *   it, and under OR REPLACE the first note would be lost.
 * - Noting a row too early, before a change that then does not happen, does no harm: it is noted as it is.
 */
export class TableUndo {
  readonly #sql: SqlStorage;
  readonly #table: SnapshotTable;
  readonly #undo: string;
  /** No row of the moment has a larger rowid: what is inserted behind it needs no note. */
  readonly #maxRowid: number | null;

  constructor(sql: SqlStorage, table: SnapshotTable, index: number, maxRowid: number | null) {
    this.#sql = sql;
    this.#table = table;
    this.#undo = quoted(`${SNAPSHOT_PREFIX}_${index}`);
    this.#maxRowid = maxRowid;
  }

  /** The moment is now. */
  begin(): void {
    const { keys, columns } = this.#table;
    const keyColumns = keys.map(({ declared }, at) => `k${at} ${declared}`).join(", ");
    const cells = columns.map((_, at) => `c${at}`).join(", ");
    const primary = keys.map((_, at) => `k${at}`).join(", ");
    this.#sql.exec(
      `CREATE TABLE ${this.#undo} (${keyColumns}, present INTEGER NOT NULL, ${cells}, PRIMARY KEY (${primary}))${this.#table.rowid ? "" : " WITHOUT ROWID"}`,
    );
    const replaced = this.#noteWhere(this.#sameAs("NEW"));
    this.#trigger("insert", "BEFORE INSERT", "", replaced);
    this.#trigger("inserted", "AFTER INSERT", this.#whenOf("NEW"), this.#noteAbsent());
    this.#trigger("update", "BEFORE UPDATE", "", `${this.#noteWhere([this.#keyIs("OLD")])} ${replaced}`);
    this.#trigger("updated", "AFTER UPDATE", this.#whenOf("NEW"), this.#noteAbsent());
    this.#trigger("delete", "BEFORE DELETE", "", this.#noteWhere([this.#keyIs("OLD")]));
  }

  /** Takes triggers and notes away; done twice it does nothing. */
  end(): void {
    for (const name of ["insert", "inserted", "update", "updated", "delete"])
      this.#sql.exec(`DROP TRIGGER IF EXISTS ${this.#triggerName(name)}`);
    this.#sql.exec(`DROP TABLE IF EXISTS ${this.#undo}`);
  }

  /**
   * Rows of the moment behind this key, by key, as many as weigh no more than this, and one at least when there is any.
   * Nothing is left open: a table that is read cannot be dropped.
   */
  rowsBehind(after: readonly SqlStorageValue[] | null, maxBytes: number): SnapshotRows {
    const { keys, columns, untyped, numeric } = this.#table;
    const bindings = after === null ? [] : [...after, ...after];
    const weight = columns.map((_, at) => `coalesce(octet_length(c${at}), 0) + 8`).join(" + ");
    const weights = this.#sql
      .exec(`SELECT ${weight} AS bytes FROM (${this.#view(after !== null)} LIMIT ${PAGE_ROWS})`, ...bindings)
      .toArray();
    let bytes = 0;
    let rows = 0;
    for (const row of weights) {
      const size = Number(row["bytes"]);
      if (rows > 0 && bytes + size > maxBytes) break;
      bytes += size;
      rows += 1;
    }
    // An integer above 2^53 may lose its last bits on its way into JavaScript.
    const inexact = numeric.map((at) => `(typeof(c${at}) = 'integer' AND c${at} <> CAST(CAST(c${at} AS REAL) AS INTEGER))`);
    const flags = [inexact.length > 0 ? inexact.join(" OR ") : "0", ...untyped.map((at) => `typeof(c${at}) = 'integer'`)];
    const found = [
      ...this.#sql
        .exec(`SELECT ${["*", ...flags].join(", ")} FROM (${this.#view(after !== null)} LIMIT ${rows})`, ...bindings)
        .raw<SqlStorageValue[]>(),
    ];
    const flagsAt = keys.length + columns.length;
    if (found.some((row) => row[flagsAt] === 1)) throw new Error(`table ${this.#table.name} holds a number that cannot travel`);
    return {
      bytes,
      rows: found.map((row) => row.slice(keys.length, flagsAt)),
      integers: found.flatMap((row, at) =>
        untyped.flatMap((column, flag) => (row[flagsAt + 1 + flag] === 1 ? [[at, column] as const] : [])),
      ),
      last: found.at(-1)?.slice(0, keys.length) ?? null,
      more: rows < weights.length || weights.length === PAGE_ROWS,
    };
  }

  /** `k0 …`, `c0 …` of the table as it was, by key. */
  #view(isBehind: boolean): string {
    const { name, keys, columns } = this.#table;
    const live = keys.map((key) => `t.${quoted(key.name)}`);
    const noted = keys.map((_, at) => `u.k${at}`);
    const behind = (names: readonly string[]) => (isBehind ? `AND (${names.join(", ")}) > (${names.map(() => "?").join(", ")})` : "");
    return `
      SELECT ${[...live.map((key, at) => `${key} AS k${at}`), ...columns.map((column, at) => `t.${quoted(column)} AS c${at}`)].join(", ")}
      FROM ${quoted(name)} t
      WHERE ${this.#maxRowid === null ? "true" : `${live[0]} <= ${this.#maxRowid}`} ${behind(live)}
        AND NOT EXISTS (SELECT 1 FROM ${this.#undo} u WHERE ${live.map((key, at) => `${key} = u.k${at}`).join(" AND ")})
      UNION ALL
      SELECT ${[...noted, ...columns.map((_, at) => `u.c${at}`)].join(", ")} FROM ${this.#undo} u WHERE u.present = 1 ${behind(noted)}
      ORDER BY ${keys.map((_, at) => at + 1).join(", ")}`;
  }

  /** Notes the rows that meet one of these conditions, as they are, unless noted before. */
  #noteWhere(conditions: readonly string[]): string {
    const { name, keys, columns } = this.#table;
    const cells = columns.map((column) => `t.${quoted(column)}`);
    const bound = this.#maxRowid === null ? "" : `AND t.${quoted(keys[0]?.name ?? "")} <= ${this.#maxRowid}`;
    return conditions
      .map(
        (condition) =>
          `INSERT INTO ${this.#undo} SELECT ${[...keys.map((key) => `t.${quoted(key.name)}`), "1", ...cells].join(", ")} FROM ${quoted(name)} t
           WHERE ${condition} ${bound} AND NOT EXISTS (SELECT 1 FROM ${this.#undo} u WHERE ${keys.map((key, at) => `t.${quoted(key.name)} = u.k${at}`).join(" AND ")});`,
      )
      .join("\n");
  }

  /** Notes that there was no row of the new key, unless it was noted before. */
  #noteAbsent(): string {
    const { keys, columns } = this.#table;
    const values = keys.map((key) => `NEW.${quoted(key.name)}`);
    return `INSERT INTO ${this.#undo} SELECT ${[...values, "0", ...columns.map(() => "NULL")].join(", ")}
      WHERE NOT EXISTS (SELECT 1 FROM ${this.#undo} u WHERE ${values.map((value, at) => `u.k${at} = ${value}`).join(" AND ")});`;
  }

  /** Conditions on `t` under which a new row would take its place. */
  #sameAs(row: "NEW"): string[] {
    const columns = [this.#table.keys.map(({ name }) => name), ...this.#table.uniques];
    const distinct = new Map(columns.map((names) => [names.join("\0"), names]));
    return [...distinct.values()].map((names) => names.map((name) => `t.${quoted(name)} = ${row}.${quoted(name)}`).join(" AND "));
  }

  #keyIs(row: "OLD"): string {
    return this.#table.keys.map(({ name }) => `t.${quoted(name)} = ${row}.${quoted(name)}`).join(" AND ");
  }

  #whenOf(row: "NEW"): string {
    return this.#maxRowid === null ? "" : `WHEN ${row}.${quoted(this.#table.keys[0]?.name ?? "")} <= ${this.#maxRowid}`;
  }

  #trigger(name: string, event: string, when: string, body: string): void {
    this.#sql.exec(`CREATE TRIGGER ${this.#triggerName(name)} ${event} ON ${quoted(this.#table.name)} ${when} BEGIN ${body} END`);
  }

  #triggerName(name: string): string {
    return `${this.#undo.slice(0, -1)}_${name}"`;
  }
}
