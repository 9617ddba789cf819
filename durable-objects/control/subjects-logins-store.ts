import * as z from "zod";
import { type LoginBucket, restsAt } from "../../core/control/subject-logins.ts";

const SQL = {
  bucket: "SELECT tat, until, waits FROM login_bucket WHERE email_digest = ? AND place = ?",
  put: "INSERT OR REPLACE INTO login_bucket (email_digest, place, tat, until, waits, rests_at) VALUES (?, ?, ?, ?, ?, ?)",
  delete: "DELETE FROM login_bucket WHERE email_digest = ? AND place = ? RETURNING 1",
  deleteOfEmail: "DELETE FROM login_bucket WHERE email_digest = ? RETURNING 1",
  // No index by time: these scan at most the whole bounded table, once a minute or once per so many new names.
  sweep: `DELETE FROM login_bucket WHERE (email_digest, place) IN
    (SELECT email_digest, place FROM login_bucket WHERE rests_at <= ? LIMIT ?) RETURNING 1`,
  evict: `DELETE FROM login_bucket WHERE (email_digest, place) IN
    (SELECT email_digest, place FROM login_bucket ORDER BY rests_at LIMIT ?) RETURNING 1`,
  nearest: "SELECT min(rests_at) AS at FROM login_bucket",
  count: "SELECT count(*) AS n FROM login_bucket",
  known: "SELECT last_day AS at FROM known_place WHERE email_digest = ? AND place = ?",
  remember: "INSERT OR REPLACE INTO known_place (email_digest, place, last_day) VALUES (?, ?, ?)",
  keepPlaces: `DELETE FROM known_place WHERE email_digest = ?1 AND place IN
    (SELECT place FROM known_place WHERE email_digest = ?1 ORDER BY last_day DESC, place LIMIT -1 OFFSET ?2)`,
  forgetPlaces: "DELETE FROM known_place WHERE email_digest = ? RETURNING 1",
  sweepPlaces: `DELETE FROM known_place WHERE (email_digest, place) IN
    (SELECT email_digest, place FROM known_place WHERE last_day < ? LIMIT ?) RETURNING 1`,
  oldestPlace: "SELECT min(last_day) AS at FROM known_place",
} as const;

const bucketRow = z.object({ tat: z.number(), until: z.number(), waits: z.number() });
const atRow = z.object({ at: z.number().nullable() });
const countRow = z.object({ n: z.number() });

/** Log-in attempts by address and place, and the places that owners came from. Counts are of rows that went. */
export class LoginStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  bucket(emailDigest: string, place: string): LoginBucket | undefined {
    const [row] = this.#sql.exec(SQL.bucket, emailDigest, place).toArray();
    return row && bucketRow.parse(row);
  }

  put(emailDigest: string, place: string, bucket: LoginBucket): void {
    this.#sql.exec(SQL.put, emailDigest, place, bucket.tat, bucket.until, bucket.waits, Math.ceil(restsAt(bucket)));
  }

  delete(emailDigest: string, place: string): number {
    return this.#rows(SQL.delete, emailDigest, place);
  }

  deleteOfEmail(emailDigest: string): number {
    return this.#rows(SQL.deleteOfEmail, emailDigest);
  }

  sweep(restedAt: number, limit: number): number {
    return this.#rows(SQL.sweep, restedAt, limit);
  }

  /** Removes those nearest to rest. */
  evict(limit: number): number {
    return this.#rows(SQL.evict, limit);
  }

  nearest(): number | undefined {
    return this.#at(SQL.nearest);
  }

  count(): number {
    return countRow.parse(this.#sql.exec(SQL.count).one()).n;
  }

  /** The day of the owner's last log-in from there. */
  knownPlace(emailDigest: string, place: string): number | undefined {
    return this.#at(SQL.known, emailDigest, place);
  }

  rememberPlace(emailDigest: string, place: string, day: number, keep: number): void {
    this.#sql.exec(SQL.remember, emailDigest, place, day);
    this.#sql.exec(SQL.keepPlaces, emailDigest, keep);
  }

  forgetPlaces(emailDigest: string): number {
    return this.#rows(SQL.forgetPlaces, emailDigest);
  }

  sweepPlaces(beforeDay: number, limit: number): number {
    return this.#rows(SQL.sweepPlaces, beforeDay, limit);
  }

  oldestPlace(): number | undefined {
    return this.#at(SQL.oldestPlace);
  }

  #at(query: string, ...params: string[]): number | undefined {
    const [row] = this.#sql.exec(query, ...params).toArray();
    return (row && atRow.parse(row).at) ?? undefined;
  }

  #rows(query: string, ...params: (string | number)[]): number {
    return this.#sql.exec(query, ...params).toArray().length;
  }
}
