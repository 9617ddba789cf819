import { cryptoRandom, randomText } from "../../contract/ids.ts";
import { LIVE_ACTIONS, LIVE_LIMITS } from "../../contract/live-codes.ts";
import { checkGrants } from "../../contract/grants.ts";
import type { Action } from "../../contract/permissions.ts";
import { actorOf, credentialGroupsOf, credentialOf, type KnownPrincipal, may, type SubjectPrincipal } from "../../contract/principal.ts";
import type { Outcome } from "../../contract/problems.ts";
import { type Admission, type TicketClaims, ticketClaimsSchema } from "../../contract/rpc/hub.ts";
import { TOPIC_LIMITS } from "../../contract/room-limits.ts";
import type { EdgeEnv } from "../env.ts";
import { accessOf } from "../http/access-cache.ts";
import { findKey } from "../http/key-cache.ts";
import { keyRing } from "../../contract/key-ring.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import { admittedTopics } from "./topics-admitted.ts";

const PURPOSE = "live-ticket";
/** Characters of a ticket's id: 100 random bits, never twice. */
const ID_CHARS = 20;

/** Where a socket goes and as whom; a place says the rest. */
export interface Entry {
  readonly tenantId: string;
  readonly admission: Admission;
}

export interface HubEntry extends Entry {
  readonly hub: number;
}

/** What sockets are opened at. */
export interface SocketPlace<E extends Entry> {
  /** The largest frame that is taken there; absent: `LIVE_LIMITS.frameBytes`. */
  readonly frameBytes?: number;
  /** The entry of somebody with `live:connect`, whose credential was checked just now. @throws when something about it cannot be read */
  entryOf(principal: LivePrincipal, scene: EntryScene, now: number): Promise<Outcome<E>>;
  /** The entry that a ticket grants here; undefined when it is not ours, not for here, or its time is over. */
  ofTicket(env: EdgeEnv, ticket: string, now: number): Promise<E | undefined>;
  /** @param protocol the subprotocol to confirm @returns the 101, or why it is refused */
  enter(scene: EntryScene, entry: E, protocol: string | undefined, now: number): Promise<Outcome<Response>>;
}

/** What of a request is needed to look a credential up. */
export interface EntryScene {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
}

/** Who may hold a socket. */
export type LivePrincipal = KnownPrincipal | SubjectPrincipal;

/** The entry to a hub of a principal whose credential was checked just now. @throws when the key's end cannot be read */
export async function entryOf(principal: LivePrincipal, scene: EntryScene, now: number): Promise<HubEntry> {
  const { tenantId } = principal;
  const actions = LIVE_ACTIONS.filter((action) => mayWithAll(principal, action));
  const access = await accessOf(scene.env, scene.ctx, tenantId, now);
  const topics = principal.kind === "subject" ? admittedTopics(principal.grants, access?.publicThings ?? []) : undefined;
  const admission = { ...(await admissionOf(principal, actions, scene, now)), ...(topics && { topics }) };
  return { tenantId, hub: randomHub(access?.settings.hubs ?? LIVE_LIMITS.hubs), admission };
}

/** What an object is told of somebody who may do so much there. @throws when the key's end cannot be read */
export async function admissionOf(
  principal: LivePrincipal,
  actions: readonly Action[],
  scene: EntryScene,
  now: number,
): Promise<Admission> {
  return {
    v: 1,
    actor: actorOf(principal),
    credential: credentialOf(principal),
    groups: [...credentialGroupsOf(principal)],
    actions: [...actions],
    // A subject that was revoked may sign in again at once: what counts is whether its token is from before.
    checkedAt: principal.kind === "subject" ? principal.issuedAt : now,
    credentialExpiresAt: principal.credentialExpiresAt ?? (await keyEnd(principal, scene, now)),
    ticket: null,
  };
}

/** A ticket and its end, epoch milliseconds. */
export interface MadeTicket {
  readonly ticket: string;
  readonly expiresAt: number;
}

/** A signed ticket for a hub, good for one socket within `LIVE_LIMITS.ticketTtlMs`. Nothing is stored for it. */
export async function makeTicket(principal: LivePrincipal, scene: EntryScene, now: number): Promise<MadeTicket> {
  const { hub, ...entry } = await entryOf(principal, scene, now);
  return await signTicket(scene.env, entry, { hub }, now);
}

/** @param where what of the claims names the place */
export async function signTicket(
  env: EdgeEnv,
  entry: Entry,
  where: Pick<TicketClaims, "hub" | "board" | "room">,
  now: number,
): Promise<MadeTicket> {
  const { ticket: _none, ...checked } = entry.admission;
  const expiresAt = now + LIVE_LIMITS.ticketTtlMs;
  const claims: TicketClaims = { ...checked, id: randomText(ID_CHARS, cryptoRandom), expiresAt, tenantId: entry.tenantId, ...where };
  return { ticket: await keyRing(env).sign(PURPOSE, new TextEncoder().encode(JSON.stringify(claims))), expiresAt };
}

/** The entry to a hub that a ticket grants; undefined when it is not ours or its time is over. That it is used once is the hub's to see. */
export async function readTicket(env: EdgeEnv, ticket: string, now: number): Promise<HubEntry | undefined> {
  const claims = await readClaims(env, ticket, now);
  if (!claims || claims.board !== undefined || claims.room !== undefined || claims.hub >= TOPIC_LIMITS.hubsMax) return undefined;
  return { hub: claims.hub, ...entryOfClaims(claims) };
}

/** What a ticket of ours says; undefined when it is none, or its time is over. */
export async function readClaims(env: EdgeEnv, ticket: string, now: number): Promise<TicketClaims | undefined> {
  const payload = await keyRing(env).verify(PURPOSE, ticket);
  if (!payload) return undefined;
  const parsed = ticketClaimsSchema.safeParse(JSON.parse(new TextDecoder().decode(payload))); // genuine, so JSON; a release may differ
  return parsed.success && parsed.data.expiresAt > now ? parsed.data : undefined;
}

export function entryOfClaims({ id, expiresAt, tenantId, hub: _hub, board: _board, room: _room, ...checked }: TicketClaims): Entry {
  return { tenantId, admission: { ...checked, ticket: { id, expiresAt } } };
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

/** One of so many hubs. */
export function randomHub(hubs: number): number {
  const word = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  return word % hubs; // a bias far below what matters
}
