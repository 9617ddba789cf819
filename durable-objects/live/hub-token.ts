import { API_KEY_PATTERN } from "../../contract/access.ts";
import { callObject, objectAt } from "../../contract/address.ts";
import { sha256Hex } from "../../contract/base64.ts";
import { keyRing } from "../../contract/key-ring.ts";
import { type Action, scopesMay } from "../../contract/permissions.ts";
import { type Admission, ticketClaimsSchema } from "../../contract/rpc/hub.ts";
import type { ObjectsEnv } from "../env.ts";

/** Whose socket it is, and what it may be for. */
export interface TokenPlace {
  readonly env: Pick<ObjectsEnv, "TENANT" | "KEY_RING">;
  readonly tenantId: string;
  /** The board that tickets have to name; absent at hubs, where they name none. */
  readonly board?: string;
  /** What channels here ask for. */
  readonly actions: readonly Action[];
}

/**
 * Whom the token of a `refresh` frame belongs to: a ticket of this tenant (of this board, or for whichever hub: it opens nothing here), or an API key of this tenant with `live:connect`;
 * else null. A ticket's single use is the gate's to see.
 * @throws when the tenant's object cannot be asked
 */
export async function admissionOf(place: TokenPlace, token: string, now: number): Promise<Admission | null> {
  return token.startsWith("mrd_") ? await admissionOfKey(place, token, now) : await admissionOfTicket(place, token, now);
}

async function admissionOfTicket({ env, tenantId, board }: TokenPlace, token: string, now: number): Promise<Admission | null> {
  if (env.KEY_RING === undefined) return null;
  const payload = await keyRing({ KEY_RING: env.KEY_RING }).verify("live-ticket", token);
  if (!payload) return null;
  const claims = ticketClaimsSchema.safeParse(JSON.parse(new TextDecoder().decode(payload))); // genuine, so JSON; a release may differ
  if (!claims.success || claims.data.expiresAt <= now) return null;
  const { id, expiresAt, tenantId: tenant, hub: _anyHub, board: itsBoard, ...checked } = claims.data;
  return tenant === tenantId && itsBoard === board ? { ...checked, ticket: { id, expiresAt } } : null;
}

async function admissionOfKey({ env, tenantId, actions }: TokenPlace, token: string, now: number): Promise<Admission | null> {
  const [, keyTenant, keyId, secret] = API_KEY_PATTERN.exec(token) ?? [];
  if (keyTenant !== tenantId || keyId === undefined || secret === undefined) return null;
  const { key } = await callObject(() => objectAt(env.TENANT, { tenantId, kind: "tenant", name: "main" }).findKey(keyId));
  if (!key || key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt <= now)) return null;
  if (!(await matches(secret, key.secretHash)) || !scopesMay(key.scopes, "live:connect")) return null;
  return {
    v: 1,
    actor: `key:${keyId}`,
    credential: `key:${keyId}`,
    actions: actions.filter((action) => scopesMay(key.scopes, action)),
    checkedAt: now,
    credentialExpiresAt: key.expiresAt,
    ticket: null,
  };
}

/** Whether the secret has this SHA-256 (hex), without telling by its time how much of it is right. */
async function matches(secret: string, hash: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const given = encoder.encode(await sha256Hex(encoder.encode(secret)));
  const stored = encoder.encode(hash);
  return given.byteLength === stored.byteLength && crypto.subtle.timingSafeEqual(given, stored);
}
