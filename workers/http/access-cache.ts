import type { AccessConfig, AccessKnown, AccessSnapshot, Revocation } from "../../contract/rpc/access.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import type { EdgeEnv } from "../env.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";
import { tenantOf } from "./objects.ts";
import { type KeepAlive, SingleFlight } from "./single-flight.ts";

export const ACCESS_CACHE_LIMITS = {
  /** A tenant's object is asked again when the answer is older: with the read itself, revocation acts within 2 s. */
  freshMs: 1_500,
  /** A request may have begun so much before the read that serves it; anything more is a clock that was set back. */
  earlierMs: 500,
  tenants: 10_000,
  /** Of all snapshots as JSON, an eighth of what an isolate has. */
  bytes: 16 * 1024 * 1024,
  /** Answers of one read that are followed by `more`. */
  parts: 100,
} as const;

/** Bytes of a remembered revocation: its id twice, as text of two bytes a character at worst, and the map's own. */
const REVOCATION_BYTES = 250;

/** Of issuers that were ever registered, and of the whole tenant: they may exceed the limit, which is for tokens and subjects. */
const FURTHER_REVOCATIONS = 1_000;

/** What a token says that a revocation may name. */
export interface Revocable {
  readonly tokenId: string;
  readonly ref: string;
  readonly issuer: string;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
}

/** What an isolate holds of a tenant to judge tokens without asking anybody. */
export interface TenantAccess extends AccessConfig {
  readonly tenantId: string;
  readonly keysVersion: number;
  readonly configVersion: number;
  /** Slug, settings, issuers, marks and keys as a whole; the same object as long as `configVersion` is the same. */
  readonly config: AccessConfig;
  /** By what this token is revoked; undefined when it is not. */
  revokedBy(token: Revocable): Revocation["kind"] | undefined;
}

interface Held extends TenantAccess {
  readonly revocations: ReadonlyMap<string, Revocation>;
  readonly revocationSeq: number;
  readonly configBytes: number;
}

/** `access` of another version than the tenant's is out of date, however fresh the version is. */
interface Entry {
  readonly keysVersion: number;
  readonly freshUntil: number;
  /** Null when there is no such tenant, undefined when only its version was read. */
  readonly access: Held | null | undefined;
}

const entries = new Lru<Entry>(ACCESS_CACHE_LIMITS.tenants, ACCESS_CACHE_LIMITS.bytes);
const reads = new SingleFlight<Held | null>();
registerIsolateCache(() => {
  entries.clear();
  reads.clear();
});

/**
 * What this isolate needs of a tenant to judge credentials: asked of its object at most every 1.5 s, by one request for all, and
 * then only for what changed. Null when there is no such tenant: call it only for one that exists or is named by a text of ours.
 * @throws when the tenant's object cannot be read: what cannot be checked is not let in
 */
export async function accessOf(env: EdgeEnv, ctx: KeepAlive, tenantId: string, now: number): Promise<TenantAccess | null> {
  const entry = entries.get(tenantId, now);
  if (entry && isFresh(entry, now) && isCurrent(entry)) return entry.access;
  return await reads.run(tenantId, ctx, async () => await read(env, tenantId, now));
}

/** The tenant's keysVersion, never older than 1.5 s; 0 for no tenant. @throws when it cannot be read */
export async function keysVersionOf(env: EdgeEnv, ctx: KeepAlive, tenantId: string, now: number): Promise<number> {
  const entry = entries.get(tenantId, now);
  if (entry && isFresh(entry, now)) return entry.keysVersion;
  return (await accessOf(env, ctx, tenantId, now))?.keysVersion ?? 0;
}

/**
 * The version that another read of the tenant's object has just brought: it vouches for what is held, or says that it is old.
 * @param now when the read began: those who join it later must not believe it longer
 */
export function noteKeysVersion(tenantId: string, keysVersion: number, now: number): void {
  keep(tenantId, { keysVersion, freshUntil: now + ACCESS_CACHE_LIMITS.freshMs, access: entries.get(tenantId, now)?.access });
}

/** By a clock that was set back by hours, what is held must not be believed for hours. */
function isFresh({ freshUntil }: Entry, now: number): boolean {
  return freshUntil > now && freshUntil - now <= ACCESS_CACHE_LIMITS.freshMs + ACCESS_CACHE_LIMITS.earlierMs;
}

