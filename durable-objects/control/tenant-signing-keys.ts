import * as z from "zod";
import type { SigningKey } from "../../contract/rpc/access.ts";

const jwkSchema = z.object({ kty: z.literal("EC"), crv: z.literal("P-256"), x: z.string(), y: z.string() });
const rowSchema = z.object({
  serial: z.number(),
  key_id: z.string(),
  jwk: z.string().transform((text) => jwkSchema.parse(JSON.parse(text))),
  sealed: z.string().nullable(),
  until: z.number().nullable(),
});

/** A signing key with its number, which rises by one per key of the tenant. */
export interface SigningKeyRecord extends SigningKey {
  readonly serial: number;
}

/** Keys that sign the tenant's tokens: the current one, and older ones that still verify. */
export class SigningKeyStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Newest first; those whose time has passed are left out. */
  list(now: number): SigningKeyRecord[] {
    return this.#sql
      .exec("SELECT serial, key_id, jwk, sealed, until FROM tenant_signing_key WHERE until IS NULL OR until > ? ORDER BY serial DESC", now)
      .toArray()
      .map((row) => {
        const { key_id, ...rest } = rowSchema.parse(row);
        return { keyId: key_id, ...rest };
      });
  }

  current(): SigningKeyRecord | undefined {
    return this.list(Number.MAX_SAFE_INTEGER)[0];
  }

  /** Makes it the current one. The one before loses its private part and verifies until then. */
  replace({ serial, keyId, jwk, sealed }: SigningKeyRecord, formerUntil: number): void {
    this.#sql.exec("UPDATE tenant_signing_key SET sealed = NULL, until = ? WHERE until IS NULL", formerUntil);
    this.#sql.exec(
      "INSERT INTO tenant_signing_key (serial, key_id, jwk, sealed) VALUES (?, ?, ?, ?)",
      serial,
      keyId,
      JSON.stringify(jwk),
      sealed,
    );
  }

  sweep(now: number): void {
    this.#sql.exec("DELETE FROM tenant_signing_key WHERE until <= ?", now);
  }

  /** When the first of the older ones may go. */
  firstUntil(): number | undefined {
    const row = this.#sql.exec("SELECT min(until) AS at FROM tenant_signing_key").one();
    return z.object({ at: z.number().nullable() }).parse(row).at ?? undefined;
  }
}
