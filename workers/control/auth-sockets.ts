import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import type { EdgeEnv } from "../env.ts";
import { agentsOf, hubOf, type ObjectCall } from "../http/objects.ts";

/**
 * Closes every socket that one of these credentials (`key:{id}`, `session:{id}`) opened in the tenant. What cannot be
 * reached is reported and left: for a revoked key the events consumer does all of it once more.
 */
export async function closeSockets(env: EdgeEnv, tenantId: string, credentials: readonly string[]): Promise<void> {
  if (credentials.length === 0) return;
  const call: ObjectCall = { env, principal: { tenantId } };
  const places = [
    ...Array.from({ length: LIVE_LIMITS.hubs }, (_, n) => async () => await hubOf(call, n).closeCredentials(credentials)),
    async () => await agentsOf(call).closeCredentials(credentials),
  ];
  const results = await Promise.allSettled(places.map(async (close) => await close()));
  for (const result of results) {
    if (result.status === "fulfilled") continue;
    console.error(JSON.stringify({ level: "error", event: "close-sockets-failed", tenant: tenantId, error: String(result.reason) }));
  }
}
