import { symmetricDecrypt, symmetricEncrypt } from "better-auth/crypto";
import type { EdgeEnv } from "../env.ts";
import { putSealedFactor, sealedFactors } from "./auth-factor-store.ts";
import { librarySecrets, sealing } from "./auth-secrets.ts";

/**
 * Makes anew, with the current key of the ring, the one-time codes that an older key sealed: at most `limit` rows a call. What is
 * used meanwhile stays as it then is, which is by the current key; what no key of the ring opens is reported and left.
 * @returns how many rows were made anew, and whether another call would find some
 */
export async function resealTwoFactor(env: EdgeEnv, limit: number): Promise<{ resealed: number; more: boolean }> {
  const key = await sealing(env);
  const older = (await librarySecrets(env)).filter(({ version }) => version !== key.currentVersion);
  if (older.length === 0) return { resealed: 0, more: false };
  const anew = async (text: string): Promise<string> => await symmetricEncrypt({ key, data: await symmetricDecrypt({ key, data: text }) });
  const rows = await sealedFactors(
    env.DB,
    older.map(({ version }) => `$ba$${version}$`), // as better-auth's crypto writes its envelope
    limit,
  );
  let resealed = 0;
  for (const row of rows) {
    try {
      const made = { id: row.id, secret: await anew(row.secret), backup_codes: await anew(row.backup_codes) };
      if (await putSealedFactor(env.DB, row, made)) resealed += 1;
    } catch (error) {
      const { name } = error instanceof Error ? error : { name: "unknown" };
      console.error(JSON.stringify({ level: "error", event: "reseal-failed", row: `identity_two_factor/${row.id}`, error: name }));
    }
  }
  // A slice of which nothing could be opened would be found again for ever.
  return { resealed, more: rows.length === limit && resealed > 0 };
}
