import { cryptoRandom, randomText } from "../../contract/ids.ts";
import { LIVE_ACTIONS, LIVE_LIMITS } from "../../contract/live-codes.ts";
import { checkGrants } from "../../contract/grants.ts";
import type { Action } from "../../contract/permissions.ts";
import { actorOf, credentialGroupsOf, credentialOf, type KnownPrincipal, may, type SubjectPrincipal } from "../../contract/principal.ts";
import { type Admission, type TicketClaims, ticketClaimsSchema } from "../../contract/rpc/hub.ts";
import type { EdgeEnv } from "../env.ts";
import { findKey } from "../http/key-cache.ts";
import { keyRing } from "../../contract/key-ring.ts";
import type { KeepAlive } from "../http/single-flight.ts";

const PURPOSE = "live-ticket";
/** Characters of a ticket's id: 100 random bits, never twice. */
const ID_CHARS = 20;

/** Where a socket goes and as whom. */
export interface Entry {
  readonly tenantId: string;
  readonly hub: number;
  readonly admission: Admission;
}

/** What of a request is needed to look a credential up. */
export interface EntryScene {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
}

/** Who may hold a socket. */
export type LivePrincipal = KnownPrincipal | SubjectPrincipal;

/** The entry of a principal whose credential was checked just now. @throws when the key's end cannot be read */
export async function entryOf(principal: LivePrincipal, scene: EntryScene, now: number): Promise<Entry> {
  return {
    tenantId: principal.tenantId,
    hub: randomHub(),
    admission: {
      v: 1,
      actor: actorOf(principal),
      credential: credentialOf(principal),
      groups: [...credentialGroupsOf(principal)],
      actions: LIVE_ACTIONS.filter((action) => mayWithAll(principal, action)),
      // A subject that was revoked may sign in again at once: what counts is whether its token is from before.
      checkedAt: principal.kind === "subject" ? principal.issuedAt : now,
      credentialExpiresAt: principal.credentialExpiresAt ?? (await keyEnd(principal, scene, now)),
      ticket: null,
    },
  };
}

/** A signed ticket for this principal, good for one socket within `LIVE_LIMITS.ticketTtlMs`. Nothing is stored for it. */
export async function makeTicket(principal: LivePrincipal, scene: EntryScene, now: number): Promise<{ ticket: string; expiresAt: number }> {
  const { tenantId, hub, admission } = await entryOf(principal, scene, now);
  const { ticket: _none, ...checked } = admission;
  const expiresAt = now + LIVE_LIMITS.ticketTtlMs;
  const claims: TicketClaims = { ...checked, id: randomText(ID_CHARS, cryptoRandom), expiresAt, tenantId, hub };
  return { ticket: await keyRing(scene.env).sign(PURPOSE, new TextEncoder().encode(JSON.stringify(claims))), expiresAt };
}

/** The entry that a ticket grants; undefined when it is not ours or its time is over. That it is used once is the hub's to see. */
export async function readTicket(env: EdgeEnv, ticket: string, now: number): Promise<Entry | undefined> {
  const payload = await keyRing(env).verify(PURPOSE, ticket);
  if (!payload) return undefined;
  const parsed = ticketClaimsSchema.safeParse(JSON.parse(new TextDecoder().decode(payload))); // genuine, so JSON; a release may differ
  if (!parsed.success || parsed.data.expiresAt <= now || parsed.data.hub >= LIVE_LIMITS.hubs) return undefined;
  const { id, expiresAt, tenantId, hub, ...checked } = parsed.data;
  return { tenantId, hub, admission: { ...checked, ticket: { id, expiresAt } } };
}

/** When a key ends by itself; it was read a moment ago to authenticate the request, so this comes from the isolate's memory. */
async function keyEnd(principal: LivePrincipal, { env, ctx }: EntryScene, now: number): Promise<number | null> {
  if (principal.kind !== "service") return null;
  const { key } = await findKey(env, ctx, principal.tenantId, principal.keyId, now);
  return key?.expiresAt ?? null;
}

/** A channel such as `metrics/all` carries every thing of its kind: a subject's grants have to cover all of them. */
function mayWithAll(principal: LivePrincipal, action: Action): boolean {
  return principal.kind === "subject" ? checkGrants(principal.grants, action, "*").allowed : may(principal, action);
}

function randomHub(): number {
  const word = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  return word % LIVE_LIMITS.hubs; // a power of two hubs, or a bias far below what matters
}
