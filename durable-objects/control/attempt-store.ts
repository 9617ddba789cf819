import * as z from "zod";

const SQL = {
  tat: "SELECT tat FROM bucket WHERE id = ?",
  put: "INSERT OR REPLACE INTO bucket (id, tat) VALUES (?, ?)",
  delete: "DELETE FROM bucket WHERE id = ? RETURNING 1",
  // No index by time: these scan at most the whole bounded table, and only once a minute or once per thousand new names.
  deleteUntil: "DELETE FROM bucket WHERE id IN (SELECT id FROM bucket WHERE tat <= ? LIMIT ?) RETURNING 1",
  deleteNearest: "DELETE FROM bucket WHERE id IN (SELECT id FROM bucket ORDER BY tat LIMIT ?) RETURNING 1",
  nearest: "SELECT MIN(tat) AS tat FROM bucket",
  count: "SELECT COUNT(*) AS n FROM bucket",
} as const;

const tatRow = z.object({ tat: z.number().nullable() });
const countRow = z.object({ n: z.number() });

/** Buckets by id, each one number: its theoretical arrival time in epoch milliseconds. */
export interface AttemptStore {
  tat(id: string): number | undefined;
  put(id: string, tat: number): void;
  /** These answer how many rows they removed. */
  delete(id: string): number;
  deleteUntil(until: number, limit: number): number;
  deleteNearest(limit: number): number;
  /** The earliest time at which a bucket comes to rest. */
  nearest(): number | null;
  count(): number;
}

export function createAttemptStore(sql: SqlStorage): AttemptStore {
  const tatOf = (row: unknown) => (row === undefined ? null : tatRow.parse(row).tat);
  return {
    tat: (id) => tatOf(sql.exec(SQL.tat, id).toArray()[0]) ?? undefined,
    put: (id, tat) => void sql.exec(SQL.put, id, tat),
    delete: (id) => sql.exec(SQL.delete, id).toArray().length,
    deleteUntil: (until, limit) => sql.exec(SQL.deleteUntil, until, limit).toArray().length,
    deleteNearest: (limit) => sql.exec(SQL.deleteNearest, limit).toArray().length,
    nearest: () => tatOf(sql.exec(SQL.nearest).toArray()[0]),
    count: () => countRow.parse(sql.exec(SQL.count).one()).n,
  };
}
