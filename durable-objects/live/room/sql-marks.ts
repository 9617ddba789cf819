import * as z from "zod";
import { MEDIA_TYPES } from "../../../contract/rooms.ts";
import { type ClientIdBlock, type StoredMedia, type StoredVersion, VERSIONS } from "../../../core/live/rooms/store.ts";

/** What belongs to messages and is not theirs: former texts, who reacted, who was named, files, and where client ids are. */
export const MARK_TABLES = `
  CREATE TABLE versions (place INTEGER NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (place, version)) STRICT, WITHOUT ROWID;
  CREATE TABLE reactions (place INTEGER NOT NULL, emoji TEXT NOT NULL, subject TEXT NOT NULL, since INTEGER NOT NULL,
    PRIMARY KEY (place, emoji, subject)) STRICT, WITHOUT ROWID;
  CREATE TABLE mentions (subject TEXT NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (subject, place)) STRICT, WITHOUT ROWID;
  CREATE TABLE media (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, bytes INTEGER NOT NULL, width INTEGER, height INTEGER, thumbnail INTEGER NOT NULL,
    sha256 TEXT NOT NULL, uploader TEXT NOT NULL, at INTEGER NOT NULL, uses INTEGER NOT NULL, used INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE client_ids (last INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;`;

/** Rows that one deletion takes along; what is left shows nowhere and goes with the messages around it. */
const DROP_ROWS = 500;

/** The same where many messages go at once; what is left goes with the next ones. */
const RANGE_ROWS = 2_000;

const SQL = {
  addVersion: `INSERT INTO versions (place, version, at, text)
    SELECT ?1, coalesce(max(version), 0) + 1, ?2, ?3 FROM versions WHERE place = ?1`,
  cutVersions: "DELETE FROM versions WHERE place = ?1 AND version <= (SELECT max(version) FROM versions WHERE place = ?1) - ?2",
  dropVersions: "DELETE FROM versions WHERE place = ?",
  versions: "SELECT at, text FROM versions WHERE place = ? ORDER BY version",
  addReaction: "INSERT INTO reactions (place, emoji, subject, since) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1",
  dropReaction: "DELETE FROM reactions WHERE place = ? AND emoji = ? AND subject = ? RETURNING 1",
  reactors: "SELECT subject FROM reactions WHERE place = ? AND emoji = ? ORDER BY since, subject LIMIT ?",
  dropReactions: `DELETE FROM reactions WHERE (place, emoji, subject) IN
    (SELECT place, emoji, subject FROM reactions WHERE place = ? LIMIT ${DROP_ROWS})`,
  dropVersionsTo: `DELETE FROM versions WHERE (place, version) IN (SELECT place, version FROM versions WHERE place <= ? LIMIT ${RANGE_ROWS})`,
  dropReactionsTo: `DELETE FROM reactions WHERE (place, emoji, subject) IN
    (SELECT place, emoji, subject FROM reactions WHERE place <= ? LIMIT ${RANGE_ROWS})`,
  reactionsOf: "DELETE FROM reactions WHERE place = ? AND subject = ? RETURNING emoji",
  addMention: "INSERT INTO mentions (subject, place) VALUES (?, ?) ON CONFLICT DO NOTHING",
  mentionsAfter: "SELECT count(*) AS n FROM (SELECT 1 FROM mentions WHERE subject = ? AND place > ? LIMIT ?)",
  dropMentions: `DELETE FROM mentions WHERE (subject, place) IN
    (SELECT subject, place FROM mentions WHERE subject = ? AND place <= ? LIMIT ${DROP_ROWS})`,
  dropMention: "DELETE FROM mentions WHERE subject = ? AND place = ?",
  media: "SELECT id, type, bytes, width, height, thumbnail, sha256, uploader, at FROM media WHERE id = ?",
  putMedia: `INSERT OR REPLACE INTO media (id, type, bytes, width, height, thumbnail, sha256, uploader, at, uses, used)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)`,
  useMedia: "UPDATE media SET uses = uses + ?1, used = 1 WHERE id = ?2 RETURNING uses",
  dropMedia: "DELETE FROM media WHERE id = ?",
  uploadedBy: "SELECT id FROM media WHERE uploader = ? LIMIT ?",
  disown: "UPDATE media SET uploader = ? WHERE id = ?",
  unused: "SELECT id FROM media WHERE used = 0 AND at < ? LIMIT ?",
  oldestUnused: "SELECT min(at) AS n FROM media WHERE used = 0",
  blocks: "SELECT last, bytes FROM client_ids ORDER BY last",
  putBlock: "INSERT OR REPLACE INTO client_ids (last, bytes) VALUES (?, ?)",
  trimBlocks: "DELETE FROM client_ids WHERE last <= (SELECT last FROM client_ids ORDER BY last DESC LIMIT 1 OFFSET ?)",
} as const;

