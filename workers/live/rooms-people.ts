import { sha256Hex } from "../../contract/base64.ts";
import { checkGrants, isListed } from "../../contract/grants.ts";
import { type AnyPrincipal, actorOf, may } from "../../contract/principal.ts";
import type { Admission } from "../../contract/rpc/hub.ts";
import type { RoomAction, RoomCaller } from "../../contract/rpc/room.ts";
import { subjectOf } from "../../contract/subject-id.ts";
import type { EdgeEnv } from "../env.ts";
import { accessOf } from "../http/access-cache.ts";
import type { KeepAlive } from "../http/single-flight.ts";

const ROOM_ACTIONS: readonly RoomAction[] = ["read", "write", "create", "manage"];
/** Begins the names of direct rooms, and of no others: nobody can take the room of two people beforehand. */
export const DIRECT_PREFIX = "direct-";

interface Scene {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
  readonly now: number;
}

/** Whom a room's object is told of. What they are in the room is for it to say. @throws when the tenant's object cannot be read */
export async function callerOf(principal: AnyPrincipal, room: string, { env, ctx, now }: Scene): Promise<RoomCaller> {
  switch (principal.kind) {
    case "subject": {
      const { issuer, sub, ref, name, avatarUrl, grants, tenantId } = principal;
      const granted = ROOM_ACTIONS.filter((action) => checkGrants(grants, `rooms:${action}`, room).allowed);
      const isPublic = await isPublicRoom(tenantId, room, { env, ctx, now });
      return { kind: "subject", id: subjectOf(issuer, sub), ref, name, avatarUrl, granted, isPublic };
    }
    case "visitor": {
      const isPublic = await isPublicRoom(principal.tenantId, room, { env, ctx, now });
      return { kind: "visitor", id: "visitor", ref: "", name: "", avatarUrl: null, granted: [], isPublic };
    }
    case "operator":
    case "service": {
      const granted = ROOM_ACTIONS.filter((action) => may(principal, `rooms:${action}`));
      // They need no mark to read.
      return { kind: principal.kind, id: actorOf(principal), ref: "", name: principal.name, avatarUrl: null, granted, isPublic: false };
    }
  }
}

/** The caller behind a socket that was let in. */
export function callerOfAdmission({ person, actions }: Admission): RoomCaller | undefined {
  return person && { ...person, granted: ROOM_ACTIONS.filter((action) => actions.includes(`rooms:${action}`)) };
}

async function isPublicRoom(tenantId: string, room: string, { env, ctx, now }: Scene): Promise<boolean> {
  const access = await accessOf(env, ctx, tenantId, now);
  return isListed(access?.publicThings ?? [], "room", room);
}

/** The one room of two people, whoever begins: 160 bits of SHA-256 over the sorted pair. */
export async function directRoomOf(tenantId: string, pair: readonly [string, string]): Promise<string> {
  const text = ["direct", tenantId, ...pair.toSorted()].join("\n");
  return `${DIRECT_PREFIX}${(await sha256Hex(new TextEncoder().encode(text))).slice(0, 40)}`;
}
