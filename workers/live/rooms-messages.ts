import { z } from "@hono/zod-openapi";
import { accept } from "../../contract/problems.ts";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import {
  emojiSchema,
  historyQuerySchema,
  historySchema,
  messageAckSchema,
  messageEditSchema,
  messagePostSchema,
  receiptPutSchema,
  receiptSchema,
  traceSchema,
} from "../../contract/rooms.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { shareWithVisitors } from "../http/edge-cache.ts";
import { auditedForOperators, forMembers, inRoom, messageParams, roomParams } from "./rooms-calls.ts";
import { notVisitor } from "./rooms-members.ts";

const read = { ...forMembers, action: "rooms:read" } as const;
const write = { ...forMembers, action: "rooms:write" } as const;
const one = { path: "/v1/rooms/{room}/messages/{offset}", params: messageParams } as const;
const VISITORS_STALENESS_S = 5;
/** A batch of the longest texts, each character escaped as JSON may. */
const POST_BYTES = 4 * 1024 * 1024;
const placeSchema = z.object({ offset: z.number().int() });

/** What is said in a room. */
export function registerRoomMessageRoutes(app: App): void {
  route(
    app,
    {
      ...read,
      method: "get",
      path: "/v1/rooms/{room}/messages",
      summary: "A room's messages",
      description:
        "Newest last, the newest when no place is named. `before` and `after` an offset leave it out; `around` has it in the middle. `nextCursor` goes on in the direction that was asked.",
      params: roomParams,
      query: historyQuerySchema,
      answer: { status: 200, schema: historySchema },
      problems: ["not-found", "invalid-id"],
    },
    async (call) => {
      const { room } = call.params;
      const key = { name: "rooms/messages", parts: [room, call.query], maxAgeS: VISITORS_STALENESS_S };
      return await shareWithVisitors(
        call,
        key,
        async () => await inRoom(call, room, async (object, by) => await object.ask(by, "history", call.query)),
      );
    },
  );
  route(
    app,
    {
      ...write,
      method: "post",
      path: "/v1/rooms/{room}/messages",
      summary: "Send messages",
      description: `One, or \`messages\` with at most ${ROOM_LIMITS.batch}. They are stored in the order sent, and durable when this answers. The same \`clientId\` again is answered with the first place and stored once.`,
      params: roomParams,
      body: messagePostSchema,
      maxBodyBytes: POST_BYTES,
      answer: { status: 201, schema: z.object({ items: z.array(messageAckSchema) }) },
      problems: ["not-found", "invalid-id", "muted", "rate-limited"],
    },
    async (call) => {
      const messages = "messages" in call.body ? call.body.messages : [call.body];
      return await inRoom(call, call.params.room, async (object, by) => await object.post(by, messages, call.meta));
    },
  );
  registerOneMessage(app);
  registerReceipts(app);
}

function registerOneMessage(app: App): void {
  route(
    app,
    {
      ...write,
      ...one,
      method: "patch",
      summary: "Edit a message",
      description: "Its author or a moderator. Earlier versions are kept.",
      body: messageEditSchema,
      answer: { status: 200, schema: placeSchema },
      problems: ["not-found", "invalid-id", "message-deleted", "muted"],
    },
    async (call) => {
      const { room, offset } = call.params;
      return await auditedForOperators(
        call,
        { action: "room.message.edit", target: `room/${room}`, detail: { offset } },
        async () => await inRoom(call, room, async (object, by) => await object.edit(by, offset, call.body, call.meta)),
      );
    },
  );
  route(
    app,
    {
      ...write,
      ...one,
      method: "delete",
      summary: "Delete a message",
      description: "Its author or a moderator. A tombstone stays in its place; the text and its versions go.",
      answer: { status: 204 },
      problems: ["not-found", "invalid-id"],
    },
    async (call) => {
      const { room, offset } = call.params;
      const erased = await auditedForOperators(
        call,
        { action: "room.message.delete", target: `room/${room}`, detail: { offset } },
        async () => await inRoom(call, room, async (object, by) => await object.erase(by, offset, call.meta)),
      );
      return erased.ok ? accept(undefined) : erased;
    },
  );
  for (const method of ["put", "delete"] as const) {
    route(
      app,
      {
        ...write,
        method,
        path: "/v1/rooms/{room}/messages/{offset}/reactions/{emoji}",
        summary: method === "put" ? "React to a message" : "Take a reaction back",
        description: "The emoji is percent-encoded in the path. Again changes nothing.",
        params: messageParams.extend({ emoji: emojiSchema }),
        answer: { status: 204 },
        problems: ["not-found", "invalid-id", "message-deleted", "muted", "conflict"],
      },
      async (call) => {
        const { room, offset, emoji } = call.params;
        const reacted = await inRoom(call, room, async (object, by) => await object.react(by, offset, emoji, method === "put", call.meta));
        return reacted.ok ? accept(undefined) : reacted;
      },
    );
  }
  route(
    app,
    {
      ...read,
      method: "get",
      path: "/v1/rooms/{room}/messages/{offset}/trace",
      summary: "How a message went: stored, fanned out, delivered, read",
      description: `Its author or a moderator. Times are known of the newest ${ROOM_LIMITS.traceOffsets} offsets; of older ones only that it happened.`,
      params: messageParams,
      answer: { status: 200, schema: traceSchema },
      problems: ["not-found", "invalid-id"],
    },
    async (call) => {
      const known = notVisitor(call.principal);
      if (!known.ok) return known;
      const { room, offset } = call.params;
      return await inRoom(call, room, async (object, by) => await object.ask(by, "trace", { offset }));
    },
  );
}

function registerReceipts(app: App): void {
  route(
    app,
    {
      ...read,
      method: "put",
      path: "/v1/rooms/{room}/receipts",
      summary: "Say how far one has got: delivered, read",
      description: "Cumulative: the higher offset wins, a lower one changes nothing.",
      params: roomParams,
      body: receiptPutSchema,
      answer: { status: 200, schema: receiptSchema },
      problems: ["not-found", "invalid-id", "receipt-ahead"],
    },
    async (call) => {
      const known = notVisitor(call.principal);
      if (!known.ok) return known;
      return await inRoom(call, call.params.room, async (object, by) => await object.putReceipts(by, call.body));
    },
  );
}
