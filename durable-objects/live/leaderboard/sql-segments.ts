import * as z from "zod";

/** Where rows that left the log lie. */
export const SEGMENT_TABLES = `
  CREATE TABLE log_segments (
    first_seq INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    crc32 INTEGER NOT NULL,
    key TEXT NOT NULL,
    archived_at INTEGER NOT NULL
  ) STRICT;
`;

/** A part of the log in R2: NDJSON, a row of the log per line. */
export interface LogSegment {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly rows: number;
  readonly bytes: number;
  readonly crc32: number;
  readonly key: string;
  /** Epoch milliseconds. */
  readonly archivedAt: number;
}

const COLUMNS = "first_seq, last_seq, rows, bytes, crc32, key, archived_at";
const SQL = {
  put: `INSERT OR REPLACE INTO log_segments (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  after: `SELECT ${COLUMNS} FROM log_segments WHERE first_seq > ? ORDER BY first_seq LIMIT ?`,
} as const;

const segmentRow = z
  .object({
    first_seq: z.number(),
    last_seq: z.number(),
    rows: z.number(),
    bytes: z.number(),
    crc32: z.number(),
    key: z.string(),
    archived_at: z.number(),
  })
  .transform((row): LogSegment => ({
    firstSeq: row.first_seq,
    lastSeq: row.last_seq,
    rows: row.rows,
    bytes: row.bytes,
    crc32: row.crc32,
    key: row.key,
    archivedAt: row.archived_at,
  }));

/** Rows of {@link SEGMENT_TABLES}. */
export class SegmentStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  put({ firstSeq, lastSeq, rows, bytes, crc32, key, archivedAt }: LogSegment): void {
    this.#sql.exec(SQL.put, firstSeq, lastSeq, rows, bytes, crc32, key, archivedAt);
  }

  after(firstSeq: number, limit: number): LogSegment[] {
    return this.#sql
      .exec(SQL.after, firstSeq, limit)
      .toArray()
      .map((row) => segmentRow.parse(row));
  }
}
