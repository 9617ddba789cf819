import * as z from "zod";
import type { SubjectAccount } from "../../core/control/subject-accounts.ts";

const COLUMNS =
  "issuer, sub, ref, name, avatar_url, guest, email, email_digest, password_hash, created_at, upgraded_at, last_seen_at, written_at";
const SQL = {
  find: `SELECT ${COLUMNS} FROM account WHERE issuer = ? AND sub = ?`,
  put: `INSERT OR REPLACE INTO account (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  delete: "DELETE FROM account WHERE issuer = ? AND sub = ? RETURNING 1",
  bury: "INSERT OR IGNORE INTO tombstone (ref, deleted_at) VALUES (?, ?)",
  deletedAt: "SELECT deleted_at AS at FROM tombstone WHERE ref = ?",
  void: "INSERT OR IGNORE INTO voided_claim (claim_id, voided_at) VALUES (?, ?)",
  voidedAt: "SELECT voided_at AS at FROM voided_claim WHERE claim_id = ?",
  sweepTombstones: "DELETE FROM tombstone WHERE ref IN (SELECT ref FROM tombstone WHERE deleted_at <= ? LIMIT ?) RETURNING 1",
  sweepVoided: "DELETE FROM voided_claim WHERE claim_id IN (SELECT claim_id FROM voided_claim WHERE voided_at <= ? LIMIT ?) RETURNING 1",
  oldestTombstone: "SELECT min(deleted_at) AS at FROM tombstone",
  oldestVoided: "SELECT min(voided_at) AS at FROM voided_claim",
} as const;

const flag = z.number().transform((bit) => bit === 1);
const accountRow = z
  .object({
    issuer: z.string(),
    sub: z.string(),
    ref: z.string(),
    name: z.string(),
    avatar_url: z.string().nullable(),
    guest: flag,
    email: z.string().nullable(),
    email_digest: z.string().nullable(),
    password_hash: z.string().nullable(),
    created_at: z.number(),
    upgraded_at: z.number().nullable(),
    last_seen_at: z.number(),
    written_at: z.number(),
  })
  .transform((row): SubjectAccount => ({
    issuer: row.issuer,
    sub: row.sub,
    ref: row.ref,
    name: row.name,
    avatarUrl: row.avatar_url,
    guest: row.guest,
    email: row.email,
    emailDigest: row.email_digest,
    passwordHash: row.password_hash,
    createdAt: row.created_at,
    upgradedAt: row.upgraded_at,
    lastSeenAt: row.last_seen_at,
    writtenAt: row.written_at,
  }));
const atRow = z.object({ at: z.number().nullable() });

/** Subjects that live at this object, and what is left of those who went. Counts are of rows that went. */
export class AccountStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(issuer: string, sub: string): SubjectAccount | undefined {
    const [row] = this.#sql.exec(SQL.find, issuer, sub).toArray();
    return row && accountRow.parse(row);
  }

  put(account: SubjectAccount): void {
    this.#sql.exec(
      SQL.put,
      account.issuer,
      account.sub,
      account.ref,
      account.name,
      account.avatarUrl,
      account.guest ? 1 : 0,
      account.email,
      account.emailDigest,
      account.passwordHash,
      account.createdAt,
      account.upgradedAt,
      account.lastSeenAt,
      account.writtenAt,
    );
  }

  delete(issuer: string, sub: string): number {
    return this.#count(SQL.delete, issuer, sub);
  }

  /** Keeps a deleted subject out until the tombstone is swept. */
  bury(ref: string, now: number): void {
    this.#sql.exec(SQL.bury, ref, now);
  }

  isBuried(ref: string): boolean {
    return this.#at(SQL.deletedAt, ref) !== undefined;
  }

  /** From now on no account comes of this claim. */
  voidClaim(claimId: string, now: number): void {
    this.#sql.exec(SQL.void, claimId, now);
  }

  isVoided(claimId: string): boolean {
    return this.#at(SQL.voidedAt, claimId) !== undefined;
  }

  sweepTombstones(until: number, limit: number): number {
    return this.#count(SQL.sweepTombstones, until, limit);
  }

  sweepVoided(until: number, limit: number): number {
    return this.#count(SQL.sweepVoided, until, limit);
  }

  oldestTombstone(): number | undefined {
    return this.#at(SQL.oldestTombstone);
  }

  oldestVoided(): number | undefined {
    return this.#at(SQL.oldestVoided);
  }

  #at(query: string, ...params: string[]): number | undefined {
    const [row] = this.#sql.exec(query, ...params).toArray();
    return (row && atRow.parse(row).at) ?? undefined;
  }

  #count(query: string, ...params: (string | number)[]): number {
    return this.#sql.exec(query, ...params).toArray().length;
  }
}
