import * as z from "zod";

/** How a table's rows are told apart and put back. */
export interface SnapshotTable {
  readonly name: string;
  /** Columns by which rows are told apart, in order: of a rowid table its rowid, else its primary key. */
  readonly keys: readonly { readonly name: string; readonly declared: string }[];
  /** Columns that travel, the rowid's own name first where the table has no name for it. */
  readonly columns: readonly string[];
  /** Columns, by index, that keep whatever comes: the others turn a number into what it was before. */
  readonly untyped: readonly number[];
  /** Columns, by index, that may hold an integer. */
  readonly numeric: readonly number[];
  /** Columns of each unique index: by them a write with OR REPLACE removes other rows than its own. */
  readonly uniques: readonly (readonly string[])[];
  readonly rowid: boolean;
}

/** Tables that the kit makes for an export or an import and that never travel. */
export const SNAPSHOT_PREFIX = "kit_snapshot";
/** What SQLite calls a rowid that has no name of its own. */
const ROWID = "rowid";

const tableRow = z.object({ name: z.string(), sql: z.string().nullable(), wr: z.number() });
const columnRow = z.object({ name: z.string(), type: z.string(), pk: z.number(), hidden: z.number() });
const indexRow = z.object({ name: z.string(), unique: z.number(), origin: z.string() });
const indexColumnRow = z.object({ name: z.string().nullable() });

/**
 * The tables of an object, in the order in which they were made: the kit's first, so that its ledger leads.
 * @throws when a table cannot be told row from row, or keeps its rows elsewhere
 */
export function snapshotTables(sql: SqlStorage): SnapshotTable[] {
  const rows = sql
    .exec(
      `SELECT s.name, s.sql, l.wr FROM sqlite_schema s JOIN pragma_table_list l ON l.name = s.name AND l.schema = 'main'
       WHERE s.type = 'table' AND substr(s.name, 1, 7) <> 'sqlite_' AND substr(s.name, 1, 4) <> '_cf_'
         AND substr(s.name, 1, ?) <> ? ORDER BY s.rowid`,
      SNAPSHOT_PREFIX.length,
      SNAPSHOT_PREFIX,
    )
    .toArray();
  return tableRow
    .array()
    .parse(rows)
    .map((row) => {
      if (/^\s*CREATE\s+VIRTUAL/i.test(row.sql ?? "")) throw new Error(`table ${row.name} is virtual: it cannot be exported`);
      return describe(sql, row.name, row.wr === 0);
    });
}

function describe(sql: SqlStorage, name: string, rowid: boolean): SnapshotTable {
  const all = columnRow.array().parse(sql.exec(`PRAGMA table_xinfo(${quoted(name)})`).toArray());
  const columns = all.filter((column) => column.hidden === 0).map((column) => column.name); // others are computed from these
  const primary = all.filter((column) => column.pk > 0).sort((a, b) => a.pk - b.pk);
  const uniques = indexRow
    .array()
    .parse(sql.exec(`PRAGMA index_list(${quoted(name)})`).toArray())
    .filter((index) => index.unique === 1)
    .map((index) => indexColumns(sql, name, index.name));
  const typeOf = new Map(all.map((column) => [column.name, column.type.toUpperCase()]));
  // Affinity BLOB (datatype3.html section 3.1): no type, or one with BLOB and without INT, CHAR, CLOB and TEXT in its name.
  const isUntyped = (column: string) =>
    !/INT|CHAR|CLOB|TEXT/.test(typeOf.get(column) ?? "INT") && /BLOB|^$/.test(typeOf.get(column) ?? "INT");
  const isFloatOrText = (column: string) => /^(?!.*INT).*(CHAR|CLOB|TEXT|REAL|FLOA|DOUB)/.test(typeOf.get(column) ?? "INT");
  const places = (names: readonly string[], meets: (column: string) => boolean) =>
    names.flatMap((column, at) => (meets(column) ? [at] : []));
  const kinds = (names: readonly string[]) => ({
    columns: names,
    untyped: places(names, isUntyped),
    numeric: places(names, (column) => !isFloatOrText(column)),
  });
  if (!rowid) {
    const keys = primary.map((column) => ({ name: column.name, declared: column.type }));
    return { name, rowid, keys, uniques, ...kinds(columns) };
  }
  const [alias] = primary.length === 1 && primary[0]?.type.toUpperCase() === "INTEGER" ? primary : [];
  if (alias) return { name, rowid, keys: [{ name: alias.name, declared: "INTEGER" }], uniques, ...kinds(columns) };
  if (all.some((column) => column.name.toLowerCase() === ROWID))
    throw new Error(`table ${name} has a column ${ROWID} that is not its rowid`);
  return { name, rowid, keys: [{ name: ROWID, declared: "INTEGER" }], uniques, ...kinds([ROWID, ...columns]) };
}

function indexColumns(sql: SqlStorage, table: string, index: string): string[] {
  const columns = indexColumnRow.array().parse(sql.exec(`PRAGMA index_info(${quoted(index)})`).toArray());
  return columns.map(({ name }) => {
    if (name === null) throw new Error(`table ${table} has a unique index over an expression: it cannot be exported`);
    return name;
  });
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
