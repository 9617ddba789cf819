import { accept, type Outcome } from "../../contract/problems.ts";
import { roomCreateSchema, roomPatchSchema, type RoomView, roomViewSchema } from "../../contract/rooms.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { shareWithVisitors } from "../http/edge-cache.ts";
import { etagOf, ifMatchVersion } from "../http/etag.ts";
import type { SubjectParts } from "../http/route.ts";
import { forMembers, inRoom, type RoomCall, roomParams } from "./rooms-calls.ts";
import { changeRoom, deleteRoom, mayChange } from "./rooms-change.ts";
import { createRoom } from "./rooms-create.ts";
import { callerOf } from "./rooms-people.ts";

const one = { ...forMembers, path: "/v1/rooms/{room}", params: roomParams } as const;
const VISITORS_STALENESS_S = 5;

/** What a grant has to cover to create this: the name, or all names that one made up may have. */
function namesOf({ body }: SubjectParts): readonly string[] {
  const { room, kind } = body as { readonly room?: string; readonly kind: string }; // parsed by the route's own schema
  return [room ?? `${kind}-*`];
}

/** Rooms themselves: begun, read, changed, removed. */
export function registerRoomRoutes(app: App): void {
  route(
    app,
    {
      tag: "live",
      door: "also",
      subjects: namesOf,
      method: "post",
      path: "/v1/rooms",
      action: "rooms:create",
      summary: "Create a room",
      description:
        "An end user who creates it is its owner. Without `room` a name is made up that begins with the kind: a grant for `group-*` lets somebody create groups, one for `direct-*` talk to anybody. Two people have one direct room: who comes second gets it with 200.",
      body: roomCreateSchema,
      answer: { status: 201, schema: roomViewSchema },
      problems: ["invalid-id", "conflict", "quota-reached", "rate-limited"],
    },
    async (call) => {
      const by = await callerOf(call.principal, call.body.room ?? `${call.body.kind}-*`, call);
      const created = await createRoom(call, by, call.body);
      if (!created.ok) return created;
      const { room, isNew } = created.value;
      const view = await viewOf(call, room);
      if (!view.ok) return view;
      return isNew ? view : Response.json(view.value, { status: 200, headers: { etag: etagOf(view.value.version) } });
    },
  );
  registerOneRoom(app);
}

function registerOneRoom(app: App): void {
  route(
    app,
    {
      ...one,
      method: "get",
      action: "rooms:read",
      summary: "A room, and what the caller is in it",
      answer: { status: 200, schema: roomViewSchema },
      problems: ["not-found", "invalid-id"],
    },
    async (call) => {
      const key = { name: "rooms/room", parts: call.params.room, maxAgeS: VISITORS_STALENESS_S };
      return await shareWithVisitors(call, key, async () => await viewOf(call, call.params.room));
    },
  );
  route(
    app,
    {
      ...one,
      method: "patch",
      action: "rooms:manage",
      summary: "Change a room's settings",
      description: "What is left out stays. End users: its owners and admins. Send If-Match with the ETag of what you saw.",
      body: roomPatchSchema,
      answer: { status: 200, schema: roomViewSchema },
      problems: ["not-found", "invalid-id", "conflict", "precondition-failed"],
    },
    async (call) => {
      const expected = ifMatchVersion(call.request);
      if (!expected.ok) return expected;
      const { room } = call.params;
      const allowed = await mayChange(call, room, ["owner", "admin"]);
      if (!allowed.ok) return allowed;
      const changed = await changeRoom(call, room, call.body, expected.value);
      return changed.ok ? await viewOf(call, room) : changed;
    },
  );
  route(
    app,
    {
      ...one,
      method: "delete",
      action: "rooms:manage",
      summary: "Delete a room with all its messages and media",
      description:
        "End users: its owners. It answers nobody any more at once; what it holds goes in the background. Its name is free when that is done.",
      answer: { status: 204 },
      problems: ["not-found", "invalid-id", "conflict"],
    },
    async (call) => {
      const allowed = await mayChange(call, call.params.room, ["owner"]);
      return allowed.ok ? await deleteRoom(call, call.params.room) : allowed;
    },
  );
}

async function viewOf(call: RoomCall & { readonly answerHeaders: Headers }, room: string): Promise<Outcome<RoomView>> {
  const view = await inRoom(call, room, async (object, by) => await object.ask(by, "view", {}));
  if (!view.ok) return view;
  call.answerHeaders.set("etag", etagOf(view.value.version));
  return accept(view.value);
}
