import * as z from "zod";
import { entrySchema, type WindowArchive } from "../../../contract/leaderboard-reads.ts";

/** Where the archive of each closed window lies, one row of each ranking of it. */
export const ARCHIVE_TABLES = `
  CREATE TABLE ranking_archive (
    window TEXT NOT NULL,
    part TEXT NOT NULL,
    key TEXT NOT NULL,
    objects INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    crc32 TEXT NOT NULL,
    archived_at INTEGER NOT NULL,
    top TEXT NOT NULL,
    PRIMARY KEY (window, part)
  ) STRICT, WITHOUT ROWID;
`;

const COLUMNS = "window, part, key, objects, entries, bytes, crc32, archived_at, top";
const SQL = {
  of: `SELECT ${COLUMNS} FROM ranking_archive WHERE window = ? ORDER BY part`,
  find: `SELECT ${COLUMNS} FROM ranking_archive WHERE window = ? AND part = ?`,
  after: `SELECT ${COLUMNS} FROM ranking_archive WHERE (window, part) > (?, ?) ORDER BY window, part LIMIT 1`,
  put: `INSERT OR REPLACE INTO ranking_archive (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
} as const;

const archiveRow = z
  .object({
    window: z.string(),
    part: z.string(),
    key: z.string(),
    objects: z.number(),
    entries: z.number(),
    bytes: z.number(),
    crc32: z.string(),
    archived_at: z.number(),
    top: z.string().transform((text): unknown => JSON.parse(text)),
  })
  .transform((row): WindowArchive => ({
    window: row.window,
    partition: row.part === "" ? null : row.part,
    key: row.key,
    objects: row.objects,
    entries: row.entries,
    bytes: row.bytes,
    crc32: row.crc32,
    archivedAt: new Date(row.archived_at).toISOString(),
    top: z.array(entrySchema).parse(row.top),
  }));

/** What an erasure asks of what lies in R2. */
export interface ArchivedPlayers {
  /** Takes the player's lines away, in time. In a transaction. */
  forget(player: string, now: number): void;
}

/** Rows of {@link ARCHIVE_TABLES}: also the answer to who asks for the archive of a window. */
export class ArchiveStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Of all first, then by partition. */
  of(window: string): WindowArchive[] {
    return this.#sql
      .exec(SQL.of, window)
      .toArray()
      .map((row) => archiveRow.parse(row));
  }

  /** @param part the partition, or "" */
  find(window: string, part: string): WindowArchive | undefined {
    const [row] = this.#sql.exec(SQL.find, window, part).toArray();
    return row && archiveRow.parse(row);
  }

  /** The next one in the order of names. */
  after(window: string, part: string): WindowArchive | undefined {
    const [row] = this.#sql.exec(SQL.after, window, part).toArray();
    return row && archiveRow.parse(row);
  }

  put(archive: WindowArchive): void {
    const { window, partition, key, objects, entries, bytes, crc32, archivedAt, top } = archive;
    this.#sql.exec(SQL.put, window, partition ?? "", key, objects, entries, bytes, crc32, Date.parse(archivedAt), JSON.stringify(top));
  }
}

/** Where everything of a board lies in R2. Names of tenants and boards need no escaping. */
export function boardPrefix(tenantId: string, board: string): string {
  return `leaderboards/${tenantId}/${board}/`;
}

/** The object of a window's archive; the first of a large one has no number. */
export function archiveKey(prefix: string, window: string, partition: string | null, object = 1): string {
  return `${prefix}${window}${partition === null ? "" : `:${partition}`}${object === 1 ? "" : `.${object}`}.ndjson`;
}

/** One JSON value per line, as bytes. */
export function ndjson(values: readonly unknown[]): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
  return bytes as Uint8Array<ArrayBuffer>; // an encoder's memory is its own, shared with nobody
}
