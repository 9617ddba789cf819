import * as z from "zod";
import { asProblem } from "./problems.ts";
import { PRIORITIES, topicMessageSchema } from "./room-live.ts";
import { TOPIC_KINDS, TOPIC_LIMITS as L, TOPIC_NAME_PATTERN, type TopicKind } from "./room-limits.ts";

// Topics as HTTP shows them. A topic is `kind/name`; sockets and server-sent events call that its channel.

const KINDS = Object.keys(TOPIC_KINDS) as [TopicKind, ...TopicKind[]]; // the keys of a const object are its key type

export const topicKindSchema = z.enum(KINDS);
export const topicNameSchema = z
  .string()
  .refine((name) => TOPIC_NAME_PATTERN.test(name), { ...asProblem("invalid-name"), message: "Send 1-100 letters, digits and . _ : - /" });

export const topicSettingsSchema = z.strictObject({
  /** `public`: everybody at the tenant's door reads it. */
  visibility: z.enum(["private", "public"]).default("private"),
  /** Publications go out together at most this often. */
  flushMs: z.number().int().min(0).max(L.flushMsMax).default(L.flushMs),
  /** Messages kept, and for how long. */
  keep: z.number().int().min(0).max(L.keep).default(L.keepDefault),
  keepSeconds: z.number().int().min(1).max(L.keepSeconds).default(L.keepSecondsDefault),
  /** The last write of each key stays as state. Fixed by the first message. */
  keyed: z.boolean().default(false),
});
export type TopicSettings = z.infer<typeof topicSettingsSchema>;
export const topicPutSchema = topicSettingsSchema.partial();

export const topicViewSchema = topicSettingsSchema.extend({
  topic: z.string(),
  epoch: z.string(),
  offset: z.number().int(),
  kept: z.number().int(),
  conflicts: z.number().int(),
  /** The hub that holds its log. */
  hub: z.number().int(),
  version: z.number().int(),
});
export type TopicView = z.infer<typeof topicViewSchema>;

export const topicPublishSchema = z.union([
  topicMessageSchema,
  z.strictObject({
    messages: z
      .array(topicMessageSchema)
      .min(1)
      .refine((all) => all.length <= L.batch, { ...asProblem("payload-too-large"), message: `Send at most ${L.batch} messages` }),
  }),
]);

/** A message as it was published. */
export const topicItemSchema = z.object({
  offset: z.number().int(),
  id: z.string(),
  at: z.number().int(),
  type: z.string(),
  data: z.unknown(),
  priority: z.enum(PRIORITIES),
  key: z.string().nullable(),
  version: z.number().int().nullable(),
  clientId: z.string(),
});
export type TopicItem = z.infer<typeof topicItemSchema>;
export const topicHistorySchema = z.object({
  items: z.array(topicItemSchema),
  nextCursor: z.string().nullable(),
  epoch: z.string(),
  offset: z.number().int(),
});
export type TopicHistory = z.infer<typeof topicHistorySchema>;

export const keyedEntrySchema = z.object({
  key: z.string(),
  version: z.number().int(),
  at: z.number().int(),
  clientId: z.string(),
  data: z.unknown(),
  offset: z.number().int(),
});
export type KeyedEntry = z.infer<typeof keyedEntrySchema>;
export const topicConflictSchema = z.object({
  at: z.number().int(),
  key: z.string(),
  lost: z.object({ version: z.number().int(), at: z.number().int(), clientId: z.string(), by: z.string() }),
  won: z.object({ version: z.number().int(), at: z.number().int(), clientId: z.string() }),
});
export type TopicConflict = z.infer<typeof topicConflictSchema>;

/** What became of each message, in order. */
export const topicAckSchema = z.union([
  z.object({ clientId: z.string(), offset: z.number().int(), at: z.number().int() }),
  z.object({ clientId: z.string(), conflict: keyedEntrySchema }),
]);
export type TopicAck = z.infer<typeof topicAckSchema>;

/** A topic in a list; what only its home knows is left to `GET` of the one. */
export const topicRowSchema = topicSettingsSchema.extend({ topic: z.string(), hub: z.number().int(), version: z.number().int() });
export type TopicListed = z.infer<typeof topicRowSchema>;

const limit = z.coerce.number().int().min(1).max(200).default(50);
export const topicPageQuerySchema = z.object({ limit, cursor: z.string().max(512).optional() });
export const topicConflictsSchema = z.object({ items: z.array(topicConflictSchema) });
