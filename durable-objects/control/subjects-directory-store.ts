import * as z from "zod";
import type { PendingAccount } from "../../contract/rpc/subjects.ts";
import type { EmailClaim } from "../../core/control/subject-directory.ts";

const CLAIM = "email_digest, sub, ref, claim_id, claimed_at, finished";
const VERIFICATION = "token_hash, email_digest, sub, email, password_hash, name, opened_at";
/** Those whose claim is under way are needed to settle it. */
const SETTLED = "NOT EXISTS (SELECT 1 FROM email_claim c WHERE c.email_digest = v.email_digest AND c.sub = v.sub AND c.finished = 0)";
const SQL = {
  claim: `SELECT ${CLAIM} FROM email_claim WHERE email_digest = ?`,
  claimsOf: `SELECT ${CLAIM} FROM email_claim WHERE sub = ?`,
  putClaim: `INSERT OR REPLACE INTO email_claim (${CLAIM}) VALUES (?, ?, ?, ?, ?, ?)`,
  finish: "UPDATE email_claim SET finished = 1 WHERE email_digest = ? AND claim_id = ? AND finished = 0",
  deleteClaim: "DELETE FROM email_claim WHERE email_digest = ? AND sub = ? RETURNING 1",
  find: `SELECT ${VERIFICATION} FROM verification WHERE token_hash = ?`,
  insert: `INSERT OR IGNORE INTO verification (${VERIFICATION}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  delete: "DELETE FROM verification WHERE token_hash = ? RETURNING 1",
  deleteOfEmail: "DELETE FROM verification WHERE email_digest = ? RETURNING 1",
  // Scans at most the whole bounded table; people are deleted rarely.
  deleteOfSub: "DELETE FROM verification WHERE sub = ? RETURNING 1",
  open: "SELECT count(*) AS n FROM verification WHERE email_digest = ? AND opened_at > ?",
  count: "SELECT count(*) AS n FROM verification",
  evict: `DELETE FROM verification WHERE token_hash IN
    (SELECT token_hash FROM verification v WHERE ${SETTLED} ORDER BY opened_at LIMIT ?) RETURNING 1`,
  over: `SELECT ${VERIFICATION} FROM verification WHERE opened_at <= ? LIMIT ?`,
  oldest: "SELECT min(opened_at) AS at FROM verification",
} as const;

const claimRow = z
  .object({
    email_digest: z.string(),
    sub: z.string(),
    ref: z.string(),
    claim_id: z.string(),
    claimed_at: z.number(),
    finished: z.number(),
  })
  .transform((row): EmailClaim => ({
    emailDigest: row.email_digest,
    sub: row.sub,
    ref: row.ref,
    claimId: row.claim_id,
    claimedAt: row.claimed_at,
    finished: row.finished === 1,
  }));

const verificationRow = z
  .object({
    token_hash: z.string(),
    email_digest: z.string(),
    sub: z.string().nullable(),
    email: z.string().nullable(),
    password_hash: z.string().nullable(),
    name: z.string().nullable(),
    opened_at: z.number(),
  })
  .transform((row): Verification => {
    const { sub, email, password_hash: passwordHash, name, email_digest: emailDigest } = row;
    const pending =
      sub === null || email === null || passwordHash === null || name === null ? null : { sub, email, emailDigest, passwordHash, name };
    return { tokenHash: row.token_hash, emailDigest, pending, openedAt: row.opened_at };
  });

const countRow = z.object({ n: z.number() });
const atRow = z.object({ at: z.number().nullable() });

export interface Verification {
  readonly tokenHash: string;
  readonly emailDigest: string;
  /** Null for a mail that told the owner of a taken address: it only counts. */
  readonly pending: PendingAccount | null;
  readonly openedAt: number;
}

/** Whose addresses are, and who has yet to prove one. Counts are of rows that went. */
export class DirectoryStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  claim(emailDigest: string): EmailClaim | undefined {
    const [row] = this.#sql.exec(SQL.claim, emailDigest).toArray();
    return row && claimRow.parse(row);
  }

  claimsOf(sub: string): EmailClaim[] {
    return this.#sql
      .exec(SQL.claimsOf, sub)
      .toArray()
      .map((row) => claimRow.parse(row));
  }

  putClaim(claim: EmailClaim): void {
    const { emailDigest, sub, ref, claimId, claimedAt, finished } = claim;
    this.#sql.exec(SQL.putClaim, emailDigest, sub, ref, claimId, claimedAt, finished ? 1 : 0);
  }

  finish(claim: EmailClaim): void {
    this.#sql.exec(SQL.finish, claim.emailDigest, claim.claimId);
  }

  deleteClaim(emailDigest: string, sub: string): number {
    return this.#count(SQL.deleteClaim, emailDigest, sub);
  }

  verification(tokenHash: string): Verification | undefined {
    const [row] = this.#sql.exec(SQL.find, tokenHash).toArray();
    return row && verificationRow.parse(row);
  }

  open({ tokenHash, emailDigest, pending, openedAt }: Verification): void {
    const { sub = null, email = null, passwordHash = null, name = null } = pending ?? {};
    this.#sql.exec(SQL.insert, tokenHash, emailDigest, sub, email, passwordHash, name, openedAt);
  }

  delete(tokenHash: string): number {
    return this.#count(SQL.delete, tokenHash);
  }

  deleteOfEmail(emailDigest: string): number {
    return this.#count(SQL.deleteOfEmail, emailDigest);
  }

  deleteOfSub(sub: string): number {
    return this.#count(SQL.deleteOfSub, sub);
  }

  countOpen(emailDigest: string, openedAfter: number): number {
    return countRow.parse(this.#sql.exec(SQL.open, emailDigest, openedAfter).one()).n;
  }

  count(): number {
    return countRow.parse(this.#sql.exec(SQL.count).one()).n;
  }

  /** Removes those open longest. */
  evict(limit: number): number {
    return this.#count(SQL.evict, limit);
  }

  over(openedUntil: number, limit: number): Verification[] {
    return this.#sql
      .exec(SQL.over, openedUntil, limit)
      .toArray()
      .map((row) => verificationRow.parse(row));
  }

  oldest(): number | undefined {
    return atRow.parse(this.#sql.exec(SQL.oldest).one()).at ?? undefined;
  }

  #count(query: string, ...params: (string | number)[]): number {
    return this.#sql.exec(query, ...params).toArray().length;
  }
}
