import type { EdgeEnv } from "../env.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";
import { readGuess } from "./miss-budget.ts";
import { type KeepAlive, SingleFlight } from "./single-flight.ts";

/** How long an isolate believes that a tenant exists, or does not. */
const KNOWN_MS = 600_000;
/** Short: a tenant made a moment ago elsewhere has to work. */
const UNKNOWN_MS = 2_000;
const MAX_TENANTS = 10_000;

const tenants = new Lru<boolean>(MAX_TENANTS);
const reads = new SingleFlight<boolean>();
registerIsolateCache(() => {
  tenants.clear();
  reads.clear();
});

/**
 * Whether there is such a tenant. Asked of D1 before any object is addressed: an object comes into being by being
 * addressed, and a forged tenant id must not make one.
 * @throws when D1 cannot be read, or TooManyGuesses
 */
export async function tenantExists(env: EdgeEnv, ctx: KeepAlive, tenantId: string, now: number): Promise<boolean> {
  const cached = tenants.get(tenantId, now);
  if (cached !== undefined) return cached;
  const read = async () => {
    const exists = await readTenant(env, tenantId);
    tenants.set(tenantId, exists, now + (exists ? KNOWN_MS : UNKNOWN_MS));
    return exists;
  };
  return await readGuess(
    "tenants",
    now,
    async () => await reads.run(tenantId, ctx, read),
    (exists) => !exists,
  );
}

async function readTenant(env: EdgeEnv, tenantId: string): Promise<boolean> {
  return (await env.DB.prepare("SELECT 1 FROM identity_organization WHERE id = ?").bind(tenantId).first()) !== null;
}
