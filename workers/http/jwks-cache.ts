import { gcra } from "../../contract/gcra.ts";
import type { Issuer, PublicJwk } from "../../contract/issuers.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { fetchJwks, JwksError } from "./jwks-fetch.ts";
import { Lru } from "./lru.ts";
import { type KeepAlive, SingleFlight } from "./single-flight.ts";

export const JWKS_LIMITS = {
  /** A set is read again when it is older … */
  freshMs: 600_000,
  /**
   * … or lacks the key that a token names: not more often than this in the long run, since a stranger can make up names of keys
   * without end, and …
   */
  floorMs: 30_000,
  /** … so often at once, since an issuer may change its keys right after they were read. */
  burst: 2,
  /** While its address fails, a set counts for so long. */
  staleMs: 86_400_000,
  issuers: 1_000,
  /** Of all sets as JSON. */
  bytes: 8 * 1024 * 1024,
} as const;

/** Keys that may be relied on, until then; epoch milliseconds. */
export interface TrustedKeys {
  readonly keys: readonly PublicJwk[];
  readonly until: number;
}

interface KeySet {
  /** Null until it could be read once. */
  readonly keys: readonly PublicJwk[] | null;
  readonly readAt: number;
  readonly triedAt: number;
  /** Of the bucket that bounds how often the address is asked, see `gcra`. */
  readonly tat: number;
  readonly trouble: string;
}

const RATE = { perPeriod: 1, periodMs: JWKS_LIMITS.floorMs, burst: JWKS_LIMITS.burst } as const;

const sets = new Lru<KeySet>(JWKS_LIMITS.issuers, JWKS_LIMITS.bytes);
const reads = new SingleFlight<KeySet>();
registerIsolateCache(() => {
  sets.clear();
  reads.clear();
});

/**
 * The keys of an issuer: those that were pasted, or those behind its address as this isolate knows them.
 * @param suffices whether the needed key is among them; if not, the address is asked again where the floor allows
 * @throws JwksError when the address has never answered, or not for a day
 */
export async function keysOf(
  ctx: KeepAlive,
  tenantId: string,
  issuer: Issuer,
  suffices: (keys: readonly PublicJwk[]) => boolean,
  now: number,
): Promise<TrustedKeys> {
  const { jwks, jwksUrl } = issuer;
  if (jwksUrl === null) return { keys: jwks?.keys ?? [], until: Number.POSITIVE_INFINITY };
  // By tenant too: one tenant's flood must not use up another's floor.
  const name = `${tenantId} ${issuer.name} ${jwksUrl}`;
  let set = sets.get(name, now);
  if (!set?.keys || !isWithin(JWKS_LIMITS.freshMs, set.readAt, now) || !suffices(set.keys)) {
    set = await reads.run(name, ctx, async () => await readAgain(name, jwksUrl, now));
  }
  if (!set.keys || set.readAt + JWKS_LIMITS.staleMs <= now) throw new JwksError(set.trouble);
  return { keys: set.keys, until: Math.max(set.readAt + JWKS_LIMITS.freshMs, set.triedAt + JWKS_LIMITS.floorMs) };
}

async function readAgain(name: string, url: string, now: number): Promise<KeySet> {
  const known = sets.get(name, now);
  // A clock that was set back leaves nothing to count from.
  const { allowed, tat } = gcra(RATE, known && known.triedAt <= now ? known.tat : undefined, now);
  if (known && !allowed) return known;
  const before: KeySet = { keys: known?.keys ?? null, readAt: known?.readAt ?? 0, triedAt: now, tat, trouble: "it is being read" };
  keep(name, before);
  const after = await fetchJwks(url).then(
    (keys): KeySet => ({ ...before, keys, readAt: now, trouble: "" }),
    (error: unknown): KeySet => ({ ...before, trouble: error instanceof JwksError ? error.message : "it cannot be read" }),
  );
  keep(name, after);
  return after;
}

/** Either way: a clock that was set back must not keep a set for as long as it was set back. */
function isWithin(ms: number, at: number, now: number): boolean {
  return Math.abs(now - at) < ms;
}

function keep(name: string, set: KeySet): void {
  sets.set(name, set, set.triedAt + JWKS_LIMITS.staleMs, JSON.stringify(set.keys).length);
}
