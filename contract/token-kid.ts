import { toHex } from "./base64.ts";
import type { KeyRing } from "./key-ring.ts";

const KID = /^([a-z0-9-]{1,64})\.(([A-Za-z0-9-]{1,32})-([1-9][0-9]{0,9})-([0-9a-f]{16}))$/;

/**
 * The key id of a tenant's signing key: `{ringId}-{serial}-{mac}`. The mac (64 bits of HMAC over tenant and serial, by the ring's
 * key of that id) says that this deployment made the id: what a stranger makes up costs nobody a lookup.
 */
export async function signingKeyId(ring: KeyRing, ringId: string, tenantId: string, serial: number): Promise<string> {
  return `${ringId}-${serial}-${await macOf(ring, ringId, tenantId, serial)}`;
}

/** Tenant and key id of a `kid` that {@link signingKeyId} made; undefined for any other text. */
export async function readKid(ring: KeyRing, kid: unknown): Promise<{ readonly tenantId: string; readonly keyId: string } | undefined> {
  const [, tenantId = "", keyId = "", ringId = "", serial = "", mac = ""] = KID.exec(typeof kid === "string" ? kid : "") ?? [];
  if (keyId === "" || !ring.has(ringId)) return undefined;
  return (await macOf(ring, ringId, tenantId, Number(serial))) === mac ? { tenantId, keyId } : undefined;
}

async function macOf(ring: KeyRing, ringId: string, tenantId: string, serial: number): Promise<string> {
  return toHex((await ring.mac("signing-key-id", ringId, `${tenantId}\n${serial}`)).subarray(0, 8));
}
