import type { EdgeEnv } from "../env.ts";
import { closeAtHubs } from "../http/live-holders.ts";
import { agentsOf } from "../http/objects.ts";

/**
 * Closes every socket that one of these credentials, actors or groups (`key:{id}`, `session:{id}`, `subject:{ref}`, `subjects`)
 * opened in the tenant. What cannot be reached is reported and left: after a revocation the events consumer does all of it once more.
 * @param at when they were revoked, epoch milliseconds: who has signed in since stays. Absent: now, and nobody stays.
 * @returns how many were closed
 */
export async function closeSockets(env: EdgeEnv, tenantId: string, credentials: readonly string[], at?: number): Promise<number> {
  if (credentials.length === 0) return 0;
  const agents = async () => await agentsOf({ env, principal: { tenantId } }).closeCredentials(credentials);
  const [hubs, fleet] = await Promise.all([closeAtHubs(env, tenantId, credentials, at), Promise.allSettled([agents()])]);
  let closed = 0;
  for (const result of [...hubs, ...fleet]) {
    if (result.status === "fulfilled") closed += result.value;
    else console.error(JSON.stringify({ level: "error", event: "close-sockets-failed", tenant: tenantId, error: String(result.reason) }));
  }
  return closed;
}
