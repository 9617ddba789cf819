import * as z from "zod";
import type { RefreshFamily } from "../../contract/rpc/subjects.ts";
import { type FamilySecrets, familyEndsAt } from "../../core/control/subject-families.ts";
import { dayOf } from "../../core/control/subject-limits.ts";

const COLUMNS = `family_id, issuer, sub, name, avatar_url, guest, key_id, grants, ttl_seconds, user_agent,
  newest, twin, previous, previous_at, used, created_at, last_used_at, ends_day`;
const SQL = {
  find: `SELECT ${COLUMNS} FROM refresh_family WHERE family_id = ?`,
  of: `SELECT ${COLUMNS} FROM refresh_family WHERE issuer = ? AND sub = ? ORDER BY last_used_at DESC, created_at DESC, family_id DESC`,
  insert: `INSERT INTO refresh_family (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  // The indexed columns are named only where they change: naming one writes its index.
  trade: "UPDATE refresh_family SET newest = ?, twin = ?, previous = ?, previous_at = ?, used = ?, last_used_at = ? WHERE family_id = ?",
  move: "UPDATE refresh_family SET ends_day = ? WHERE family_id = ?",
  delete: "DELETE FROM refresh_family WHERE family_id = ?",
  deleteOf: "DELETE FROM refresh_family WHERE issuer = ? AND sub = ? AND created_at <= ? RETURNING family_id",
  end: `INSERT INTO family_end (issuer, before) VALUES (?, ?)
    ON CONFLICT (issuer) DO UPDATE SET before = excluded.before WHERE excluded.before > before`,
  endOf: `SELECT max(before) AS at FROM family_end WHERE issuer IN ('', ?)`,
  ends: "SELECT issuer, before FROM family_end",
  // These scan what they count or remove; one revocation of a whole issuer is a rare thing.
  countEnded: "SELECT count(*) AS n FROM refresh_family WHERE created_at <= ?1 AND (?2 = '' OR issuer = ?2)",
  sweepEnded: `DELETE FROM refresh_family WHERE family_id IN
    (SELECT family_id FROM refresh_family WHERE created_at <= ?1 AND (?2 = '' OR issuer = ?2) LIMIT ?3) RETURNING 1`,
  forgetEnd: "DELETE FROM family_end WHERE issuer = ? AND before = ?",
  sweep: "DELETE FROM refresh_family WHERE family_id IN (SELECT family_id FROM refresh_family WHERE ends_day < ? LIMIT ?) RETURNING 1",
  firstEnd: "SELECT min(ends_day) AS day FROM refresh_family",
} as const;

/** The name under which the end of every issuer's families stands. */
const EVERYBODY = "";
const atRow = z.object({ at: z.number().nullable() });
const endRow = z.object({ issuer: z.string(), before: z.number() });
const countRow = z.object({ n: z.number() });

const grantsText = z.array(z.object({ kind: z.string(), name: z.string(), actions: z.array(z.string()) }));
const familyRow = z
  .object({
    family_id: z.string(),
    issuer: z.string(),
    sub: z.string(),
    name: z.string(),
    avatar_url: z.string().nullable(),
    guest: z.number(),
    key_id: z.string().nullable(),
    grants: z.string().nullable(),
    ttl_seconds: z.number(),
    user_agent: z.string().nullable(),
    newest: z.string(),
    twin: z.string().nullable(),
    previous: z.string().nullable(),
    previous_at: z.number().nullable(),
    used: z.instanceof(ArrayBuffer),
    created_at: z.number(),
    last_used_at: z.number(),
    ends_day: z.number(),
  })
  .transform((row): FamilyRecord => ({
    family: {
      familyId: row.family_id,
      issuer: row.issuer,
      sub: row.sub,
      name: row.name,
      avatarUrl: row.avatar_url,
      guest: row.guest === 1,
      minted: row.key_id === null ? null : { keyId: row.key_id, grants: grantsText.parse(JSON.parse(row.grants ?? "[]")) },
      ttlSeconds: row.ttl_seconds,
    },
    userAgent: row.user_agent,
    secrets: {
      newest: row.newest,
      twin: row.twin,
      previous: row.previous,
      previousAt: row.previous_at,
      used: new Uint8Array(row.used),
    },
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    endsDay: row.ends_day,
  }));

export interface FamilyRecord {
  readonly family: RefreshFamily;
  readonly userAgent: string | null;
  readonly secrets: FamilySecrets;
  readonly createdAt: number;
  /** To the minute. */
  readonly lastUsedAt: number;
  readonly endsDay: number;
}

/** Families of refresh handles. Counts are of rows that went. */
export class FamilyStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(familyId: string): FamilyRecord | undefined {
    const [row] = this.#sql.exec(SQL.find, familyId).toArray();
    return row && familyRow.parse(row);
  }

  /** Of one subject, the one used last first. */
  of(issuer: string, sub: string): FamilyRecord[] {
    return this.#sql
      .exec(SQL.of, issuer, sub)
      .toArray()
      .map((row) => familyRow.parse(row));
  }

  insert({ family, userAgent, secrets, createdAt, lastUsedAt }: Omit<FamilyRecord, "endsDay">): void {
    this.#sql.exec(
      SQL.insert,
      family.familyId,
      family.issuer,
      family.sub,
      family.name,
      family.avatarUrl,
      family.guest ? 1 : 0,
      family.minted?.keyId ?? null,
      family.minted ? JSON.stringify(family.minted.grants) : null,
      family.ttlSeconds,
      userAgent,
      secrets.newest,
      secrets.twin,
      secrets.previous,
      secrets.previousAt,
      bytesOf(secrets.used),
      createdAt,
      lastUsedAt,
      dayOf(familyEndsAt(createdAt, lastUsedAt)),
    );
  }

  trade(record: FamilyRecord, secrets: FamilySecrets, lastUsedAt: number): void {
    const { familyId } = record.family;
    const { newest, twin, previous, previousAt, used } = secrets;
    this.#sql.exec(SQL.trade, newest, twin, previous, previousAt, bytesOf(used), lastUsedAt, familyId);
    const endsDay = dayOf(familyEndsAt(record.createdAt, lastUsedAt));
    if (endsDay !== record.endsDay) this.#sql.exec(SQL.move, endsDay, familyId);
  }

  delete(familyId: string): void {
    this.#sql.exec(SQL.delete, familyId);
  }

  /** @returns the ids of those that went */
  deleteOf(issuer: string, sub: string, createdUntil = Number.MAX_SAFE_INTEGER): string[] {
    return this.#sql
      .exec<{ family_id: string }>(SQL.deleteOf, issuer, sub, createdUntil)
      .toArray()
      .map((row) => row.family_id);
  }

  /**
   * From now on families of the issuer (null: of all) that were opened up to then are ended. One row however many they are;
   * they are removed by `sweepEnded`.
   * @returns how many that is
   */
  end(issuer: string | null, createdUntil: number): number {
    const whose = issuer ?? EVERYBODY;
    const { n } = countRow.parse(this.#sql.exec(SQL.countEnded, createdUntil, whose).one());
    if (n > 0) this.#sql.exec(SQL.end, whose, createdUntil);
    return n;
  }

  /** Up to when families of this issuer are ended. */
  endedUntil(issuer: string): number | undefined {
    return atRow.parse(this.#sql.exec(SQL.endOf, issuer).one()).at ?? undefined;
  }

  sweepEnded(limit: number): number {
    let swept = 0;
    for (const row of this.#sql.exec(SQL.ends).toArray()) {
      const { issuer, before } = endRow.parse(row);
      const gone = this.#sql.exec(SQL.sweepEnded, before, issuer, limit - swept).toArray().length;
      swept += gone;
      if (swept >= limit) return swept;
      this.#sql.exec(SQL.forgetEnd, issuer, before);
    }
    return swept;
  }

  sweep(beforeDay: number, limit: number): number {
    return this.#sql.exec(SQL.sweep, beforeDay, limit).toArray().length;
  }

  firstEnd(): number | undefined {
    return z.object({ day: z.number().nullable() }).parse(this.#sql.exec(SQL.firstEnd).one()).day ?? undefined;
  }
}

/** The bytes alone: a view may stand in a larger buffer. */
function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength).slice().buffer; // no shared buffer exists here
}
