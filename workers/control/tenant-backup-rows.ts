import type { EdgeEnv } from "../env.ts";

/** A table of D1 of which a tenant's rows travel. */
export interface TravellingTable {
  readonly database: "DB" | "HISTORY";
  readonly name: string;
  /** Column that says whose a row is. */
  readonly owner: string;
  /** Columns that tell one tenant's rows apart, in the order of an index. */
  readonly keys: readonly string[];
}

/**
 * What of D1 belongs to a tenant. People travel as their memberships, with name and address and without any credential: who has no
 * account where the tenant is restored, is invited again. Projections travel as they are; events of the objects bring them on.
 */
export const TRAVELLING: readonly TravellingTable[] = [
  { database: "DB", name: "control_outbox", owner: "tenant_id", keys: ["id"] },
  { database: "DB", name: "control_tenant", owner: "tenant_id", keys: ["tenant_id"] },
  { database: "DB", name: "control_key", owner: "tenant_id", keys: ["key_id"] },
  { database: "DB", name: "identity_subject", owner: "tenant_id", keys: ["ref"] },
  { database: "DB", name: "control_host", owner: "tenant_id", keys: ["host"] },
  { database: "DB", name: "control_object", owner: "tenant_id", keys: ["kind", "name"] },
  { database: "HISTORY", name: "control_event", owner: "tenant_id", keys: ["id"] },
  { database: "HISTORY", name: "control_dead_letter", owner: "tenant_id", keys: ["id"] },
  { database: "HISTORY", name: "control_event_count", owner: "tenant_id", keys: ["type", "hour"] },
  { database: "HISTORY", name: "control_event_counted", owner: "tenant_id", keys: ["source"] },
  // Added ones come last: a backup under way counts tables.
  { database: "DB", name: "leaderboard_board", owner: "tenant_id", keys: ["board"] },
  { database: "DB", name: "leaderboard_mode", owner: "tenant_id", keys: ["mode"] },
  { database: "DB", name: "room_catalogue", owner: "tenant_id", keys: ["room"] },
  { database: "DB", name: "topic_catalogue", owner: "tenant_id", keys: ["topic"] },
];

export type Cell = string | number | null;
export type RowPlace = readonly (string | number)[];

/** Rows of a page; each is small, but an event may have 100 KB. */
const PAGE_ROWS = 200;
const PAGE_BYTES = 1024 * 1024;

export interface RowPage {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Behind the last row; null at the end of the table. */
  readonly next: RowPlace | null;
}

/** The next rows of a tenant. */
export async function readRows(env: EdgeEnv, table: TravellingTable, tenantId: string, after: RowPlace | null): Promise<RowPage> {
  const keys = table.keys.join(", ");
  const behind = after === null ? "" : `AND (${keys}) > (${table.keys.map((_, at) => `?${at + 2}`).join(", ")})`;
  const { results } = await env[table.database]
    .prepare(`SELECT * FROM ${table.name} WHERE ${table.owner} = ?1 ${behind} ORDER BY ${keys} LIMIT ${PAGE_ROWS}`)
    .bind(tenantId, ...(after ?? []))
    .all<Record<string, Cell>>();
  const columns = Object.keys(results[0] ?? {});
  const rows: Cell[][] = [];
  let bytes = 0;
  let last: RowPlace | null = null;
  for (const row of results) {
    const cells = columns.map((column) => row[column] ?? null);
    const size = JSON.stringify(cells).length;
    if (rows.length > 0 && bytes + size > PAGE_BYTES) break;
    rows.push(cells);
    bytes += size;
    last = table.keys.map((key) => row[key] ?? "");
  }
  return { columns, rows, next: rows.length < results.length || results.length === PAGE_ROWS ? last : null };
}

/**
 * Puts rows back. Those that are there already stay: a repeated slice changes nothing, and nobody's host becomes another's.
 * Columns that this release does not have are left out.
 */
export async function writeRows(
  env: EdgeEnv,
  table: TravellingTable,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): Promise<void> {
  const database = env[table.database];
  const { results } = await database.prepare(`SELECT name FROM pragma_table_info('${table.name}')`).all<{ name: string }>();
  // A number of SQLite's own; the row gets the next one here.
  const known = new Set(results.map(({ name }) => name).filter((name) => !(table.name === "control_outbox" && name === "seq")));
  const used = columns.flatMap((name, at) => (known.has(name) ? [{ name, at }] : []));
  await database
    .prepare(
      `INSERT OR IGNORE INTO ${table.name} (${used.map(({ name }) => name).join(", ")})
       SELECT ${used.map(({ at }) => `value ->> '$[${at}]'`).join(", ")} FROM json_each(?1)`,
    )
    .bind(JSON.stringify(rows))
    .run();
}
