import { gcra, type Rate } from "../../contract/gcra.ts";
import { type Outcome, accept, refuse } from "../../contract/problems.ts";
import { UNKNOWN_ADDRESS } from "./client-address.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";
import type { RateState } from "./rate-limit-headers.ts";

/**
 * How fast the public door may be used, counted by each isolate for itself and in memory: a flood must not cost object calls.
 * What has to be exact (log-ins, mails) is counted by objects besides.
 */
export const DOOR_LIMITS = {
  /** One address: ten people behind one router, each with a tab that asks once a second; a page's first load comes at once. */
  address: { perPeriod: 600, periodMs: 60_000, burst: 200 },
  /** All of one tenant's door: what a busy product's page asks in an isolate, and a bound on what a crowd of strangers costs it. */
  tenant: { perPeriod: 30_000, periodMs: 60_000, burst: 2_000 },
  /** Answers of one tenant that are made for visitors, each the work of an object that the tenant's own writes need too. */
  answers: { perPeriod: 1_200, periodMs: 60_000, burst: 200 },
  /** Addresses remembered: 4 MB. Whoever is forgotten first has been quiet longest. */
  addresses: 20_000,
  tenants: 10_000,
} as const;

const addresses = new Lru<number>(DOOR_LIMITS.addresses);
const tenants = new Lru<number>(DOOR_LIMITS.tenants);
const answers = new Lru<number>(DOOR_LIMITS.tenants);
registerIsolateCache(() => {
  answers.clear();
  addresses.clear();
  tenants.clear();
});

/** Counts a request of this address. One that nobody vouches for is everybody's: it is not held to a single caller's rate. */
export function takeByAddress(address: string, now: number, told: RateState[]): Outcome<undefined> {
  return address === UNKNOWN_ADDRESS ? accept(undefined) : take(addresses, address, "door-address", DOOR_LIMITS.address, now, told);
}

/** Counts a request at this tenant's door. */
export function takeByTenant(tenantId: string, now: number, told: RateState[]): Outcome<undefined> {
  return take(tenants, tenantId, "door-tenant", DOOR_LIMITS.tenant, now, told);
}

/** Counts an answer that nobody asked for lately, so that an object has to make it. */
export function takeAnswer(tenantId: string, now: number): Outcome<undefined> {
  return take(answers, tenantId, "door-answers", DOOR_LIMITS.answers, now, []);
}

function take(buckets: Lru<number>, name: string, policy: string, rate: Rate, now: number, told: RateState[]): Outcome<undefined> {
  const { allowed, tat, retryAfterMs, remaining } = gcra(rate, buckets.get(name, now), now);
  buckets.set(name, tat, tat); // from then on it is as good as never used
  const resetS = (allowed ? tat - now : retryAfterMs) / 1_000;
  told.push({ policy, quota: rate.perPeriod, windowS: rate.periodMs / 1_000, remaining, resetS });
  if (allowed) return accept(undefined);
  return refuse("rate-limited", "Too many requests came to this door. Wait, then go on more slowly.", {
    retryAfterS: retryAfterMs / 1_000,
  });
}
