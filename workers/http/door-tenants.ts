import type { EdgeEnv } from "../env.ts";
import { accessOf } from "./access-cache.ts";
import { UNKNOWN_ADDRESS } from "./client-address.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";
import { readGuess } from "./miss-budget.ts";
import type { Door } from "./request-context.ts";
import { type KeepAlive, SingleFlight } from "./single-flight.ts";

export const DOOR_CACHE_LIMITS = {
  /** How long an isolate believes whose a slug or host is. A host is also held against its tenant's settings, 1.5 s old at most. */
  knownMs: 600_000,
  /** How long it believes that one is nobody's: a tenant or a proof of a moment ago has to work soon. */
  unknownMs: 5_000,
  /** Slugs and hosts, each. */
  names: 10_000,
  /** Names that turned out to be nobody's within 10 s: of one address, so that a stranger only stops themselves … */
  missesPerAddress: 20,
  /** … and of all together. */
  misses: 1_000,
} as const;

/** Slugs as `workers/control/tenant-create.ts` makes them; anything else is nobody's without a question. */
const SLUG = /^[a-z0-9-]{1,64}$/;

/** A host may have moved on while it was looked up, once or twice. */
const HOST_ROUNDS = 3;

type Names = "slugs" | "hosts";

const doors: Readonly<Record<Names, Lru<Door | null>>> = {
  slugs: new Lru(DOOR_CACHE_LIMITS.names),
  hosts: new Lru(DOOR_CACHE_LIMITS.names),
};
/** Under which version of its tenant's settings a host was found in D1. */
const versions = new Lru<number>(DOOR_CACHE_LIMITS.names);
const reads = new SingleFlight<Door | null>();
registerIsolateCache(() => {
  versions.clear();
  doors.slugs.clear();
  doors.hosts.clear();
  reads.clear();
});

const QUERIES: Readonly<Record<Names, string>> = {
  slugs: "SELECT id AS tenantId, slug FROM identity_organization WHERE slug = ?",
  hosts: `SELECT o.id AS tenantId, o.slug AS slug FROM control_host h
          JOIN identity_organization o ON o.id = h.tenant_id WHERE h.host = ?`,
};

/** Who asks, so that made-up names are counted against their address. */
export interface Asker {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
  readonly address: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The tenant of this slug. @throws when D1 cannot be read, or TooManyGuesses */
export async function doorOfSlug(asker: Asker, slug: string): Promise<Door | null> {
  return SLUG.test(slug) ? await lookUp("slugs", slug, asker) : null;
}

/**
 * The tenant that proved this host to be theirs and still lists it. What is remembered counts only under the version of the
 * tenant's settings at which D1 was asked: a host that was given up, and perhaps proved by another tenant since, moves with
 * the settings within 2 s.
 * @throws when D1 or the tenant's object cannot be read, or TooManyGuesses
 */
export async function doorOfHost(asker: Asker, host: string): Promise<Door | null> {
  const { env, ctx, now } = asker;
  for (let round = 0; round < HOST_ROUNDS; round++) {
    const known = await lookUp("hosts", host, asker);
    if (known === null) return null;
    const access = await accessOf(env, ctx, known.tenantId, now);
    const version = access?.config.settings.hosts.includes(host) ? access.configVersion : undefined;
    if (version !== undefined && version === versions.get(nameOf(host, known), now)) return known;
    doors.hosts.delete(host);
    if (version === undefined) continue;
    const confirmed = await lookUp("hosts", host, asker);
    if (confirmed?.tenantId !== known.tenantId) continue;
    versions.set(nameOf(host, known), version, now + DOOR_CACHE_LIMITS.knownMs);
    return confirmed;
  }
  // D1 still names a tenant that no longer lists it: nobody's, and not asked again at every request.
  doors.hosts.set(host, null, now + DOOR_CACHE_LIMITS.unknownMs);
  return null;
}

function nameOf(host: string, { tenantId }: Door): string {
  return `${tenantId} ${host}`;
}

async function lookUp(names: Names, name: string, { env, ctx, address, now }: Asker): Promise<Door | null> {
  const cached = doors[names].get(name, now);
  if (cached !== undefined) return cached;
  const read = async () =>
    await reads.run(`${names} ${name}`, ctx, async () => {
      const found = await env.DB.prepare(QUERIES[names]).bind(name).first<Door>();
      const { knownMs, unknownMs } = DOOR_CACHE_LIMITS;
      doors[names].set(name, found, now + (found ? knownMs : unknownMs));
      return found;
    });
  const isMiss = (found: Door | null) => found === null;
  const ofAll = async () => await readGuess(`door ${names}`, now, read, isMiss, DOOR_CACHE_LIMITS.misses);
  if (address === UNKNOWN_ADDRESS) return await ofAll();
  return await readGuess(`door ${names} ${address}`, now, ofAll, isMiss, DOOR_CACHE_LIMITS.missesPerAddress);
}
