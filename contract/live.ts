import * as z from "zod";
import { LIVE_LIMITS } from "./live-codes.ts";

/** Native socket frames; every native socket of every plane speaks them. */
const channel = z
  .string()
  .min(3)
  .max(LIVE_LIMITS.channelChars)
  .regex(/^[a-z-]+\/.+$/u, "a channel is `kind/name`");

/** What a socket asks for. Sent with `auth`, or in an `options` frame. */
export const authDataSchema = z.strictObject({
  /** Batches as raw deflate in binary frames. */
  deflate: z.boolean().optional(),
});
export type AuthData = z.infer<typeof authDataSchema>;

/** Frames a client sends. */
export const clientFrameSchema = z.discriminatedUnion("type", [
  /** First frame of a socket that was opened without a credential. */
  z.strictObject({ v: z.literal(1), type: z.literal("auth"), token: z.string().min(1).max(8_192), data: authDataSchema.optional() }),
  /** Replaces the credential before the old one ends. */
  z.strictObject({ v: z.literal(1), type: z.literal("refresh"), token: z.string().min(1).max(8_192) }),
  z.strictObject({
    v: z.literal(1),
    type: z.literal("subscribe"),
    id: z.string().max(64),
    channel,
    /** Where the client left off; the answer says whether the gap was filled. */
    epoch: z.string().max(64).optional(),
    offset: z.number().int().nonnegative().optional(),
    /** Newest publications to begin with, when there is no position: rooms and topics that keep some. */
    replay: z.number().int().min(0).max(50).optional(),
  }),
  z.strictObject({ v: z.literal(1), type: z.literal("unsubscribe"), id: z.string().max(64), channel }),
  /** The highest frame number read. */
  z.strictObject({ v: z.literal(1), type: z.literal("ack"), n: z.number().int().nonnegative() }),
  /** Of a socket that came with its credential: what `auth` would have said in `data`. */
  z.strictObject({ v: z.literal(1), type: z.literal("options"), data: authDataSchema }),
]);
export type ClientFrame = z.infer<typeof clientFrameSchema>;

/** What a channel carries. `offset` rises by one per publication within an `epoch`; a new epoch means: read the state anew. */
export const envelopeSchema = z.object({
  v: z.literal(1),
  type: z.string(),
  id: z.string(),
  /** Epoch milliseconds. */
  at: z.number().int(),
  channel: z.string(),
  epoch: z.string(),
  offset: z.number().int(),
  data: z.unknown(),
  meta: z.record(z.string(), z.unknown()).optional(),
});
export type Envelope = z.infer<typeof envelopeSchema>;

/** Frames the server sends; `n` numbers them per socket, from 1. */
export const serverFrameSchema = z.discriminatedUnion("type", [
  z.object({
    v: z.literal(1),
    type: z.literal("welcome"),
    n: z.number().int(),
    connectionId: z.string(),
    serverTime: z.number().int(),
    ackEveryFrames: z.number().int(),
    ackEveryMs: z.number().int(),
    /** Epoch milliseconds when the socket will be closed with 4401 unless it sends `refresh` before; absent when it does not end. */
    credentialExpiresAt: z.number().int().optional(),
  }),
  /** A `refresh` was accepted. */
  z.object({ v: z.literal(1), type: z.literal("refreshed"), n: z.number().int(), credentialExpiresAt: z.number().int().optional() }),
  z.object({
    v: z.literal(1),
    type: z.literal("subscribed"),
    n: z.number().int(),
    id: z.string(),
    channel: z.string(),
    epoch: z.string(),
    /** The place after which events follow without a hole: what is recovered or replayed comes behind this frame, from `offset + 1` on. */
    offset: z.number().int(),
    /** Whether everything since the client's position was or will be delivered; never silently partial. */
    recovered: z.boolean(),
    /** Why a position could not be taken up; nothing before `offset` follows then. */
    reason: z.enum(["epoch-changed", "too-old", "too-many"]).optional(),
  }),
  z.object({ v: z.literal(1), type: z.literal("unsubscribed"), n: z.number().int(), id: z.string(), channel: z.string() }),
  z.object({
    v: z.literal(1),
    type: z.literal("batch"),
    n: z.number().int(),
    events: z.array(envelopeSchema),
    /** Publications replaced by newer ones because the client reads slowly. */
    coalesced: z.number().int().optional(),
    /** Channels whose withheld publication was lost with its replacement still unknown: read their state anew. */
    gaps: z.array(z.string()).optional(),
  }),
  z.object({
    v: z.literal(1),
    type: z.literal("error"),
    n: z.number().int(),
    id: z.string().optional(),
    /** Of a frame that carried a `ref` or `clientId`. */
    ref: z.string().optional(),
    code: z.string(),
    detail: z.string(),
    /** JSON pointer to the member of the frame that is wrong. */
    pointer: z.string().optional(),
    retryAfterMs: z.number().int().optional(),
  }),
  /** What was sent is durable: messages by their `clientId` with the offset they got, other changes by their `ref`. */
  z.object({
    v: z.literal(1),
    type: z.literal("ack"),
    n: z.number().int(),
    items: z.array(z.object({ ref: z.string(), offset: z.number().int(), at: z.number().int() })),
  }),
  /** A write to a keyed topic was older than what is there. */
  z.object({
    v: z.literal(1),
    type: z.literal("conflict"),
    n: z.number().int(),
    ref: z.string(),
    channel: z.string(),
    key: z.string(),
    winner: z.object({ version: z.number().int(), at: z.number().int(), clientId: z.string(), data: z.unknown() }),
  }),
  /** So many publications of low priority were left out since the last such frame. */
  z.object({ v: z.literal(1), type: z.literal("degraded"), n: z.number().int(), channel: z.string(), shed: z.number().int() }),
  z.object({ v: z.literal(1), type: z.literal("goodbye"), n: z.number().int(), code: z.number().int(), reason: z.string() }),
]);
export type ServerFrame = z.infer<typeof serverFrameSchema>;

/**
 * Frames that are the same bytes for many sockets and so carry no `n`: each counts as one more than the frame before it. A client
 * that finds another `n` in the next numbered frame than it counted has lost some: it closes with 4410 and recovers.
 */
export const sharedFrameSchema = z.discriminatedUnion("type", [
  z.object({ v: z.literal(1), type: z.literal("batch"), events: z.array(envelopeSchema) }),
  /** Shapes of the items: contract/room-live.ts. */
  z.object({ v: z.literal(1), type: z.enum(["typing", "presence", "receipts"]), channel: z.string(), items: z.array(z.unknown()) }),
]);
export type SharedFrame = z.infer<typeof sharedFrameSchema>;

export const ticketReplySchema = z.object({
  /** Where to open the socket, once, within the time. */
  url: z.string(),
  expiresAt: z.iso.datetime(),
});
export type TicketReply = z.infer<typeof ticketReplySchema>;
