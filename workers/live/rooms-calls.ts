import { z } from "@hono/zod-openapi";
import type { AnyPrincipal } from "../../contract/principal.ts";
import { type Outcome, refuse } from "../../contract/problems.ts";
import { memberIdSchema, roomIdSchema } from "../../contract/rooms.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { RoomCaller, RoomRpc } from "../../contract/rpc/room.ts";
import type { EdgeEnv } from "../env.ts";
import { audited } from "../http/audited.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { roomOf, tenantOf } from "../http/objects.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import { createAtFirstUse } from "./rooms-create.ts";
import { callerOf } from "./rooms-people.ts";

export const roomParams = z.object({ room: roomIdSchema });
export const messageParams = roomParams.extend({ offset: z.coerce.number().int().positive() });
export const memberParams = roomParams.extend({ sub: memberIdSchema });

/** What routes about one room have in common for end users: its object says who is a member. */
export const forMembers = { subjects: "members", door: "also", tag: "live" } as const;

export interface RoomCall {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
  readonly principal: AnyPrincipal;
  readonly meta: CallMeta;
  readonly now: number;
}

/** Calls that wait for one room in this isolate; one more would only make all of them later. */
const IN_FLIGHT = 200;
const inFlight = new Map<string, number>();
registerIsolateCache(() => inFlight.clear());

/**
 * Asks one room as whoever calls. A room that is not there yet comes into being where a grant lets this person create it.
 * @throws when an object cannot be read
 */
export async function inRoom<T>(
  call: RoomCall,
  room: string,
  ask: (object: RoomRpc, by: RoomCaller) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const by = await callerOf(call.principal, room, call);
  const attempt = async () => await bounded(call, room, async (object) => await ask(object, by));
  const answer = await attempt();
  if (answer.ok || answer.problem.slug !== "not-found" || !mayBecome(by)) return answer;
  return (await createAtFirstUse(call, by, room)) ? await attempt() : answer;
}

/** Of others a 404 is looked into no further: it would cost a read of the catalogue for every guess. */
function mayBecome({ kind, granted }: RoomCaller): boolean {
  return kind === "service" || kind === "operator" || granted.includes("create");
}

async function bounded<T>(call: RoomCall, room: string, ask: (object: RoomRpc) => Promise<Outcome<T>>): Promise<Outcome<T>> {
  const name = `${call.principal.tenantId}/${room}`;
  const before = inFlight.get(name) ?? 0;
  if (before >= IN_FLIGHT) {
    return refuse("unavailable", "Too many calls wait for this room already. Try again in a second.", { retryAfterS: 1 });
  }
  inFlight.set(name, before + 1);
  try {
    return await ask(roomOf(call, room));
  } finally {
    const now = (inFlight.get(name) ?? 1) - 1;
    if (now <= 0) inFlight.delete(name);
    else inFlight.set(name, now);
  }
}

/** What an operator does in a room goes into the audit log, before and after; what others do is the room's own life. */
export async function auditedForOperators<T>(
  call: RoomCall,
  what: { readonly action: string; readonly target: string; readonly detail?: Readonly<Record<string, unknown>> },
  change: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  return call.principal.kind === "operator" ? await audited(tenantOf(call), call.meta, what, change) : await change();
}
