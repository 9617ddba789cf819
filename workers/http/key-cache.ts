import type { StoredKey } from "../../contract/rpc/tenant.ts";
import type { EdgeEnv } from "../env.ts";
import { keysVersionOf, noteKeysVersion } from "./access-cache.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";
import { readGuess } from "./miss-budget.ts";
import { tenantOf } from "./objects.ts";
import { type KeepAlive, SingleFlight } from "./single-flight.ts";

export const KEY_CACHE_LIMITS = {
  /** A key is read again when it is older, even at the same version. */
  keyMs: 600_000,
  keys: 20_000,
} as const;

/** A key as the tenant's object had it, and the origins the tenant lists. */
export interface FoundKey {
  readonly key: StoredKey | null;
  readonly origins: readonly string[];
}

interface CachedKey extends FoundKey {
  readonly version: number;
}

const keys = new Lru<CachedKey>(KEY_CACHE_LIMITS.keys);
const keyReads = new SingleFlight<CachedKey>();
registerIsolateCache(() => {
  keys.clear();
  keyReads.clear();
});

/**
 * The key by id, from the isolate's memory while the tenant's keysVersion is unchanged. Call it only for a tenant that exists.
 * @throws when the tenant's object cannot be read, or TooManyGuesses: what cannot be checked is not let in
 */
export async function findKey(env: EdgeEnv, ctx: KeepAlive, tenantId: string, keyId: string, now: number): Promise<FoundKey> {
  const name = `${tenantId} ${keyId}`;
  const cached = keys.get(name, now);
  if (cached && cached.version === (await keysVersionOf(env, ctx, tenantId, now))) return cached;
  const read = async () => await keyReads.run(name, ctx, async () => await readKey(env, tenantId, keyId, now));
  return cached?.key ? await read() : await readGuess(`keys ${tenantId}`, now, read, ({ key }) => key === null);
}

async function readKey(env: EdgeEnv, tenantId: string, keyId: string, now: number): Promise<CachedKey> {
  const { keysVersion, key, origins } = await tenantOf({ env, principal: { tenantId } }).findKey(keyId);
  const read = { version: keysVersion, key, origins };
  keys.set(`${tenantId} ${keyId}`, read, now + KEY_CACHE_LIMITS.keyMs);
  noteKeysVersion(tenantId, keysVersion, now);
  return read;
}
