import * as z from "zod";
import { MESSAGE_KINDS, reactionSchema } from "../../../contract/rooms.ts";
import type { LogPlaces, StoredMessage, StoredNote } from "../../../core/live/rooms/store.ts";
import type { SqlHead } from "./sql-head.ts";

/**
 * Two tables of one log: every place is in one of them. A message's row is its present state. No index beside the tables: a send writes
 * one row; history reads messages without walking over what else happened.
 */
export const LOG_TABLES = `
  CREATE TABLE messages (
    place INTEGER PRIMARY KEY, ordinal INTEGER NOT NULL, at INTEGER NOT NULL, sender TEXT NOT NULL, sender_name TEXT NOT NULL,
    client_id TEXT, kind TEXT NOT NULL, text TEXT NOT NULL, media_id TEXT, media TEXT, reply_to INTEGER, mentions TEXT, reactions TEXT,
    edited_at INTEGER, deleted_at INTEGER
  ) STRICT;
  CREATE TABLE notes (place INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL) STRICT;`;

const COLUMNS =
  "place, ordinal, at, sender, sender_name, client_id, kind, text, media_id, media, reply_to, mentions, reactions, edited_at, deleted_at";
const SQL = {
  newest: "SELECT place, ordinal FROM messages ORDER BY place DESC LIMIT 1",
  newestNote: "SELECT place FROM notes ORDER BY place DESC LIMIT 1",
  put: `INSERT OR REPLACE INTO messages (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  find: `SELECT ${COLUMNS} FROM messages WHERE place = ?`,
  before: `SELECT * FROM (SELECT ${COLUMNS} FROM messages WHERE place < ? ORDER BY place DESC LIMIT ?) ORDER BY place`,
  after: `SELECT ${COLUMNS} FROM messages WHERE place > ? ORDER BY place LIMIT ?`,
  ordinalAt: "SELECT ordinal FROM messages WHERE place <= ? ORDER BY place DESC LIMIT 1",
  drop: "DELETE FROM messages WHERE place <= ?",
  oldest: `SELECT ${COLUMNS} FROM messages ORDER BY place LIMIT 1`,
  firstYoung: "SELECT place FROM messages WHERE at >= ? ORDER BY place LIMIT 1",
  note: "INSERT OR REPLACE INTO notes (place, at, event) VALUES (?, ?, ?)",
  notesAfter: "SELECT place, at, event FROM notes WHERE place > ? ORDER BY place LIMIT ?",
  trimNotes: "DELETE FROM notes WHERE place IN (SELECT place FROM notes WHERE place <= ? ORDER BY place LIMIT ?)",
} as const;

const jsonText = z.string().transform((text): unknown => JSON.parse(text));
const mediaShape = z.object({ type: z.string(), bytes: z.number(), width: z.number().nullable(), height: z.number().nullable() });
const messageRow = z
  .object({
    place: z.number(),
    ordinal: z.number(),
    at: z.number(),
    sender: z.string(),
    sender_name: z.string(),
    client_id: z.string().nullable(),
    kind: z.enum(MESSAGE_KINDS),
    text: z.string(),
    media_id: z.string().nullable(),
    media: jsonText.pipe(mediaShape).nullable(),
    reply_to: z.number().nullable(),
    mentions: jsonText.pipe(z.array(z.string())).nullable(),
    reactions: jsonText.pipe(z.array(reactionSchema)).nullable(),
    edited_at: z.number().nullable(),
    deleted_at: z.number().nullable(),
  })
  .transform((row): StoredMessage => ({
    offset: row.place,
    ordinal: row.ordinal,
    clientId: row.client_id,
    sender: row.sender,
    senderName: row.sender_name,
    at: row.at,
    kind: row.kind,
    text: row.text,
    mediaId: row.media_id,
    media: row.media,
    replyTo: row.reply_to,
    mentions: row.mentions ?? [],
    reactions: row.reactions ?? [],
    editedAt: row.edited_at,
    deletedAt: row.deleted_at,
  }));
/** Written by this module alone, from events that were checked: only its frame is looked at again. */
const noteRow = z.object({
  place: z.number(),
  at: z.number(),
  event: jsonText.pipe(
    z.custom<StoredNote["event"]>((event) => z.object({ type: z.string(), data: z.looseObject({}) }).safeParse(event).success),
  ),
});
const placeRow = z.object({ place: z.number() });
const ordinalRow = z.object({ ordinal: z.number() });
const newestRow = z.object({ place: z.number(), ordinal: z.number() });

/** Messages and other events of a room, in SQL. */
export class SqlRoomLog {
  readonly #sql: SqlStorage;
  readonly #head: SqlHead;
  #newest: { readonly offset: number; readonly ordinal: number } | undefined;

  constructor(sql: SqlStorage, head: SqlHead) {
    this.#sql = sql;
    this.#head = head;
  }

  /** Forgets memory: after a transaction was undone, and before a load. */
  reset(): void {
    this.#newest = undefined;
  }

  places(): LogPlaces {
    const { floor, purged } = this.#head.left();
    return { ...(this.#newest ??= this.#readNewest()), floor, purged };
  }

  append(message: StoredMessage): void {
    this.rewrite(message);
    this.#newest = { offset: message.offset, ordinal: message.ordinal };
  }

  rewrite(message: StoredMessage): void {
    this.#sql.exec(
      SQL.put,
      message.offset,
      message.ordinal,
      message.at,
      message.sender,
      message.senderName,
      message.clientId,
      message.kind,
      message.text,
      message.mediaId,
      message.media === null ? null : JSON.stringify(message.media),
      message.replyTo,
      listText(message.mentions),
      listText(message.reactions),
      message.editedAt,
      message.deletedAt,
    );
  }

  message(offset: number): StoredMessage | undefined {
    return this.#messages(SQL.find, offset)[0];
  }

  messagesBefore(offset: number, limit: number): StoredMessage[] {
    return this.#messages(SQL.before, offset, limit);
  }

  messagesAfter(offset: number, limit: number): StoredMessage[] {
    return this.#messages(SQL.after, offset, limit);
  }

  /** The oldest that is in the room itself. */
  oldest(): StoredMessage | undefined {
    return this.#messages(SQL.oldest)[0];
  }

  ordinalAt(offset: number): number {
    const [row] = this.#sql.exec(SQL.ordinalAt, offset).toArray();
    return row ? ordinalRow.parse(row).ordinal : this.#head.left().leftOrdinal;
  }

  /** Place of the first message that is not older than this; undefined when all are. */
  firstSince(at: number): number | undefined {
    const [row] = this.#sql.exec(SQL.firstYoung, at).toArray();
    return row && placeRow.parse(row).place;
  }

  /** Removes messages up to a place, once it is noted that they have left. */
  drop(upTo: number): void {
    this.places(); // read before the newest may go
    this.#sql.exec(SQL.drop, upTo);
  }

  note({ offset, at, event }: StoredNote): void {
    const { ordinal } = this.places();
    this.renote({ offset, at, event });
    this.#newest = { offset, ordinal };
  }

  /** Puts something else over an event that stays at its place. */
  renote({ offset, at, event }: StoredNote): void {
    this.#sql.exec(SQL.note, offset, at, JSON.stringify(event));
  }

  notesAfter(offset: number, limit: number): StoredNote[] {
    const rows = this.#sql.exec(SQL.notesAfter, offset, limit).toArray();
    return noteRow
      .array()
      .parse(rows)
      .map(({ place, at, event }) => ({ offset: place, at, event }));
  }

  trimNotes(upTo: number, limit: number): void {
    this.#sql.exec(SQL.trimNotes, upTo, limit);
  }

  #readNewest(): { offset: number; ordinal: number } {
    const [row] = this.#sql.exec(SQL.newest).toArray();
    const [note] = this.#sql.exec(SQL.newestNote).toArray();
    const { floor, leftOrdinal } = this.#head.left();
    const newest = row ? newestRow.parse(row) : { place: floor, ordinal: leftOrdinal };
    return { offset: Math.max(newest.place, note ? placeRow.parse(note).place : 0), ordinal: newest.ordinal };
  }

  #messages(statement: string, ...bindings: number[]): StoredMessage[] {
    return messageRow.array().parse(this.#sql.exec(statement, ...bindings).toArray());
  }
}

function listText(list: readonly unknown[]): string | null {
  return list.length === 0 ? null : JSON.stringify(list);
}
