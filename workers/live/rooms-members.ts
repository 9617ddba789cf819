import { pageQuerySchema, pageSchema } from "../../contract/pages.ts";
import type { AnyPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { memberPutSchema, memberSchema } from "../../contract/rooms.ts";
import { subjectRef } from "../../contract/subject-id.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { auditedForOperators, forMembers, inRoom, memberParams, type RoomCall, roomParams } from "./rooms-calls.ts";

const one = { ...forMembers, path: "/v1/rooms/{room}/members/{sub}", action: "rooms:manage", params: memberParams } as const;

/** Who is in a room. What each may do to whom is for the room to say: it knows both roles. */
export function registerRoomMemberRoutes(app: App): void {
  route(
    app,
    {
      ...forMembers,
      method: "get",
      path: "/v1/rooms/{room}/members",
      action: "rooms:read",
      summary: "List a room's members",
      params: roomParams,
      query: pageQuerySchema,
      answer: { status: 200, schema: pageSchema(memberSchema) },
      problems: ["not-found", "invalid-id"],
    },
    async (call) => {
      const known = notVisitor(call.principal);
      if (!known.ok) return known;
      const { limit, cursor } = call.query;
      const page = cursor === undefined ? { limit } : { limit, cursor };
      return await inRoom(call, call.params.room, async (object, by) => await object.ask(by, "members", page));
    },
  );
  route(
    app,
    {
      ...one,
      method: "put",
      summary: "Add, invite or change a member",
      description:
        "`sub` is `issuer|sub`, or the `sub` of a minted token. What is left out stays. `banned` keeps somebody out whatever they were granted; `mutedUntil` null ends a mute. End users: owners, and admins of those below them.",
      body: memberPutSchema,
      answer: { status: 200, schema: memberSchema },
      problems: ["not-found", "invalid-id", "room-full", "conflict"],
    },
    async (call) => {
      const member = await memberOf(call, call.params.sub);
      return await auditedForOperators(
        call,
        { action: "room.member.change", target: `room/${call.params.room}`, detail: { ref: member.ref, fields: Object.keys(call.body) } },
        async () => await inRoom(call, call.params.room, async (object, by) => await object.putMember(by, member, call.body, call.meta)),
      );
    },
  );
  route(
    app,
    {
      ...one,
      method: "delete",
      summary: "Leave a room, or remove a member",
      answer: { status: 204 },
      problems: ["not-found", "invalid-id", "conflict"],
    },
    async (call) => {
      const { subject, ref } = await memberOf(call, call.params.sub);
      const removed = await auditedForOperators(
        call,
        { action: "room.member.remove", target: `room/${call.params.room}`, detail: { ref } },
        async () => await inRoom(call, call.params.room, async (object, by) => await object.removeMember(by, subject, call.meta)),
      );
      return removed.ok ? accept(undefined) : removed;
    },
  );
}

async function memberOf({ principal }: RoomCall, subject: string): Promise<{ readonly subject: string; readonly ref: string }> {
  return { subject, ref: await subjectRef(principal.tenantId, subject) };
}

/** A public room shows what is said in it, and not who is there. */
export function notVisitor(principal: AnyPrincipal): Outcome<undefined> {
  return principal.kind === "visitor"
    ? refuse("unauthenticated", "This takes the token of an end user: sign in, then send it as `Authorization: Bearer …`.")
    : accept(undefined);
}
