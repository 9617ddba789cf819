import type { EdgeEnv } from "../env.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";
import { tenantOf } from "./objects.ts";
import type { KeepAlive } from "./single-flight.ts";

/** A key's use is told at most once in this time by one isolate: "last used" is shown to the minute. */
export const REPORT_EVERY_MS = 60_000;
const MAX_TENANTS = 10_000;

interface Use {
  count: number;
  at: number;
  reportedAt: number;
}

const uses = new Lru<Map<string, Use>>(MAX_TENANTS);
registerIsolateCache(() => uses.clear());

/** Counts one use; the first is reported at once, later ones in batches over all of the tenant's keys that are due. */
export function noteKeyUse(env: EdgeEnv, ctx: KeepAlive, tenantId: string, keyId: string, now: number): void {
  const ofTenant = uses.get(tenantId, now) ?? addTenant(tenantId);
  const use = ofTenant.get(keyId) ?? { count: 0, at: now, reportedAt: Number.NEGATIVE_INFINITY };
  if (use.reportedAt === Number.NEGATIVE_INFINITY) ofTenant.set(keyId, use);
  use.count += 1;
  use.at = now;
  if (use.reportedAt + REPORT_EVERY_MS > now) return;
  const due = [...ofTenant].filter(([, { count, reportedAt }]) => count > 0 && reportedAt + REPORT_EVERY_MS <= now);
  const report = due.map(([id, { at, count }]) => ({ keyId: id, at, count }));
  for (const [, told] of due) Object.assign(told, { count: 0, reportedAt: now });
  ctx.waitUntil(
    tenantOf({ env, principal: { tenantId } })
      .noteKeyUse(report)
      .catch(() => {
        due.forEach(([, untold], i) => (untold.count += report[i]?.count ?? 0)); // the next report carries them
      }),
  );
}

function addTenant(tenantId: string): Map<string, Use> {
  const ofTenant = new Map<string, Use>();
  uses.set(tenantId, ofTenant, Number.POSITIVE_INFINITY);
  return ofTenant;
}
