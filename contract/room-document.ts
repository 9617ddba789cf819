import * as z from "zod";
import { TOPIC_LIMITS } from "./room-limits.ts";
import { topicSettingsSchema } from "./topics.ts";
import { ROOM_KINDS, roomIdSchema, roomSettingsSchema } from "./rooms.ts";

/** Limits of the document of rooms and topics. */
export const ROOM_DOCUMENT_LIMITS = {
  /** Rooms that people of the tenant declared; what programs and end users make as they go is in no document. */
  rooms: 1_000,
  /** A document with as many rooms and as many topics as a tenant may have, all fields written out. */
  bytes: 4 * 1024 * 1024,
  /** Changes of one call: each is a few calls of objects and of D1. */
  applied: 50,
} as const;

/** A room as a document declares it: what is left out is the default. Who is in it is no business of a document. */
export const declaredRoomSchema = z.strictObject({
  kind: z.enum(ROOM_KINDS).exclude(["direct"]).default("group"),
  ...roomSettingsSchema.shape,
});
export type DeclaredRoom = z.infer<typeof declaredRoomSchema>;

const named = <T extends z.ZodType>(name: z.ZodType<string, string>, value: T, max: number) =>
  z.record(name, value).refine((all) => Object.keys(all).length <= max, `Send at most ${max}`);

/** One declarative document for a tenant's rooms and topics: what `observe` gives and `apply` takes. */
export const roomDocumentSchema = z.strictObject({
  rooms: named(roomIdSchema, declaredRoomSchema, ROOM_DOCUMENT_LIMITS.rooms).default({}),
  /** By `kind/name`. What is left out of one is the default. */
  topics: named(z.string().max(TOPIC_LIMITS.nameChars + 20), topicSettingsSchema, TOPIC_LIMITS.topics).default({}),
});
export type RoomDocument = z.infer<typeof roomDocumentSchema>;
export const roomApplySchema = z.strictObject({
  document: roomDocumentSchema,
  /** Whether declared things that the document does not name are removed. */
  prune: z.boolean().default(false),
});
/** Removes what the document names, if it is there. */
export const roomRemoveSchema = z.strictObject({ document: roomDocumentSchema });
export const roomAppliedSchema = z.object({
  changes: z.array(
    z.object({ what: z.enum(["room", "topic"]), name: z.string(), change: z.enum(["created", "changed", "removed", "same"]) }),
  ),
  /** Changes that one call does not come to: send the same again until it is 0. */
  left: z.number().int(),
});
export type RoomApplied = z.infer<typeof roomAppliedSchema>;
