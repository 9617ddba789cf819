import * as z from "zod";
import type { Key } from "../../contract/access.ts";
import type { StoredKey } from "../../contract/rpc/tenant.ts";
import { keyState } from "../../core/control/keys.ts";

const rowSchema = z.object({
  key_id: z.string(),
  name: z.string(),
  hint: z.string(),
  secret_hash: z.string(),
  scopes: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
  created_at: z.number(),
  created_by: z.string(),
  expires_at: z.number().nullable(),
  revoked_at: z.number().nullable(),
  last_used_at: z.number().nullable(),
});

/** A key at rest. Times are epoch milliseconds; `secretHash` is SHA-256 in hex. */
export interface KeyRecord extends StoredKey {
  readonly hint: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly lastUsedAt: number | null;
}

const SELECT = `SELECT k.key_id, k.name, k.hint, k.secret_hash, k.scopes, k.created_at, k.created_by, k.expires_at, k.revoked_at,
  u.last_used_at FROM tenant_key k LEFT JOIN tenant_key_use u ON u.key_id = k.key_id`;

/** Keys, and beside them when each was last used, so that a use rewrites a row of two numbers and not the key. */
export class KeyStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(keyId: string): KeyRecord | undefined {
    const [row] = this.#sql.exec(`${SELECT} WHERE k.key_id = ?`, keyId).toArray();
    return row ? toRecord(row) : undefined;
  }

  /** Newest first, from behind the given key. */
  list(limit: number, after: { createdAt: number; keyId: string } | undefined): KeyRecord[] {
    const at = after?.createdAt ?? Number.MAX_SAFE_INTEGER;
    return this.#sql
      .exec(
        `${SELECT} WHERE (k.created_at, k.key_id) < (?, ?) ORDER BY k.created_at DESC, k.key_id DESC LIMIT ?`,
        at,
        after?.keyId ?? "",
        limit,
      )
      .toArray()
      .map(toRecord);
  }

  countActive(now: number): number {
    const row = this.#sql
      .exec("SELECT count(*) AS active FROM tenant_key WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)", now)
      .one();
    return z.object({ active: z.number() }).parse(row).active;
  }

  insert(key: KeyRecord): void {
    this.#sql.exec(
      "INSERT INTO tenant_key (key_id, name, hint, secret_hash, scopes, created_at, created_by, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      key.keyId,
      key.name,
      key.hint,
      key.secretHash,
      JSON.stringify(key.scopes),
      key.createdAt,
      key.createdBy,
      key.expiresAt,
    );
  }

  revoke(keyId: string, at: number): void {
    this.#sql.exec("UPDATE tenant_key SET revoked_at = ? WHERE key_id = ? AND revoked_at IS NULL", at, keyId);
  }

  /** Moves last-used forward; a key that is not ours and a minute already written cost no row. */
  use(keyId: string, minute: number): void {
    this.#sql.exec(
      `INSERT INTO tenant_key_use (key_id, last_used_at) SELECT key_id, ? FROM tenant_key WHERE key_id = ?
       ON CONFLICT (key_id) DO UPDATE SET last_used_at = excluded.last_used_at WHERE excluded.last_used_at > last_used_at`,
      minute,
      keyId,
    );
  }
}

function toRecord(row: unknown): KeyRecord {
  const key = rowSchema.parse(row);
  return {
    keyId: key.key_id,
    name: key.name,
    hint: key.hint,
    secretHash: key.secret_hash,
    scopes: key.scopes,
    createdAt: key.created_at,
    createdBy: key.created_by,
    expiresAt: key.expires_at,
    revokedAt: key.revoked_at,
    lastUsedAt: key.last_used_at,
  };
}

const instant = (at: number) => new Date(at).toISOString();

/** A key as lists show it: everything but its secret and the hash of it. */
export function keyView(key: KeyRecord, now: number): Key {
  return {
    id: key.keyId,
    name: key.name,
    hint: key.hint,
    scopes: [...key.scopes],
    state: keyState(key, now),
    createdAt: instant(key.createdAt),
    createdBy: key.createdBy,
    expiresAt: key.expiresAt === null ? null : instant(key.expiresAt),
    revokedAt: key.revokedAt === null ? null : instant(key.revokedAt),
    lastUsedAt: key.lastUsedAt === null ? null : instant(key.lastUsedAt),
  };
}
