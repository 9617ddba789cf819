import * as z from "zod";
import { asProblem } from "./problems.ts";
import { ROOM_LIMITS as L, ROOM_PATTERN } from "./room-limits.ts";
import { SUB_PATTERN } from "./subject-id.ts";

// Rooms as HTTP shows them. A person is `issuer|sub` everywhere: two issuers never speak for one member.

export const roomIdSchema = z
  .string()
  .max(200)
  .refine((id) => ROOM_PATTERN.test(id), { ...asProblem("invalid-id"), message: "Send 1-64 of a-z, 0-9 and -" });

/** `issuer|sub`; a bare `sub` is one of the tokens that Meridian minted. */
export const memberIdSchema = z
  .string()
  .max(300)
  .transform((id) => (id.includes("|") ? id : `minted|${id}`))
  .refine((id) => /^[a-z][a-z0-9-]{0,31}\|/.test(id) && SUB_PATTERN.test(id.slice(id.indexOf("|") + 1)), {
    ...asProblem("invalid-id"),
    message: "Send `issuer|sub`, or the `sub` of a minted token",
  });

/** `direct`: two people, found by who they are. `group`: many write. `channel`: owners and admins write, everybody reads. */
export const ROOM_KINDS = ["direct", "group", "channel"] as const;
export type RoomKind = (typeof ROOM_KINDS)[number];
/** Roles are a ladder here: each may what those after it may. */
export const ROOM_ROLES = ["owner", "admin", "member", "reader"] as const;
export type RoomRole = (typeof ROOM_ROLES)[number];
/** `invited` until they open it; `left`, `removed` and `banned` are kept so that a grant alone brings no banned person back. */
export const MEMBER_STATES = ["active", "invited", "left", "removed", "banned"] as const;
export type MemberState = (typeof MEMBER_STATES)[number];

/** Half a surrogate pair is no character either: storage keeps another in its place, and what is sent again would not be found. */
const isWhole = (text: string): boolean => text.isWellFormed();
const noControls = (text: string): boolean => isWhole(text) && !/\p{Cc}/u.test(text);
const titleSchema = z.string().max(L.titleChars).refine(noControls, "Send it without control characters");

const settingsShape = {
  title: titleSchema.default(""),
  /** Days after which messages go; null: never. */
  retentionDays: z.number().int().min(1).max(3_650).nullable().default(null),
  /** Messages kept in the room itself; older ones are sealed into the archive and read from there. */
  hotMessages: z.number().int().min(1_000).max(1_000_000).default(100_000),
};
export const roomSettingsSchema = z.strictObject(settingsShape);
export type RoomSettings = z.infer<typeof roomSettingsSchema>;

export const roomCreateSchema = z
  .strictObject({
    /** Left out: one is made up. A direct room's follows from its two people. */
    room: roomIdSchema.optional(),
    kind: z.enum(ROOM_KINDS).default("group"),
    /** People who are members from the start, beside who creates it; of a direct room the other one (or both, for a service). */
    members: z.array(memberIdSchema).max(100).default([]),
  })
  .extend(roomSettingsSchema.partial().shape);
export type RoomCreate = z.infer<typeof roomCreateSchema>;
/** What is absent stays: without the defaults, which `partial` would fill in. */
export const roomPatchSchema = z.strictObject({
  title: settingsShape.title.unwrap().optional(),
  retentionDays: settingsShape.retentionDays.unwrap().optional(),
  hotMessages: settingsShape.hotMessages.unwrap().optional(),
});
export type RoomPatch = z.infer<typeof roomPatchSchema>;

export const memberSchema = z.object({
  subject: z.string(),
  role: z.enum(ROOM_ROLES),
  state: z.enum(MEMBER_STATES),
  name: z.string(),
  avatarUrl: z.string().nullable(),
  joinedAt: z.iso.datetime(),
  mutedUntil: z.iso.datetime().nullable(),
  /** Cumulative; null in rooms of more than `ROOM_LIMITS.receiptMembers` members, except one's own. */
  deliveredOffset: z.number().int().nullable(),
  readOffset: z.number().int().nullable(),
  presence: z.enum(["online", "away", "offline"]),
  lastSeenAt: z.iso.datetime().nullable(),
});
export type Member = z.infer<typeof memberSchema>;

