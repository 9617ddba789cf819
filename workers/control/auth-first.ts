import type { SignUp } from "../../contract/access.ts";
import { cryptoRandom, randomText, uuidv7 } from "../../contract/ids.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { hashPassword, PasswordsBusy, whenHashing } from "./auth-password.ts";
import { hasOperators } from "./auth-store.ts";
import { ensureTenant, slugOf } from "./tenant-create.ts";

/** Characters of a tenant's id: 80 random bits; no underscore, which separates the parts of API keys. */
const TENANT_ID_CHARS = 16;

const CLOSED = refuse("forbidden", "Sign-up is closed: this deployment has its first operator. Ask them for an invitation.");

/**
 * Makes the deployment's first operator and the tenant they own. Person, password, tenant and membership are one batch that
 * does nothing when there is a person already, so of two first sign-ups at once exactly one wins.
 */
export async function createFirstOperator(
  env: EdgeEnv,
  input: SignUp & { readonly slug?: string },
  requestId: string,
): Promise<Outcome<{ tenantId: string }>> {
  // Asked before the hash: a closed deployment must not be made to spend a tenth of a second on every stranger.
  if (await hasOperators(env.DB)) return CLOSED;
  let password: string;
  try {
    password = await whenHashing(Date.now(), async () => hashPassword(input.password));
  } catch (error) {
    if (!(error instanceof PasswordsBusy)) throw error;
    return refuse("unavailable", "Too many people sign up at this moment. Try again.", { retryAfterS: 2 });
  }
  const now = Date.now();
  const userId = uuidv7(now, cryptoRandom);
  const tenantId = randomText(TENANT_ID_CHARS, cryptoRandom);
  const name = input.tenantName ?? `${input.name}'s team`;
  const db = env.DB;
  const [person] = await db.batch([
    db
      .prepare(
        `INSERT INTO identity_user (id, name, email, email_verified, created_at, updated_at)
         SELECT ?1, ?2, ?3, 0, ?4, ?4 WHERE NOT EXISTS (SELECT 1 FROM identity_user)`,
      )
      .bind(userId, input.name, input.email.toLowerCase(), now),
    db
      .prepare(
        `INSERT INTO identity_account (id, account_id, provider_id, user_id, password, created_at, updated_at)
         SELECT ?1, ?2, 'credential', ?2, ?3, ?4, ?4 WHERE EXISTS (SELECT 1 FROM identity_user WHERE id = ?2)`,
      )
      .bind(uuidv7(now, cryptoRandom), userId, password, now),
    db
      .prepare(
        `INSERT INTO identity_organization (id, name, slug, created_at) SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM identity_user WHERE id = ?5)`,
      )
      .bind(tenantId, name, input.slug ?? slugOf(name), now, userId),
    db
      .prepare(
        `INSERT INTO identity_member (id, organization_id, user_id, role, created_at) SELECT ?1, ?2, ?3, 'owner', ?4 WHERE EXISTS (SELECT 1 FROM identity_user WHERE id = ?3)`,
      )
      .bind(uuidv7(now, cryptoRandom), tenantId, userId, now),
  ]);
  if (person?.meta.changes !== 1) return CLOSED;
  const made = await ensureTenant(env, tenantId, { requestId, actor: `user:${userId}`, actorName: input.name });
  return made.ok ? accept({ tenantId }) : made;
}
