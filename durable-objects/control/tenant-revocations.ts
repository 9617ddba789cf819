import * as z from "zod";
import type { Revocation } from "../../contract/rpc/access.ts";
import type { Revoked } from "../../core/control/revocations.ts";

const rowSchema = z.object({
  seq: z.number(),
  kind: z.enum(["token", "subject", "issuer", "tenant"]),
  id: z.string(),
  before: z.number(),
  until: z.number(),
});
const COLUMNS = "seq, kind, id, before, until";

/** What was revoked and is still remembered, one row per thing. */
export class RevocationStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find({ kind, id }: Revoked): Revocation | undefined {
    const [row] = this.#sql.exec(`SELECT ${COLUMNS} FROM tenant_revocation WHERE kind = ? AND id = ?`, kind, id).toArray();
    return row && rowSchema.parse(row);
  }

  /** Those after a number that still count, oldest first. */
  list(afterSeq: number, now: number, limit: number): Revocation[] {
    return this.#sql
      .exec(`SELECT ${COLUMNS} FROM tenant_revocation WHERE seq > ? AND until > ? ORDER BY seq LIMIT ?`, afterSeq, now, limit)
      .toArray()
      .map((row) => rowSchema.parse(row));
  }

  /** Those of tokens and subjects that still count. */
  countSingle(now: number): number {
    const row = this.#sql.exec("SELECT count(*) AS n FROM tenant_revocation WHERE kind IN ('token', 'subject') AND until > ?", now).one();
    return z.object({ n: z.number() }).parse(row).n;
  }

  latestBefore(): number {
    const row = this.#sql.exec("SELECT coalesce(max(before), 0) AS at FROM tenant_revocation").one();
    return z.object({ at: z.number() }).parse(row).at;
  }

  /** In place of the one of the same thing; of the tenant, in place of all. */
  put({ seq, kind, id, before, until }: Revocation): void {
    if (kind === "tenant") this.#sql.exec("DELETE FROM tenant_revocation");
    this.#sql.exec(`INSERT OR REPLACE INTO tenant_revocation (${COLUMNS}) VALUES (?, ?, ?, ?, ?)`, seq, kind, id, before, until);
  }

  /** Forgets those that no longer count, among so many of the oldest. */
  sweep(now: number, limit: number): void {
    this.#sql.exec(
      "DELETE FROM tenant_revocation WHERE until <= ? AND seq IN (SELECT seq FROM tenant_revocation ORDER BY seq LIMIT ?)",
      now,
      limit,
    );
  }

  /** When the oldest one may be forgotten. */
  firstUntil(): number | undefined {
    const [row] = this.#sql.exec("SELECT until AS at FROM tenant_revocation ORDER BY seq LIMIT 1").toArray();
    return row && z.object({ at: z.number() }).parse(row).at;
  }
}
