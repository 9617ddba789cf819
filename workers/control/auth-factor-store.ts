import * as z from "zod";
import type { KnownUser } from "./auth-store.ts";

const userRow = z.object({ id: z.string(), name: z.string(), email: z.string() });

/** Whose password was proved when this challenge was made; undefined when it has ended or was used. */
export async function challengedUser(db: D1Database, challenge: string, now: number): Promise<KnownUser | undefined> {
  const row = await db
    .prepare(
      `SELECT u.id, u.name, u.email FROM identity_verification v JOIN identity_user u ON u.id = v.value
       WHERE v.identifier = ? AND v.expires_at > ?`,
    )
    .bind(challenge, now)
    .first();
  return userRow.nullable().parse(row) ?? undefined;
}

/** Ends the sign-ins of a person that wait for their second step: the password that began them counts no more. */
export async function endChallenges(db: D1Database, userId: string): Promise<void> {
  await db.prepare("DELETE FROM identity_verification WHERE value = ? AND identifier LIKE '2fa-%'").bind(userId).run();
}

const factorRow = z.object({ on: z.number().nullable(), backup_codes: z.string().nullable() });

/** Whether the person's second factor is switched on, and their backup codes as they are sealed. */
export async function twoFactorOf(db: D1Database, userId: string): Promise<{ on: boolean; sealedCodes: string | null }> {
  const row = await db
    .prepare(
      `SELECT u.two_factor_enabled AS "on", t.backup_codes FROM identity_user u
       LEFT JOIN identity_two_factor t ON t.user_id = u.id WHERE u.id = ?`,
    )
    .bind(userId)
    .first();
  const found = factorRow.nullable().parse(row);
  return { on: found?.on === 1, sealedCodes: found?.backup_codes ?? null };
}

const passkeyRow = z.object({
  id: z.string(),
  name: z.string().nullable(),
  created_at: z.number().nullable(),
  backed_up: z.number(),
  device_type: z.string(),
});
export type StoredPasskey = z.infer<typeof passkeyRow>;

/** A person's passkeys, oldest first; never more than FACTOR_LIMITS allows. */
export async function passkeysOf(db: D1Database, userId: string): Promise<StoredPasskey[]> {
  const { results } = await db
    .prepare(
      "SELECT id, name, created_at, backed_up, device_type FROM identity_passkey WHERE user_id = ? ORDER BY created_at, id LIMIT 100",
    )
    .bind(userId)
    .all();
  return results.map((row) => passkeyRow.parse(row));
}

/** Whose passkey this is. */
export async function passkeyOwner(db: D1Database, credentialId: string): Promise<KnownUser | undefined> {
  const row = await db
    .prepare("SELECT u.id, u.name, u.email FROM identity_passkey p JOIN identity_user u ON u.id = p.user_id WHERE p.credential_id = ?")
    .bind(credentialId)
    .first();
  return userRow.nullable().parse(row) ?? undefined;
}

/** @returns whether the person has such a passkey */
export async function renamePasskey(db: D1Database, userId: string, id: string, name: string): Promise<boolean> {
  const { meta } = await db.prepare("UPDATE identity_passkey SET name = ? WHERE id = ? AND user_id = ?").bind(name, id, userId).run();
  return meta.changes === 1;
}

/** @returns whether the person had such a passkey */
export async function deletePasskey(db: D1Database, userId: string, id: string): Promise<boolean> {
  const { meta } = await db.prepare("DELETE FROM identity_passkey WHERE id = ? AND user_id = ?").bind(id, userId).run();
  return meta.changes === 1;
}

const sealedRow = z.object({ id: z.string(), secret: z.string(), backup_codes: z.string() });
export type SealedFactor = z.infer<typeof sealedRow>;

/** Rows of which a part starts with one of these prefixes: those that older keys sealed. */
export async function sealedFactors(db: D1Database, prefixes: readonly string[], limit: number): Promise<SealedFactor[]> {
  const { results } = await db
    .prepare(
      `SELECT id, secret, backup_codes FROM identity_two_factor
       WHERE EXISTS (SELECT 1 FROM json_each(?1) p WHERE instr(secret, p.value) = 1 OR instr(backup_codes, p.value) = 1) LIMIT ?2`,
    )
    .bind(JSON.stringify(prefixes), limit)
    .all();
  return results.map((row) => sealedRow.parse(row));
}

/** Puts a factor back that was sealed anew, unless it has changed meanwhile (a backup code was used). @returns whether it did */
export async function putSealedFactor(db: D1Database, before: SealedFactor, after: SealedFactor): Promise<boolean> {
  const { meta } = await db
    .prepare("UPDATE identity_two_factor SET secret = ?, backup_codes = ? WHERE id = ? AND secret = ? AND backup_codes = ?")
    .bind(after.secret, after.backup_codes, before.id, before.secret, before.backup_codes)
    .run();
  return meta.changes === 1;
}
