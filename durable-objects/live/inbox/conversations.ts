import { decodeCursor, encodeCursor } from "../../../contract/cursor.ts";
import type { Page } from "../../../contract/pages.ts";
import { ROOM_LIMITS } from "../../../contract/room-limits.ts";
import type { InboxEntry, InboxNote } from "../../../contract/rpc/inbox.ts";

/**
 * A person's conversations. One row a note and no index: a person has few, and a note is written far more often than the list is read.
 * Rows of rooms that were left stay for a day, so that an older note that was on its way does not bring them back.
 */
export const INBOX_TABLES = `
CREATE TABLE conversation (
  room TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  activity_at INTEGER NOT NULL,
  told_at INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL,
  entry TEXT NOT NULL
) WITHOUT ROWID;
`;

const GONE_KEPT_MS = 86_400_000;

interface Row extends Record<string, SqlStorageValue> {
  readonly room: string;
  readonly seq: number;
  readonly activity_at: number;
  readonly told_at: number;
  readonly state: string;
  readonly entry: string;
}

export class Conversations {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @returns whether it said something new */
  note(note: InboxNote, now: number): boolean {
    const before = this.#row(note.room);
    if (before && before.seq >= note.seq) return false;
    if (!before && note.state === "gone") return false;
    if (!before) this.#makeRoom(now);
    const { seq, room, isHere: _isHere, ...entry } = note;
    const last = note.summary?.last?.at;
    // A large room says nothing of its messages: it stands where it was joined, or last changed for this person.
    const activityAt = last ?? before?.activity_at ?? now;
    this.#sql.exec(
      `INSERT INTO conversation (room, seq, activity_at, state, entry) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT DO UPDATE SET seq = ?2, activity_at = ?3, state = ?4, entry = ?5`,
      room,
      seq,
      activityAt,
      note.state,
      JSON.stringify({ room, ...entry }),
    );
    return true;
  }

  entry(room: string): InboxEntry | undefined {
    const row = this.#row(room);
    return row && row.state !== "gone" ? entryOf(row) : undefined;
  }

  /** The newest activity first, then by the room's name. @returns undefined when the cursor is none of this list */
  list(limit: number, cursor: string | undefined): Page<InboxEntry> | undefined {
    const after = cursor === undefined ? [Number.MAX_SAFE_INTEGER, ""] : decodeCursor(cursor, ["number", "string"]);
    if (!after) return undefined;
    const rows = this.#sql
      .exec<Row>(
        `SELECT * FROM conversation WHERE state <> 'gone' AND (activity_at < ?1 OR (activity_at = ?1 AND room > ?2))
         ORDER BY activity_at DESC, room LIMIT ?3`,
        after[0] ?? 0,
        after[1] ?? "",
        limit + 1,
      )
      .toArray();
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    return { items: shown.map(entryOf), nextCursor: last && rows.length > limit ? encodeCursor([last.activity_at, last.room]) : null };
  }

  /** Notes that the person was told of what is unread. @returns whether it was long enough ago */
  mayTell(room: string, now: number): boolean {
    const row = this.#row(room);
    if (!row || row.told_at + ROOM_LIMITS.unreadEventMs > now) return false;
    this.#sql.exec("UPDATE conversation SET told_at = ?2 WHERE room = ?1", room, now);
    return true;
  }

  forgetAll(): number {
    return this.#sql.exec("DELETE FROM conversation").rowsWritten;
  }

  #row(room: string): Row | undefined {
    return this.#sql.exec<Row>("SELECT * FROM conversation WHERE room = ?", room).toArray()[0];
  }

  /** Before a new row: those that were left long ago go, and beyond the limit the one where least happens. */
  #makeRoom(now: number): void {
    const { count } = this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM conversation").one();
    if (count < ROOM_LIMITS.roomsPerPerson) return;
    this.#sql.exec("DELETE FROM conversation WHERE state = 'gone' AND activity_at < ?", now - GONE_KEPT_MS);
    this.#sql.exec(
      `DELETE FROM conversation WHERE room IN (SELECT room FROM conversation ORDER BY state <> 'gone', activity_at
         LIMIT max(0, (SELECT count(*) FROM conversation) - ?))`,
      ROOM_LIMITS.roomsPerPerson - 1,
    );
  }
}

function entryOf(row: Row): InboxEntry {
  return JSON.parse(row.entry) as InboxEntry; // written above, from a note
}
