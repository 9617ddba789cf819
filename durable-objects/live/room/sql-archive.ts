import * as z from "zod";

/**
 * Which messages lie in the archive, by the newest place of each file; and those of them that were deleted since, until their file is
 * written anew without them.
 */
export const ARCHIVE_TABLES = `
  CREATE TABLE segments (
    last INTEGER PRIMARY KEY, first INTEGER NOT NULL, last_ordinal INTEGER NOT NULL, newest_at INTEGER NOT NULL, key TEXT NOT NULL
  ) STRICT;
  CREATE TABLE buried (place INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;`;

export interface Segment {
  /** Places of its first and last message. */
  readonly first: number;
  readonly last: number;
  readonly lastOrdinal: number;
  /** Epoch milliseconds: none of its messages is younger. */
  readonly newestAt: number;
  /** In the bucket. */
  readonly key: string;
}

const COLUMNS = "first, last, last_ordinal AS lastOrdinal, newest_at AS newestAt, key";
const SQL = {
  put: "INSERT OR REPLACE INTO segments (last, first, last_ordinal, newest_at, key) VALUES (?, ?, ?, ?, ?)",
  drop: "DELETE FROM segments WHERE last = ?",
  reaching: `SELECT ${COLUMNS} FROM segments WHERE last >= ? ORDER BY last LIMIT 1`,
  below: `SELECT ${COLUMNS} FROM segments WHERE first < ? ORDER BY last DESC LIMIT 1`,
  hasKey: "SELECT 1 FROM segments WHERE key = ?",
  bury: "INSERT OR IGNORE INTO buried (place, at) VALUES (?, ?)",
  buried: "SELECT place, at FROM buried WHERE place >= ? AND place <= ?",
  firstBuried: "SELECT place, at FROM buried ORDER BY place LIMIT 1",
  dropBuried: "DELETE FROM buried WHERE place >= ? AND place <= ?",
} as const;

const segmentRow = z.object({ first: z.number(), last: z.number(), lastOrdinal: z.number(), newestAt: z.number(), key: z.string() });
const buriedRow = z.object({ place: z.number(), at: z.number() });

export class SqlArchive {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  put({ first, last, lastOrdinal, newestAt, key }: Segment): void {
    this.#sql.exec(SQL.put, last, first, lastOrdinal, newestAt, key);
  }

  drop(segment: Segment): void {
    this.#sql.exec(SQL.drop, segment.last);
    this.#sql.exec(SQL.dropBuried, segment.first, segment.last);
  }

  /** The oldest one that reaches to a place or beyond it. */
  reaching(place: number): Segment | undefined {
    return this.#segment(SQL.reaching, place);
  }

  /** The newest one that begins below a place. */
  below(place: number): Segment | undefined {
    return this.#segment(SQL.below, place);
  }

  isUsed(key: string): boolean {
    return this.#sql.exec(SQL.hasKey, key).toArray().length > 0;
  }

  /** Notes that a message was deleted. */
  bury(place: number, at: number): void {
    this.#sql.exec(SQL.bury, place, at);
  }

  /** When messages of a segment were deleted, by their place. */
  buriedIn({ first, last }: Segment): Map<number, number> {
    const rows = buriedRow.array().parse(this.#sql.exec(SQL.buried, first, last).toArray());
    return new Map(rows.map(({ place, at }) => [place, at]));
  }

  firstBuried(): number | undefined {
    const [row] = this.#sql.exec(SQL.firstBuried).toArray();
    return row && buriedRow.parse(row).place;
  }

  unbury(place: number): void {
    this.#sql.exec(SQL.dropBuried, place, place);
  }

  #segment(statement: string, place: number): Segment | undefined {
    const [row] = this.#sql.exec(statement, place).toArray();
    return row && segmentRow.parse(row);
  }
}
