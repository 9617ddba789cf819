import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import type { EdgeEnv } from "../env.ts";
import { agentsOf, hubOf, type ObjectCall } from "../http/objects.ts";
import { clock } from "../http/request-context.ts";
import { closeAtHolders } from "../http/live-holders.ts";

/**
 * Closes every socket that one of these credentials, actors or groups (`key:{id}`, `session:{id}`, `subject:{ref}`, `subjects`)
 * opened in the tenant. What cannot be reached is reported and left: after a revocation the events consumer does all of it once more.
 * @param at when they were revoked, epoch milliseconds: who has signed in since stays. Absent: now, and nobody stays.
 * @returns how many were closed
 */
export async function closeSockets(env: EdgeEnv, tenantId: string, credentials: readonly string[], at?: number): Promise<number> {
  if (credentials.length === 0) return 0;
  const call: ObjectCall = { env, principal: { tenantId } };
  const places = [
    ...Array.from({ length: LIVE_LIMITS.hubs }, (_, n) => async () => await hubOf(call, n).closeCredentials(credentials, at)),
    async () => await agentsOf(call).closeCredentials(credentials),
    async () => await closeAtHolders(env, tenantId, credentials, { now: clock(env), at }),
  ];
  const results = await Promise.allSettled(places.map(async (close) => await close()));
  let closed = 0;
  for (const result of results) {
    if (result.status === "fulfilled") closed += result.value;
    else console.error(JSON.stringify({ level: "error", event: "close-sockets-failed", tenant: tenantId, error: String(result.reason) }));
  }
  return closed;
}
