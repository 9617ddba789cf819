import { callObject, type ObjectAddress, objectAt } from "../../contract/address.ts";
import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import { PLACE_HUBS, placeHubOf } from "../../contract/live-revocation.ts";
import { type Outcome, refuse } from "../../contract/problems.ts";
import type { Admission, LivePlace } from "../../contract/rpc/hub.ts";
import type { EdgeEnv } from "../env.ts";
import { clock } from "./request-context.ts";

/** The hub remembers a revocation for 300 s; a ticket is from 60 s before at most, and what edges believe from 2 s. */
const STALE_MS = 120_000;

interface HolderScene {
  readonly env: Pick<EdgeEnv, "HUB" | "CLOCK_OFFSET_MS">;
}

/**
 * Notes that somebody may get a socket at an object that is no hub, before it is let in or gets a ticket for it: by that revocations find
 * the object. Why no revocation is missed says `durable-objects/live/hub-places.ts`.
 * @param address of a leaderboard or room
 * @param now when the credential was looked at
 * @returns as `HubRpc.notePlace`: a refusal for who was revoked. The socket may still be refused by the object itself
 */
export async function noteHolder(
  { env }: HolderScene,
  { tenantId, kind, name }: ObjectAddress & LivePlace,
  admission: Admission,
  now: number,
): Promise<Outcome<number | null>> {
  // Longer ago than that, the hub may have forgotten what was revoked since.
  if (clock(env) - now > STALE_MS) return refuse("unavailable", "This took too long. Connect again.", { retryAfterS: 1 });
  return await callObject(() => objectAt(env.HUB, placesOf(tenantId, admission)).notePlace({ kind, name }, admission));
}

/**
 * Lets somebody in at an object that is no hub, once that is noted.
 * @param enter knocks there; a refusal with `not-found` says that there is no such object, and takes the note back
 */
export async function enterHolder<T>(
  scene: HolderScene,
  address: ObjectAddress & LivePlace,
  admission: Admission,
  now: number,
  enter: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const noted = await noteHolder(scene, address, admission, now);
  if (!noted.ok) return noted;
  const entered = await enter();
  if (entered.ok || entered.problem.slug !== "not-found" || noted.value === null) return entered;
  await objectAt(scene.env.HUB, placesOf(address.tenantId, admission)).unnotePlace(address, admission, noted.value);
  return entered;
}

function placesOf(tenantId: string, { actor }: Admission): ObjectAddress {
  return { tenantId, kind: "hub", name: String(placeHubOf(actor)) };
}

/**
 * Closes the sockets of these credentials, actors or groups at every hub, and at whatever else may hold some. Closing again does
 * nothing. A hub is told before it is asked for places: what is noted there from then on is refused.
 * @param at as `HubRpc.closeCredentials` takes it
 * @returns for each hub how many were closed, or why not all of them
 */
export async function closeAtHubs(
  env: Pick<EdgeEnv, "HUB">,
  tenantId: string,
  credentials: readonly string[],
  at: number | undefined,
): Promise<PromiseSettledResult<number>[]> {
  const hubs = Array.from({ length: Math.max(LIVE_LIMITS.hubs, PLACE_HUBS) }, (_, n) => String(n));
  return await Promise.allSettled(hubs.map(async (name) => await closeAtHub(env, { tenantId, kind: "hub", name }, credentials, at)));
}

async function closeAtHub(
  env: Pick<EdgeEnv, "HUB">,
  address: ObjectAddress,
  credentials: readonly string[],
  at: number | undefined,
): Promise<number> {
  let closed = await callObject(() => objectAt(env.HUB, address).closeCredentials(credentials, at));
  let failed = 0;
  for (let after: string | undefined; ;) {
    const from = after;
    const page = await callObject(() => objectAt(env.HUB, address).closeAtPlaces(credentials, at, from));
    closed += page.closed;
    failed += page.failed;
    if (page.next === null) break;
    after = page.next;
  }
  if (failed > 0) throw new Error(`${failed} places with sockets could not be asked`);
  return closed;
}
