import type { SubjectPrincipal } from "../../contract/principal.ts";
import type { EdgeEnv } from "../env.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";
import { subjectsOf } from "./objects.ts";
import type { KeepAlive } from "./single-flight.ts";

export const SEEN_LIMITS = {
  /** One isolate tells of a subject at most once in this time. */
  everyMs: 600_000,
  subjects: 20_000,
} as const;

const seen = new Lru<true>(SEEN_LIMITS.subjects);
registerIsolateCache(() => seen.clear());

/** Tells the tenant's list of subjects, after the answer, of one whom another issuer vouches for: nobody registers those. */
export function noteSubjectSeen(env: EdgeEnv, ctx: KeepAlive, principal: SubjectPrincipal, now: number): void {
  const { tenantId, issuer, sub, name, avatarUrl } = principal;
  const key = `${tenantId} ${principal.ref}`;
  if (seen.get(key, now)) return;
  seen.set(key, true, now + SEEN_LIMITS.everyMs);
  ctx.waitUntil(
    subjectsOf({ env, principal }, issuer, sub)
      .noteSeen({ issuer, sub, name, avatarUrl })
      .catch(() => undefined), // the list is late by one turn; nothing else hangs on it
  );
}
