import type { SecretConfig } from "better-auth/crypto";
import { sha256Hex } from "../../contract/base64.ts";
import { type KeyRing, keyRing } from "../../contract/key-ring.ts";
import type { EdgeEnv } from "../env.ts";

/** A key of the ring as the auth library takes it: it numbers what it seals with. */
interface LibrarySecret {
  readonly ringId: string;
  readonly version: number;
  readonly value: string;
}

const VERSION_HEX_DIGITS = 12; // 48 bits, exact in a double

/** Per ring, which changes under a running isolate. Only answers are kept: a derivation under way belongs to its request. */
const derived = new WeakMap<KeyRing, readonly LibrarySecret[]>();

/** The library's secrets, by the keys of the ring; the current one first. */
export async function librarySecrets(env: Pick<EdgeEnv, "KEY_RING">): Promise<readonly LibrarySecret[]> {
  const ring = keyRing(env);
  const known = derived.get(ring);
  if (known) return known;
  const secrets = await Promise.all(
    ring.ids.map(async (ringId) => ({ ringId, version: await versionOf(ringId), value: await ring.secret("session", ringId) })),
  );
  derived.set(ring, secrets);
  return secrets;
}

/** The same as the library builds of its option `secrets`, for what is sealed and opened without it. */
export async function sealing(env: Pick<EdgeEnv, "KEY_RING">): Promise<SecretConfig> {
  const [current, ...older] = await librarySecrets(env);
  if (!current) throw new Error("the key ring is empty");
  return {
    keys: new Map([current, ...older].map(({ version, value }) => [version, value])),
    currentVersion: current.version,
  };
}

/** A ring id's number: part of its digest, so that it is the same in every isolate and after every edit of the ring. */
async function versionOf(ringId: string): Promise<number> {
  return Number.parseInt((await sha256Hex(new TextEncoder().encode(ringId))).slice(0, VERSION_HEX_DIGITS), 16);
}
