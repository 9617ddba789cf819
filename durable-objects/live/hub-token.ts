import { API_KEY_PATTERN } from "../../contract/access.ts";
import { callObject, objectAt } from "../../contract/address.ts";
import { LIVE_ACTIONS } from "../../contract/live-codes.ts";
import { scopesMay } from "../../contract/permissions.ts";
import type { Admission } from "../../contract/rpc/hub.ts";
import type { ObjectsEnv } from "../env.ts";

/**
 * Whom the token of a `refresh` frame belongs to, when it is an API key of this tenant that may open live sockets; else null.
 * @throws when the tenant's object cannot be asked
 */
export async function admissionOfKey(
  env: Pick<ObjectsEnv, "TENANT">,
  tenantId: string,
  token: string,
  now: number,
): Promise<Admission | null> {
  const [, keyTenant, keyId, secret] = API_KEY_PATTERN.exec(token) ?? [];
  if (keyTenant !== tenantId || keyId === undefined || secret === undefined) return null;
  const { key } = await callObject(() => objectAt(env.TENANT, { tenantId, kind: "tenant", name: "main" }).findKey(keyId));
  if (!key || key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt <= now)) return null;
  if (!(await matches(secret, key.secretHash)) || !scopesMay(key.scopes, "live:connect")) return null;
  return {
    v: 1,
    actor: `key:${keyId}`,
    credential: `key:${keyId}`,
    actions: LIVE_ACTIONS.filter((action) => scopesMay(key.scopes, action)),
    checkedAt: now,
    credentialExpiresAt: key.expiresAt,
    ticket: null,
  };
}

/** Whether the secret has this SHA-256 (hex), without telling by its time how much of it is right. */
async function matches(secret: string, hash: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(secret)));
  const given = encoder.encode(Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""));
  const stored = encoder.encode(hash);
  return given.byteLength === stored.byteLength && crypto.subtle.timingSafeEqual(given, stored);
}
