import * as z from "zod";
import type { Message, Receipt, RoomRole, MemberState } from "./rooms.ts";
import { emojiSchema, messageEditSchema, messageInputSchema, receiptPutSchema } from "./rooms.ts";
import { ROOM_LIMITS as L, TOPIC_LIMITS } from "./room-limits.ts";

// Sockets of rooms (`GET /v1/rooms/{room}/socket`) and of hubs (`GET /v1/connect`): frames beyond those of contract/live.ts.
//
// Frames that are the same for many are `sharedFrameSchema`: they count without saying so.
// A binary frame is a `batch`, raw deflate over its JSON text (RFC 1951), for sockets that asked with `auth.data.deflate`.

const ref = z.string().min(1).max(64);
const frame = <T extends string>(type: T) => ({ v: z.literal(1), type: z.literal(type) });

/** A message from the author. Answered by an `ack` with its `clientId` once it is durable, or by an `error` with it as `ref`. */
export const sendFrame = messageInputSchema.safeExtend(frame("send"));
export const editFrame = messageEditSchema.extend({ ...frame("edit"), ref, offset: z.number().int().positive() });
export const deleteFrame = z.strictObject({ ...frame("delete"), ref, offset: z.number().int().positive() });
export const reactFrame = z.strictObject({
  ...frame("react"),
  ref,
  offset: z.number().int().positive(),
  emoji: emojiSchema,
  on: z.boolean(),
});
/** `on: false` when the person stops before sending. */
export const typingFrame = z.strictObject({ ...frame("typing"), on: z.boolean() });
export const receiptFrame = receiptPutSchema.safeExtend(frame("receipt"));
/** This socket's state; a person is away when all of theirs are. `data` is the person's own, small. */
export const presenceFrame = z.strictObject({
  ...frame("presence"),
  state: z.enum(["online", "away"]),
  data: z
    .record(z.string().max(64), z.union([z.string().max(200), z.number(), z.boolean(), z.null()]))
    .refine((data) => JSON.stringify(data).length <= L.presenceDataBytes, `Send at most ${L.presenceDataBytes} bytes`)
    .optional(),
});

export const PRIORITIES = ["critical", "normal", "low"] as const;
export type Priority = (typeof PRIORITIES)[number];
/** One message for a topic. `key`, `version` and `at` are for keyed topics. */
export const topicMessageSchema = z.strictObject({
  type: z.string().min(1).max(100).default("message"),
  data: z
    .unknown()
    .refine((data) => (JSON.stringify(data) ?? "").length <= TOPIC_LIMITS.dataBytes, `Send at most ${TOPIC_LIMITS.dataBytes} bytes`),
  priority: z.enum(PRIORITIES).default("normal"),
  key: z.string().min(1).max(TOPIC_LIMITS.keyChars).optional(),
  version: z.number().int().nonnegative().optional(),
  /** Epoch milliseconds of the writer's clock: breaks ties of equal versions, before `clientId`. */
  at: z.number().int().nonnegative().optional(),
  /** Makes a repetition recognisable, and breaks the last tie. */
  clientId: z.string().min(1).max(L.clientIdChars),
});
export type TopicMessage = z.infer<typeof topicMessageSchema>;
/** Publishes to a topic from a hub's socket. Answered by `ack`, `conflict` or `error`. */
export const publishFrame = topicMessageSchema.omit({ type: true }).extend({
  ...frame("publish"),
  channel: z.string().min(3).max(200),
  /** The message's own type. */
  event: topicMessageSchema.shape.type,
});

/** What only a room's socket understands. */
export const roomFrameSchema = z.discriminatedUnion("type", [
  sendFrame,
  editFrame,
  deleteFrame,
  reactFrame,
  typingFrame,
  receiptFrame,
  presenceFrame,
]);
export type RoomFrame = z.infer<typeof roomFrameSchema>;

/** What a room's log holds, each at its own offset; `type` and `data` of an envelope. */
export type RoomEventData =
  | { readonly type: "message"; readonly data: Message }
  | {
      readonly type: "edited";
      readonly data: { readonly offset: number; readonly text: string; readonly mentions: readonly string[]; readonly by: string };
    }
  | { readonly type: "deleted"; readonly data: { readonly offset: number; readonly by: string } }
  | {
      readonly type: "reaction";
      readonly data: { readonly offset: number; readonly emoji: string; readonly by: string; readonly on: boolean; readonly count: number };
    }
  | {
      readonly type: "member";
      readonly data: {
        readonly subject: string;
        readonly role: RoomRole;
        readonly state: MemberState;
        readonly name: string;
        readonly avatarUrl: string | null;
        readonly mutedUntil: number | null;
        readonly by: string;
      };
    }
  | { readonly type: "room"; readonly data: { readonly title: string; readonly by: string } };

/** One entry of a room's log. */
export type RoomEvent = RoomEventData & {
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly at: number;
};

// What is told and not kept: server frames beside `batch`.

export interface TypingPush {
  readonly channel: string;
  readonly items: readonly { readonly subject: string; readonly on: boolean }[];
}
export interface PresencePush {
  readonly channel: string;
  readonly items: readonly PersonPresence[];
}
export interface PersonPresence {
  readonly subject: string;
  readonly state: "online" | "away" | "offline";
  /** Epoch milliseconds; of somebody offline. */
  readonly lastSeenAt: number | null;
  readonly data: Readonly<Record<string, string | number | boolean | null>> | null;
}
export interface ReceiptsPush {
  readonly channel: string;
  readonly items: readonly Receipt[];
}

/** Why a recovery is refused; nothing is sent with it. */
export const RECOVERY_REFUSALS = ["epoch-changed", "too-old", "too-many"] as const;
export type RecoveryRefusal = (typeof RECOVERY_REFUSALS)[number];
