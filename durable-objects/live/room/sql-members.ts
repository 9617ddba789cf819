import * as z from "zod";
import { MEMBER_STATES, ROOM_ROLES } from "../../../contract/rooms.ts";
import { belongs } from "../../../core/live/rooms/rights.ts";
import { MEMBER_ROWS, type MemberQuery, type StoredMember } from "../../../core/live/rooms/store.ts";

export const MEMBER_TABLES = `
  CREATE TABLE members (
    subject TEXT PRIMARY KEY, ref TEXT NOT NULL, role TEXT NOT NULL, state TEXT NOT NULL, name TEXT NOT NULL, avatar_url TEXT,
    joined_at INTEGER NOT NULL, muted_until INTEGER, seen_at INTEGER, delivered INTEGER NOT NULL, read INTEGER NOT NULL,
    read_ordinal INTEGER NOT NULL, delivered_steps TEXT, read_steps TEXT
  ) STRICT, WITHOUT ROWID;`;

const COLUMNS = `subject, ref, role, state, name, avatar_url, joined_at, muted_until, seen_at, delivered, read, read_ordinal,
  delivered_steps, read_steps`;
const SQL = {
  find: `SELECT ${COLUMNS} FROM members WHERE subject = ?`,
  put: `INSERT OR REPLACE INTO members (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  list: `SELECT ${COLUMNS} FROM members WHERE subject > ? AND state IN ('active', 'invited') ORDER BY subject LIMIT ?`,
  listAll: `SELECT ${COLUMNS} FROM members WHERE subject > ? ORDER BY subject LIMIT ?`,
  counts: `SELECT count(*) AS rows, coalesce(sum(state IN ('active', 'invited')), 0) AS members,
    coalesce(sum(role = 'owner' AND state = 'active'), 0) AS owners FROM members`,
  dropLeft:
    "DELETE FROM members WHERE subject IN (SELECT subject FROM members WHERE state = 'left' ORDER BY joined_at LIMIT 100) RETURNING subject",
  drop: "DELETE FROM members WHERE subject = ? RETURNING 1",
} as const;

/** Members whose rows are held in memory; beyond it all are let go and read again as they come. */
const HELD = 2_048;

const stepsText = z
  .string()
  .nullable()
  .transform((text): unknown => (text === null ? [] : JSON.parse(text)))
  .pipe(z.array(z.tuple([z.number(), z.number()])));
const memberRow = z
  .object({
    subject: z.string(),
    ref: z.string(),
    role: z.enum(ROOM_ROLES),
    state: z.enum(MEMBER_STATES),
    name: z.string(),
    avatar_url: z.string().nullable(),
    joined_at: z.number(),
    muted_until: z.number().nullable(),
    seen_at: z.number().nullable(),
    delivered: z.number(),
    read: z.number(),
    read_ordinal: z.number(),
    delivered_steps: stepsText,
    read_steps: stepsText,
  })
  .transform((row): StoredMember => ({
    subject: row.subject,
    ref: row.ref,
    role: row.role,
    state: row.state,
    name: row.name,
    avatarUrl: row.avatar_url,
    joinedAt: row.joined_at,
    mutedUntil: row.muted_until,
    seenAt: row.seen_at,
    deliveredOffset: row.delivered,
    readOffset: row.read,
    readOrdinal: row.read_ordinal,
    delivered: row.delivered_steps,
    read: row.read_steps,
  }));
const countsRow = z.object({ rows: z.number(), members: z.number(), owners: z.number() });

/** Members of a room, former ones among them, in SQL. */
export class SqlMembers {
  readonly #sql: SqlStorage;
  readonly #held = new Map<string, StoredMember | undefined>();
  #counts: z.infer<typeof countsRow> | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Forgets memory: after a transaction was undone, and before a load. */
  reset(): void {
    this.#held.clear();
    this.#counts = undefined;
  }

  find(subject: string): StoredMember | undefined {
    if (this.#held.has(subject)) return this.#held.get(subject);
    const [row] = this.#sql.exec(SQL.find, subject).toArray();
    const member = row && memberRow.parse(row);
    this.#hold(subject, member);
    return member;
  }

  put(member: StoredMember): void {
    const before = this.find(member.subject);
    this.#sql.exec(
      SQL.put,
      member.subject,
      member.ref,
      member.role,
      member.state,
      member.name,
      member.avatarUrl,
      member.joinedAt,
      member.mutedUntil,
      member.seenAt,
      member.deliveredOffset,
      member.readOffset,
      member.readOrdinal,
      stepsOf(member.delivered),
      stepsOf(member.read),
    );
    this.#count(before, member);
    this.#hold(member.subject, member);
  }

  /** @returns whether there was one */
  drop(subject: string): boolean {
    this.#counts = undefined;
    this.#held.delete(subject);
    return this.#sql.exec(SQL.drop, subject).toArray().length > 0;
  }

  list({ after, limit, everybody }: MemberQuery): StoredMember[] {
    const rows = this.#sql.exec(everybody === true ? SQL.listAll : SQL.list, after, limit).toArray();
    return memberRow.array().parse(rows);
  }

  counts(): { readonly members: number; readonly owners: number } {
    return this.#read();
  }

  makeRoom(): boolean {
    if (this.#read().rows < MEMBER_ROWS) return true;
    const gone = this.#sql.exec(SQL.dropLeft).toArray().length;
    this.reset();
    return gone > 0;
  }

  #read(): z.infer<typeof countsRow> {
    return (this.#counts ??= countsRow.parse(this.#sql.exec(SQL.counts).one()));
  }

  /** Counting anew would read every member for each one who comes. */
  #count(before: StoredMember | undefined, after: StoredMember): void {
    const held = this.#counts;
    if (!held) return;
    const moved = (is: (member: StoredMember) => boolean): number => Number(is(after)) - Number(before !== undefined && is(before));
    this.#counts = {
      rows: held.rows + (before ? 0 : 1),
      members: held.members + moved(({ state }) => belongs(state)),
      owners: held.owners + moved(({ role, state }) => role === "owner" && state === "active"),
    };
  }

  #hold(subject: string, member: StoredMember | undefined): void {
    if (this.#held.size >= HELD) this.#held.clear();
    this.#held.set(subject, member);
  }
}

function stepsOf(steps: StoredMember["read"]): string | null {
  return steps.length === 0 ? null : JSON.stringify(steps);
}
