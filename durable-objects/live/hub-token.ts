import { API_KEY_PATTERN } from "../../contract/access.ts";
import { callObject, objectAt } from "../../contract/address.ts";
import { sha256Hex } from "../../contract/base64.ts";
import { keyRing } from "../../contract/key-ring.ts";
import { type Action, scopesMay } from "../../contract/permissions.ts";
import { placeHubOf } from "../../contract/live-revocation.ts";
import { type Admission, type LivePlace, ticketClaimsSchema } from "../../contract/rpc/hub.ts";
import type { ObjectsEnv } from "../env.ts";

/** Whose socket it is, and what it may be for. */
export interface TokenPlace {
  readonly env: Pick<ObjectsEnv, "TENANT" | "HUB" | "KEY_RING">;
  readonly tenantId: string;
  /** The object that tickets have to name; absent at hubs, where they name none. */
  readonly place?: LivePlace;
  /** What channels here ask for. */
  readonly actions: readonly Action[];
}

/**
 * Whom the token of a `refresh` frame belongs to: a ticket of this tenant (of this place, or for whichever hub: it opens nothing here),
 * or an API key of this tenant with `live:connect`; else null. At a place that is no hub it is noted before it counts, as everybody is
 * who comes in. A ticket's single use is the gate's to see.
 * @throws when the tenant's object or the hub that keeps the actor's places cannot be asked
 */
export async function admissionOf(at: TokenPlace, token: string, now: number): Promise<Admission | null> {
  const found = token.startsWith("mrd_") ? await admissionOfKey(at, token, now) : await admissionOfTicket(at, token, now);
  const { place, tenantId } = at;
  if (!found || !place) return found;
  const name = String(placeHubOf(found.actor));
  const noted = await callObject(() => objectAt(at.env.HUB, { tenantId, kind: "hub", name }).notePlace(place, found));
  return noted.ok ? found : null;
}

async function admissionOfTicket({ env, tenantId, place }: TokenPlace, token: string, now: number): Promise<Admission | null> {
  if (env.KEY_RING === undefined) return null;
  const payload = await keyRing({ KEY_RING: env.KEY_RING }).verify("live-ticket", token);
  if (!payload) return null;
  const claims = ticketClaimsSchema.safeParse(JSON.parse(new TextDecoder().decode(payload))); // genuine, so JSON; a release may differ
  if (!claims.success || claims.data.expiresAt <= now) return null;
  const { id, expiresAt, tenantId: tenant, hub: _anyHub, board, room, ...checked } = claims.data;
  const isHere = board === nameAt(place, "leaderboard") && room === nameAt(place, "room");
  return tenant === tenantId && isHere ? { ...checked, ticket: { id, expiresAt } } : null;
}

function nameAt(place: LivePlace | undefined, kind: LivePlace["kind"]): string | undefined {
  return place?.kind === kind ? place.name : undefined;
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