function isCurrent(entry: Entry): entry is Entry & { readonly access: Held | null } {
  return entry.access === null || entry.access?.keysVersion === entry.keysVersion;
}

async function read(env: EdgeEnv, tenantId: string, now: number): Promise<Held | null> {
  const object = tenantOf({ env, principal: { tenantId } });
  let held = entries.get(tenantId, now)?.access ?? null;
  for (let part = 0; part < ACCESS_CACHE_LIMITS.parts; part++) {
    const known: AccessKnown | null = held && { configVersion: held.configVersion, revocationSeq: held.revocationSeq };
    const snapshot = await object.access(known);
    if (!snapshot) held = null;
    else if (known && (snapshot.configVersion < known.configVersion || snapshot.revocationSeq < known.revocationSeq)) {
      held = null; // an object that went back, as after a restore: nothing held of it is to be believed
      continue;
    } else held = merge(tenantId, held, snapshot, now);
    if (snapshot?.more) continue;
    keep(tenantId, { keysVersion: held?.keysVersion ?? 0, freshUntil: now + ACCESS_CACHE_LIMITS.freshMs, access: held });
    return held;
  }
  throw new Error(`the access snapshot of ${tenantId} has no end`);
}

function merge(tenantId: string, held: Held | null, snapshot: AccessSnapshot, now: number): Held {
  const { keysVersion, configVersion, revocationSeq } = snapshot;
  const config = snapshot.config ?? (held?.configVersion === configVersion ? held.config : null);
  if (!config) throw new Error(`the access snapshot of ${tenantId} lacks its config`);
  const revocations = mergeRevocations(held?.revocations, snapshot.revocations, now);
  const configBytes = config === held?.config ? held.configBytes : JSON.stringify(config).length;
  return {
    ...config,
    config,
    tenantId,
    keysVersion,
    configVersion,
    revocations,
    revocationSeq,
    configBytes,
    revokedBy: (token) => (revocations.size === 0 ? undefined : KINDS.find((kind) => isStopped(revocations, kind, token))),
  };
}

/** @throws beyond the limit: to forget one would let what it stopped in again */
function mergeRevocations(
  held: ReadonlyMap<string, Revocation> | undefined,
  added: readonly Revocation[],
  now: number,
): ReadonlyMap<string, Revocation> {
  if (added.length === 0 && held) return held;
  const merged = new Map(held);
  for (const revocation of added) {
    if (revocation.kind === "tenant") merged.clear(); // it stops all that those before it did
    const name = nameOf(revocation.kind, revocation.id);
    const known = merged.get(name);
    if (!known || known.before <= revocation.before) merged.set(name, revocation);
  }
  for (const [name, { until }] of merged) if (until <= now) merged.delete(name);
  if (merged.size > SUBJECT_LIMITS.revocations + FURTHER_REVOCATIONS) throw new Error("more revocations than a tenant may have");
  return merged;
}

const KINDS = ["token", "subject", "issuer", "tenant"] as const satisfies readonly Revocation["kind"][];

/** One token is stopped for good, whatever it says of its issue; anything wider stops what was issued until then. */
function isStopped(revocations: ReadonlyMap<string, Revocation>, kind: Revocation["kind"], token: Revocable): boolean {
  const revocation = revocations.get(nameOf(kind, idOf(kind, token)));
  return revocation !== undefined && (kind === "token" || revocation.before >= token.issuedAt);
}

function nameOf(kind: Revocation["kind"], id: string): string {
  return `${kind} ${id}`;
}

function idOf(kind: Revocation["kind"], token: Revocable): string {
  switch (kind) {
    case "token":
      return token.tokenId;
    case "subject":
      return token.ref;
    case "issuer":
      return token.issuer;
    case "tenant":
      return "";
  }
}

/** Kept beyond its freshness: from there on the object tells only what changed. */
function keep(tenantId: string, entry: Entry): void {
  const bytes = entry.access ? entry.access.configBytes + entry.access.revocations.size * REVOCATION_BYTES : 0;
  entries.set(tenantId, entry, Number.POSITIVE_INFINITY, bytes);
}
