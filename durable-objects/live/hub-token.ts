import { z } from "zod";
import { API_KEY_PATTERN } from "../../contract/access.ts";
import { callObject, objectAt } from "../../contract/address.ts";
import { LIVE_ACTIONS } from "../../contract/live-codes.ts";
import { scopesMay } from "../../contract/permissions.ts";
import { type Admission, ticketClaimsSchema } from "../../contract/rpc/hub.ts";
import type { ObjectsEnv } from "../env.ts";

/** Whose hub it is, and what it may read. */
export interface TokenPlace {
  readonly env: Pick<ObjectsEnv, "TENANT" | "KEY_RING">;
  readonly tenantId: string;
}

/**
 * Whom the token of a `refresh` frame belongs to: a ticket of this tenant (for whichever hub: it opens nothing here), or an API key of this tenant with `live:connect`;
 * else null. A ticket's single use is the gate's to see.
 * @throws when the tenant's object cannot be asked
 */
export async function admissionOf(place: TokenPlace, token: string, now: number): Promise<Admission | null> {
  return token.startsWith("mrd_") ? await admissionOfKey(place, token, now) : await admissionOfTicket(place, token, now);
}

const ringSchema = z.object({ keys: z.record(z.string(), z.string()) });

/** The reading half of what `KeyRing.sign("live-ticket", …)` makes at the edge (workers/http/key-ring.ts); a test holds them together. */
async function admissionOfTicket({ env, tenantId }: TokenPlace, token: string, now: number): Promise<Admission | null> {
  const [ringId = "", payload = "", mac = "", ...rest] = token.split(".");
  const root = env.KEY_RING === undefined ? undefined : ringSchema.parse(JSON.parse(env.KEY_RING)).keys[ringId];
  const [rootBytes, payloadBytes, macBytes] = [fromBase64Url(root), fromBase64Url(payload), fromBase64Url(mac)];
  if (rest.length > 0 || !rootBytes || !payloadBytes || !macBytes) return null;
  const base = await crypto.subtle.importKey("raw", rootBytes, "HKDF", false, ["deriveKey"]);
  const info = new TextEncoder().encode("meridian/v1/sign/live-ticket");
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info };
  const key = await crypto.subtle.deriveKey(hkdf, base, { name: "HMAC", hash: "SHA-256", length: 256 }, false, ["verify"]);
  if (!(await crypto.subtle.verify("HMAC", key, macBytes, new TextEncoder().encode(`${ringId}.${payload}`)))) return null;
  const claims = ticketClaimsSchema.safeParse(JSON.parse(new TextDecoder().decode(payloadBytes))); // genuine, so JSON; a release may differ
  if (!claims.success || claims.data.expiresAt <= now) return null;
  const { id, expiresAt, tenantId: tenant, hub: _anyHub, ...checked } = claims.data;
  return tenant === tenantId ? { ...checked, ticket: { id, expiresAt } } : null;
}

function fromBase64Url(text: string | undefined): Uint8Array<ArrayBuffer> | undefined {
  if (text === undefined || !/^[\w-]*$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  } catch {
    return undefined; // a length that no base64 text has
  }
}

async function admissionOfKey({ env, tenantId }: TokenPlace, token: string, now: number): Promise<Admission | null> {
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
