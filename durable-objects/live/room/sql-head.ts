import * as z from "zod";
import { ROOM_KINDS } from "../../../contract/rooms.ts";
import { MAINTENANCE_LIMITS } from "../../../contract/rpc/maintenance.ts";
import type { RoomHead } from "../../../core/live/rooms/store.ts";

/** The one row is there while the room is, from its first `configure` to the end of its removal. */
export const HEAD_TABLES = `
  CREATE TABLE room (
    id INTEGER PRIMARY KEY CHECK (id = 1), room TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL, retention_days INTEGER,
    hot_messages INTEGER NOT NULL, version INTEGER NOT NULL, created_at INTEGER NOT NULL, epoch TEXT NOT NULL, state TEXT NOT NULL,
    floor INTEGER NOT NULL, left_ordinal INTEGER NOT NULL, purged INTEGER NOT NULL, event_seq INTEGER NOT NULL
  ) STRICT;`;

const HEAD = `room, kind, title, retention_days AS retentionDays, hot_messages AS hotMessages, version, created_at AS createdAt, epoch, state`;
const SQL = {
  exists: "SELECT 1 FROM sqlite_schema WHERE name = 'room'",
  find: `SELECT ${HEAD}, floor, left_ordinal AS leftOrdinal, purged, event_seq AS eventSeq FROM room`,
  insert: `INSERT INTO room (id, room, kind, title, retention_days, hot_messages, version, created_at, epoch, state, floor, left_ordinal, purged, event_seq)
    VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?)`,
  update: "UPDATE room SET kind = ?, title = ?, retention_days = ?, hot_messages = ?, version = ?, epoch = ?, state = ?",
  left: "UPDATE room SET floor = ?, left_ordinal = ?, purged = ?",
  seen: "UPDATE room SET epoch = ?, event_seq = ?",
  eventSeq: "SELECT seq FROM sqlite_sequence WHERE name = 'kit_outbox'",
  close: "DELETE FROM room",
} as const;

/** What has left the room itself: the newest place of it, its ordinal, and up to which ordinal messages are gone for good. */
export interface LeftPlaces {
  readonly floor: number;
  readonly leftOrdinal: number;
  readonly purged: number;
}

const headRow = z
  .object({
    room: z.string(),
    kind: z.enum(ROOM_KINDS),
    title: z.string(),
    retentionDays: z.number().nullable(),
    hotMessages: z.number(),
    version: z.number(),
    createdAt: z.number(),
    epoch: z.string(),
    state: z.enum(["live", "removing"]),
    floor: z.number(),
    leftOrdinal: z.number(),
    purged: z.number(),
    eventSeq: z.number(),
  })
  .transform(({ floor, leftOrdinal, purged, eventSeq, ...head }): { head: RoomHead; left: LeftPlaces; eventSeq: number } => ({
    head,
    left: { floor, leftOrdinal, purged },
    eventSeq,
  }));
type HeadRow = z.infer<typeof headRow>;
const seqRow = z.object({ seq: z.number() });

/** Whether a room was ever configured here. Reads, and writes nothing: it may be asked of an object that never was opened. */
export function wasConfigured(sql: SqlStorage): boolean {
  return sql.exec(SQL.exists).toArray().length > 0;
}

/** The room's own row. */
export class SqlHead {
  readonly #sql: SqlStorage;
  /** Undefined: to be read. */
  #row: HeadRow | null | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Forgets memory: after a transaction was undone, and before a load. */
  reset(): void {
    this.#row = undefined;
  }

  find(): RoomHead | undefined {
    return this.#read()?.head;
  }

  put(head: RoomHead): void {
    const { room, kind, title, retentionDays, hotMessages, version, createdAt, epoch, state } = head;
    if (this.#read()) this.#sql.exec(SQL.update, kind, title, retentionDays, hotMessages, version, epoch, state);
    else
      this.#sql.exec(SQL.insert, room, kind, title, retentionDays, hotMessages, version, createdAt, epoch, state, this.#newestEventSeq());
    this.#row = undefined;
  }

  left(): LeftPlaces {
    return this.#read()?.left ?? { floor: 0, leftOrdinal: 0, purged: 0 };
  }

  putLeft({ floor, leftOrdinal, purged }: LeftPlaces): void {
    this.#sql.exec(SQL.left, floor, leftOrdinal, purged);
    this.#row = undefined;
  }

  /** The last of a removal. */
  close(): void {
    this.#sql.exec(SQL.close);
    this.#row = undefined;
  }

  /**
   * Gives a room that was put back from a backup a new epoch: what clients saw behind the backup's moment is not in its log. A restored
   * object is known by the numbers of its events, which jump by `restoredSeqGap`; a room that gave so many itself since it was looked at
   * has a new epoch for nothing, which costs its clients a new reading.
   * @param epoch the new one, should one be needed
   */
  noticeRestore(epoch: string): void {
    const row = this.#read();
    if (!row) return;
    const seq = this.#newestEventSeq();
    if (seq - row.eventSeq >= MAINTENANCE_LIMITS.restoredSeqGap) this.#see(epoch, seq);
    else if (seq - row.eventSeq >= MAINTENANCE_LIMITS.restoredSeqGap / 2) this.#see(row.head.epoch, seq);
  }

  #see(epoch: string, seq: number): void {
    this.#sql.exec(SQL.seen, epoch, seq);
    this.#row = undefined;
  }

  #newestEventSeq(): number {
    const [row] = this.#sql.exec(SQL.eventSeq).toArray();
    return row ? seqRow.parse(row).seq : 0;
  }

  #read(): HeadRow | null {
    if (this.#row !== undefined) return this.#row;
    const [row] = this.#sql.exec(SQL.find).toArray();
    return (this.#row = row === undefined ? null : headRow.parse(row));
  }
}
