import { sha256Hex } from "../../contract/base64.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";

export const SECRET_DIGEST_LIMITS = {
  /** A program sends the same key with every request; the text of a secret stays no longer than this after it came. */
  rememberedMs: 60_000,
  secrets: 1_000,
} as const;

const encoder = new TextEncoder();

const digests = new Lru<Uint8Array>(SECRET_DIGEST_LIMITS.secrets);
registerIsolateCache(() => digests.clear());

/** The SHA-256 of a secret in hex, as bytes to be compared in constant time. */
export async function digestOfSecret(secret: string): Promise<Uint8Array> {
  return encoder.encode(await sha256Hex(encoder.encode(secret)));
}

/** The same, of a secret that was found good a short while ago. */
export function rememberedDigest(secret: string, now: number): Uint8Array | undefined {
  return digests.get(secret, now);
}

/**
 * Remembers the digest of a secret that has just been found good, and of no other: who guesses learns nothing from the time it takes, and
 * pushes nobody's out. Whether it is still good is looked at each time.
 */
export function rememberDigest(secret: string, digest: Uint8Array, now: number): void {
  if (!digests.get(secret, now)) digests.set(secret, digest, now + SECRET_DIGEST_LIMITS.rememberedMs);
}