/** `PUT …/members/{sub}`: adds, invites or changes. What is left out stays. */
export const memberPutSchema = z.strictObject({
  role: z.enum(ROOM_ROLES).optional(),
  state: z.enum(["active", "invited", "banned"]).optional(),
  /** Null ends a mute. */
  mutedUntil: z.iso.datetime().nullable().optional(),
  name: titleSchema.optional(),
  /** As in tokens: pages of others show it. */
  avatarUrl: z
    .url({ protocol: /^https$/, error: "must be an https address" })
    .max(L.urlChars)
    .nullable()
    .optional(),
});
export type MemberPut = z.infer<typeof memberPutSchema>;

export const roomViewSchema = z.object({
  room: z.string(),
  kind: z.enum(ROOM_KINDS),
  title: z.string(),
  retentionDays: z.number().nullable(),
  hotMessages: z.number(),
  members: z.number().int(),
  /** The place of the newest event; the next has one more. */
  offset: z.number().int(),
  epoch: z.string(),
  messages: z.number().int(),
  createdAt: z.iso.datetime(),
  version: z.number().int(),
  /** What the one who asks is here; null for services, operators and visitors. */
  me: memberSchema.nullable(),
});
export type RoomView = z.infer<typeof roomViewSchema>;

/** A room as the tenant's catalogue has it: what services and operators list. */
export const roomEntrySchema = z.object({
  room: z.string(),
  kind: z.enum(ROOM_KINDS),
  ...roomSettingsSchema.shape,
  /** `creating`, `changing`: the room itself has not been told yet. `deleting`: what it holds is going. */
  state: z.enum(["creating", "changing", "live", "deleting"]),
  /** Rises with each change; the ETag. */
  version: z.number().int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type RoomEntry = z.infer<typeof roomEntrySchema>;

const mentionsSchema = z.array(memberIdSchema).max(L.mentions);
/** Halves of surrogate pairs become U+FFFD, as they would in storage: everybody is shown the same, live and later. */
const textSchema = z
  .string()
  .overwrite((text) => text.toWellFormed())
  .refine((text) => new TextEncoder().encode(text).byteLength <= L.textBytes, {
    ...asProblem("payload-too-large"),
    message: `Send at most ${L.textBytes} bytes`,
  });

/** What somebody says. Text or media, or both. */
export const messageInputSchema = z
  .strictObject({
    /** Made by the client: the same one sent again is answered with the first acknowledgement and stored once. */
    clientId: z.string().min(1).max(L.clientIdChars).refine(isWhole, "Send it without halves of characters"),
    text: textSchema.default(""),
    mediaId: z.string().min(1).max(64).nullable().default(null),
    /** Offset of the message it answers. */
    replyTo: z.number().int().positive().nullable().default(null),
    mentions: mentionsSchema.default([]),
  })
  .refine(({ text, mediaId }) => text !== "" || mediaId !== null, { path: ["text"], message: "Send a text or a mediaId" });
export type MessageInput = z.infer<typeof messageInputSchema>;
export const messageEditSchema = z.strictObject({ text: textSchema.min(1), mentions: mentionsSchema.default([]) });
export type MessageEdit = z.infer<typeof messageEditSchema>;
export const messagePostSchema = z.union([
  messageInputSchema,
  z.strictObject({
    messages: z
      .array(messageInputSchema)
      .min(1)
      .refine((all) => all.length <= L.batch, { ...asProblem("payload-too-large"), message: `Send at most ${L.batch} messages` }),
  }),
]);

export const emojiSchema = z.string().min(1).max(L.emojiChars).refine(noControls, "Send an emoji");

export const reactionSchema = z.object({
  emoji: z.string(),
  count: z.number().int(),
  /** The first of them, `ROOM_LIMITS.reactorsShown` at most. */
  by: z.array(z.string()),
});
export const MESSAGE_KINDS = ["text", "media", "system"] as const;
/** A message as everybody in the room sees it. A deleted one is a tombstone: no text, no media, no reactions. */
export const messageSchema = z.object({
  offset: z.number().int(),
  /** `{room}:{offset}`. */
  id: z.string(),
  clientId: z.string().nullable(),
  /** `issuer|sub`, `key:{id}` of a service, `user:{id}` of an operator, `deleted` once the person was erased. */
  sender: z.string(),
  senderName: z.string(),
  /** Epoch milliseconds. */
  at: z.number().int(),
  kind: z.enum(MESSAGE_KINDS),
  text: z.string(),
  mediaId: z.string().nullable(),
  /** Of media: what a reserved box needs before anything is loaded. */
  media: z
    .object({ type: z.string(), bytes: z.number().int(), width: z.number().int().nullable(), height: z.number().int().nullable() })
    .nullable(),
  replyTo: z.number().int().nullable(),
  mentions: z.array(z.string()),
  reactions: z.array(reactionSchema),
  editedAt: z.number().int().nullable(),
  deletedAt: z.number().int().nullable(),
});
export type Message = z.infer<typeof messageSchema>;

/** Newest last, whichever way it was asked. */
export const historySchema = z.object({
  items: z.array(messageSchema),
  /** Goes on in the direction that was asked; null at the end. */
  nextCursor: z.string().nullable(),
  hasMore: z.boolean(),
  epoch: z.string(),
  /** Of the newest event when this was read: subscribe with it as `since`, and nothing is missed. */
  offset: z.number().int(),
});
export type History = z.infer<typeof historySchema>;
export const historyQuerySchema = z
  .object({
    before: z.coerce.number().int().positive().optional(),
    after: z.coerce.number().int().nonnegative().optional(),
    around: z.coerce.number().int().positive().optional(),
    cursor: z.string().max(512).optional(),
    limit: z.coerce.number().int().min(1).max(L.page).default(L.replay),
  })
  .refine((query) => [query.before, query.after, query.around, query.cursor].filter((one) => one !== undefined).length <= 1, {
    message: "Send one of before, after, around and cursor",
  });
export type HistoryQuery = z.infer<typeof historyQuerySchema>;

export const messageAckSchema = z.object({ clientId: z.string(), offset: z.number().int(), id: z.string(), at: z.number().int() });
export type MessageAck = z.infer<typeof messageAckSchema>;

export const receiptPutSchema = z
  .strictObject({ deliveredOffset: z.number().int().nonnegative().optional(), readOffset: z.number().int().nonnegative().optional() })
  .refine((receipt) => receipt.deliveredOffset !== undefined || receipt.readOffset !== undefined, "Send deliveredOffset or readOffset");
export type ReceiptPut = z.infer<typeof receiptPutSchema>;
export const receiptSchema = z.object({ subject: z.string(), deliveredOffset: z.number().int(), readOffset: z.number().int() });
export type Receipt = z.infer<typeof receiptSchema>;

/** How a message went: times are epoch milliseconds, null where only "by now" is known. */
export const traceSchema = z.object({
  offset: z.number().int(),
  storedAt: z.number().int(),
  fannedOutAt: z.number().int().nullable(),
  members: z.array(
    z.object({
      subject: z.string(),
      delivered: z.boolean(),
      deliveredAt: z.number().int().nullable(),
      read: z.boolean(),
      readAt: z.number().int().nullable(),
    }),
  ),
});
export type Trace = z.infer<typeof traceSchema>;

/** One line of an import: a message with its own time and sender. */
export const importLineSchema = z
  .strictObject({
    at: z.number().int().nonnegative(),
    sender: memberIdSchema,
    senderName: titleSchema.default(""),
    text: textSchema.default(""),
    mediaId: z.string().min(1).max(64).nullable().default(null),
    replyTo: z.number().int().positive().nullable().default(null),
  })
  .refine(({ text, mediaId }) => text !== "" || mediaId !== null, { path: ["text"], message: "Send a text or a mediaId" });
export const roomImportReplySchema = z.object({
  batchId: z.string(),
  imported: z.number().int(),
  fromOffset: z.number().int(),
  toOffset: z.number().int(),
});
export type RoomImportReply = z.infer<typeof roomImportReplySchema>;

/** One conversation of a person's list. */
export const conversationSchema = z.object({
  room: z.string(),
  kind: z.enum(ROOM_KINDS),
  title: z.string(),
  role: z.enum(ROOM_ROLES),
  state: z.enum(["active", "invited"]),
  /** Of a direct room: the other person. */
  peer: z.string().nullable(),
  peerName: z.string().nullable(),
  unread: z.number().int(),
  mentions: z.number().int(),
  offset: z.number().int(),
  /** Beginning of the newest message; null while there is none. */
  last: z
    .object({ offset: z.number().int(), at: z.number().int(), sender: z.string(), senderName: z.string(), text: z.string() })
    .nullable(),
});
export type Conversation = z.infer<typeof conversationSchema>;

export const MEDIA_TYPES = [
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "video/mp4",
  "audio/mpeg",
  "audio/ogg",
  "application/pdf",
] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];
export const mediaSchema = z.object({
  mediaId: z.string(),
  type: z.enum(MEDIA_TYPES),
  bytes: z.number().int(),
  width: z.number().int().nullable(),
  height: z.number().int().nullable(),
  hasThumbnail: z.boolean(),
  /** Good for an hour. */
  url: z.string(),
});
export type Media = z.infer<typeof mediaSchema>;
