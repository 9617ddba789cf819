import { ACCESS_LIMITS, type Key, type KeyCreate } from "../../contract/access.ts";
import { PLANS, type PlanName } from "../../contract/plans.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";

const DAY_MS = 86_400_000;

export const KEY_FORMAT = {
  /** Crockford digits of the public part: 60 bits, unique within a tenant. */
  idChars: 12,
  /** Crockford digits of the secret: 200 bits. So much entropy needs no slow hash at rest. */
  secretChars: 40,
  /** Characters of the secret that lists show, enough to recognise it and useless for guessing the other 180 bits. */
  hintChars: 4,
} as const;

/** Times are epoch milliseconds. */
export interface KeyTimes {
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

/** Revoked wins over expired: it says what an operator did. A key ends at its expiry, not after it. */
export function keyState(key: KeyTimes, now: number): Key["state"] {
  if (key.revokedAt !== null) return "revoked";
  return key.expiresAt !== null && key.expiresAt <= now ? "expired" : "active";
}

/**
 * Whether a key may be made now.
 * @param activeKeys how many usable keys the tenant has
 * @returns the expiry in epoch milliseconds (null: none), or why not
 */
export function decideKeyCreate(input: KeyCreate, plan: PlanName, activeKeys: number, now: number): Outcome<number | null> {
  const expiresAt = typeof input.expiresAt === "string" ? Date.parse(input.expiresAt) : null;
  if (expiresAt !== null && expiresAt <= now) return badExpiry("is in the past; leave it out for a key without an end");
  if (expiresAt !== null && expiresAt > now + ACCESS_LIMITS.maxKeyDays * DAY_MS) {
    return badExpiry(`may be at most ${ACCESS_LIMITS.maxKeyDays} days ahead`);
  }
  const limit = PLANS[plan].keys;
  if (activeKeys >= limit) {
    return refuse("limit-reached", `The ${PLANS[plan].title} plan has ${limit} active keys, and all are in use. Revoke one first.`);
  }
  return accept(expiresAt);
}

function badExpiry(detail: string): Outcome<never> {
  return refuse("invalid-body", "The key was not created; see errors.", { errors: [{ pointer: "/expiresAt", detail }] });
}

/** The whole minute that an instant lies in: last-used is shown, and therefore written, no finer than that. */
export function minuteOf(at: number): number {
  return Math.floor(at / 60_000) * 60_000;
}