const subjectRow = z.object({ subject: z.string() });
const emojiRow = z.object({ emoji: z.string() });
const versionRow = z.object({ at: z.number(), text: z.string() });
const numberRow = z.object({ n: z.number().nullable() });
const usesRow = z.object({ uses: z.number() });
const idRow = z.object({ id: z.string() });
const blockRow = z.object({ last: z.number(), bytes: z.instanceof(ArrayBuffer) });
const mediaRow = z
  .object({
    id: z.string(),
    type: z.enum(MEDIA_TYPES),
    bytes: z.number(),
    width: z.number().nullable(),
    height: z.number().nullable(),
    thumbnail: z.number(),
    sha256: z.string(),
    uploader: z.string(),
    at: z.number(),
  })
  .transform(({ id, thumbnail, uploader, ...row }): StoredMedia => ({
    ...row,
    mediaId: id,
    hasThumbnail: thumbnail === 1,
    by: uploader,
  }));

export class SqlMarks {
  readonly #sql: SqlStorage;
  /** Told of a file that nothing shows any more, in the transaction. */
  readonly #doomed: (mediaId: string) => void;

  constructor(sql: SqlStorage, doomed: (mediaId: string) => void) {
    this.#sql = sql;
    this.#doomed = doomed;
  }

  addVersion(place: number, { at, text }: StoredVersion): void {
    this.#sql.exec(SQL.addVersion, place, at, text);
    this.#sql.exec(SQL.cutVersions, place, VERSIONS);
  }

  versions(place: number): StoredVersion[] {
    return versionRow.array().parse(this.#sql.exec(SQL.versions, place).toArray());
  }

  dropVersions(place: number): void {
    this.#sql.exec(SQL.dropVersions, place);
  }

  addReaction(place: number, emoji: string, subject: string, since: number): boolean {
    return this.#sql.exec(SQL.addReaction, place, emoji, subject, since).toArray().length > 0;
  }

  dropReaction(place: number, emoji: string, subject: string): boolean {
    return this.#sql.exec(SQL.dropReaction, place, emoji, subject).toArray().length > 0;
  }

  reactors(place: number, emoji: string, limit: number): string[] {
    return subjectRow
      .array()
      .parse(this.#sql.exec(SQL.reactors, place, emoji, limit).toArray())
      .map(({ subject }) => subject);
  }

  dropReactions(place: number): void {
    this.#sql.exec(SQL.dropReactions, place);
  }

  /** Of messages up to a place that are no longer here. */
  dropUpTo(place: number): void {
    this.#sql.exec(SQL.dropVersionsTo, place);
    this.#sql.exec(SQL.dropReactionsTo, place);
  }

  /** Takes back what somebody reacted to a message. @returns with which emoji */
  dropReactionsOf(place: number, subject: string): string[] {
    return emojiRow
      .array()
      .parse(this.#sql.exec(SQL.reactionsOf, place, subject).toArray())
      .map(({ emoji }) => emoji);
  }

  addMention(subject: string, place: number): void {
    this.#sql.exec(SQL.addMention, subject, place);
  }

  mentionsAfter(subject: string, place: number, limit: number): number {
    return numberRow.parse(this.#sql.exec(SQL.mentionsAfter, subject, place, limit).one()).n ?? 0;
  }

  dropMentions(subject: string, upTo: number): void {
    this.#sql.exec(SQL.dropMentions, subject, upTo);
  }

  dropMention(subject: string, place: number): void {
    this.#sql.exec(SQL.dropMention, subject, place);
  }

  media(mediaId: string): StoredMedia | undefined {
    const [row] = this.#sql.exec(SQL.media, mediaId).toArray();
    return row && mediaRow.parse(row);
  }

  putMedia({ mediaId, type, bytes, width, height, hasThumbnail, sha256, by, at }: StoredMedia): void {
    this.#sql.exec(SQL.putMedia, mediaId, type, bytes, width, height, hasThumbnail ? 1 : 0, sha256, by, at);
  }

  useMedia(mediaId: string, change: 1 | -1): void {
    const [row] = this.#sql.exec(SQL.useMedia, change, mediaId).toArray();
    if (row && usesRow.parse(row).uses <= 0) this.dropMedia(mediaId);
  }

  dropMedia(mediaId: string): void {
    this.#sql.exec(SQL.dropMedia, mediaId);
    this.#doomed(mediaId);
  }

  /** Files that were uploaded before and never shown. */
  unusedBefore(at: number, limit: number): string[] {
    return idRow
      .array()
      .parse(this.#sql.exec(SQL.unused, at, limit).toArray())
      .map(({ id }) => id);
  }

  /** Files that somebody uploaded become nobody's: those that nothing shows go by themselves. @returns how many there were, a limit at most */
  disown(subject: string, nobody: string, limit: number): number {
    const ids = idRow.array().parse(this.#sql.exec(SQL.uploadedBy, subject, limit).toArray());
    for (const { id } of ids) this.#sql.exec(SQL.disown, nobody, id);
    return ids.length;
  }

  /** When the oldest file that was never shown came; null without any. */
  oldestUnused(): number | null {
    return numberRow.parse(this.#sql.exec(SQL.oldestUnused).one()).n;
  }

  clientIdBlocks(): ClientIdBlock[] {
    return blockRow
      .array()
      .parse(this.#sql.exec(SQL.blocks).toArray())
      .map(({ last, bytes }) => ({ last, bytes: new Uint8Array(bytes) }));
  }

  putClientIdBlock({ last, bytes }: ClientIdBlock): void {
    this.#sql.exec(SQL.putBlock, last, bytes.slice().buffer);
  }

  trimClientIdBlocks(keep: number): void {
    this.#sql.exec(SQL.trimBlocks, keep);
  }
}
