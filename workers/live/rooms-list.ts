import { z } from "@hono/zod-openapi";
import { decodeCursor, encodeCursor } from "../../contract/cursor.ts";
import { type Page, pageQuerySchema } from "../../contract/pages.ts";
import type { SubjectPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { type Conversation, conversationSchema, type RoomEntry, roomEntrySchema } from "../../contract/rooms.ts";
import type { InboxEntry } from "../../contract/rpc/inbox.ts";
import type { EdgeEnv } from "../env.ts";
import { inParallel } from "../consumers/parallel.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { inboxOf, roomOf } from "../http/objects.ts";
import type { RoomCall } from "./rooms-calls.ts";
import { callerOf } from "./rooms-people.ts";
import { entryOf, listRooms } from "./rooms-store.ts";

/** Large rooms that are asked at once for one list. */
const ASKED_AT_ONCE = 8;

const listSchema = z.object({
  items: z.array(z.union([conversationSchema, roomEntrySchema])),
  nextCursor: z.string().nullable(),
});

/** Of an end user: their conversations. Of the tenant's own: every room there is. */
export function registerRoomListRoutes(app: App): void {
  route(
    app,
    {
      method: "get",
      path: "/v1/rooms",
      action: "rooms:read",
      subjects: "self",
      door: "also",
      tag: "live",
      summary: "List rooms",
      description: "End users get their conversations, the newest activity first; services and operators every room by name.",
      query: pageQuerySchema,
      answer: { status: 200, schema: listSchema },
    },
    async (call) => {
      const { principal, query, env } = call;
      if (principal.kind === "subject") return await conversations({ ...call, principal }, query.limit, query.cursor);
      return await catalogue(env, principal.tenantId, query.limit, query.cursor);
    },
  );
}

async function catalogue(env: EdgeEnv, tenantId: string, limit: number, cursor: string | undefined): Promise<Outcome<Page<RoomEntry>>> {
  const after = cursor === undefined ? [""] : decodeCursor(cursor, ["string"]);
  if (!after) return refuse("invalid-parameter", "The cursor is not one of this list; leave it out to start at the first room.");
  const found = await listRooms(env.DB, tenantId, String(after[0]), limit + 1);
  const items = found.slice(0, limit).map(entryOf);
  const last = items.at(-1);
  return accept({ items, nextCursor: last && found.length > limit ? encodeCursor([last.room]) : null });
}

/** The inbox knows rooms of up to 128 members by heart; the larger ones are asked now. */
async function conversations(
  call: RoomCall & { readonly principal: SubjectPrincipal },
  limit: number,
  cursor: string | undefined,
): Promise<Outcome<Page<Conversation>>> {
  const inbox = inboxOf(call, call.principal.ref);
  const { items, nextCursor } = cursor === undefined ? await inbox.list(limit) : await inbox.list(limit, cursor);
  const shown = new Map<string, Conversation>();
  await inParallel(items, ASKED_AT_ONCE, async (entry) => {
    const conversation = await withSummary(call, entry);
    if (conversation) shown.set(entry.room, conversation);
  });
  return accept({ items: items.flatMap(({ room }) => shown.get(room) ?? []), nextCursor });
}

/** Undefined for a room that is gone, or that the person is no member of any more: the inbox has not heard yet. */
async function withSummary(call: RoomCall, { summary, ...entry }: InboxEntry): Promise<Conversation | undefined> {
  if (summary) return { ...entry, ...summary };
  const by = await callerOf(call.principal, entry.room, call);
  const asked = await roomOf(call, entry.room).ask(by, "summary", {});
  return asked.ok ? { ...entry, ...asked.value } : undefined;
}
