import * as z from "zod";
import { pageQuerySchema } from "./pages.ts";

/**
 * Every event type. `lifecycle` events are stored one by one; `aggregate` events come at a high rate, are counted and
 * never stored singly.
 */
export const EVENT_TYPES = {
  "meridian.object.created": "lifecycle",
  "meridian.tenant.created": "lifecycle",
  "meridian.tenant.changed": "lifecycle",
  "meridian.key.created": "lifecycle",
  "meridian.key.used": "aggregate",
  "meridian.key.revoked": "lifecycle",
  "meridian.member.invited": "lifecycle",
  "meridian.member.joined": "lifecycle",
  "meridian.member.changed": "lifecycle",
  "meridian.member.removed": "lifecycle",
  "meridian.subject.registered": "lifecycle",
  "meridian.subject.upgraded": "lifecycle",
  /** Seen, renamed: what the projection shows has changed. */
  "meridian.subject.changed": "lifecycle",
  "meridian.subject.deleted": "lifecycle",
  "meridian.subject.verification-requested": "lifecycle",
  "meridian.token.revoked": "lifecycle",
  "meridian.issuer.changed": "lifecycle",
  "meridian.public.changed": "lifecycle",
  "meridian.operator.signed-in": "lifecycle",
  "meridian.key-ring.rotated": "lifecycle",
  "meridian.backup.completed": "lifecycle",
  "meridian.agent.registered": "lifecycle",
  "meridian.agent.connected": "lifecycle",
  "meridian.agent.disconnected": "lifecycle",
  "meridian.agent.configured": "lifecycle",
  "meridian.metrics.ingested": "aggregate",
  /** New series are being refused: once when it begins, and again only after an hour without. */
  "meridian.metrics.series-limit": "lifecycle",
  "meridian.leaderboard.created": "lifecycle",
  "meridian.leaderboard.changed": "lifecycle",
  "meridian.leaderboard.deleted": "lifecycle",
  /** Of one board and ten seconds: how many scores, moves of ranks, changes of a top. */
  "meridian.score.accepted": "aggregate",
  "meridian.rank.changed": "aggregate",
  "meridian.top.changed": "aggregate",
  "meridian.score.flagged": "lifecycle",
  "meridian.milestone.reached": "lifecycle",
  "meridian.window.closed": "lifecycle",
  "meridian.window.archived": "lifecycle",
  "meridian.reward.granted": "lifecycle",
  "meridian.player.suspended": "lifecycle",
  "meridian.player.cleared": "lifecycle",
  "meridian.room.created": "lifecycle",
  "meridian.room.updated": "lifecycle",
  "meridian.room.deleted": "lifecycle",
  /** Somebody offline has unread messages: at most one a minute, room and person. Feeds notifications. */
  "meridian.room.unread": "aggregate",
  "meridian.room.member.joined": "lifecycle",
  "meridian.room.member.left": "lifecycle",
  "meridian.room.member.banned": "lifecycle",
  /** A range of offsets of one flush. */
  "meridian.message.sent": "aggregate",
  "meridian.message.edited": "aggregate",
  "meridian.message.deleted": "aggregate",
  "meridian.message.mentioned": "aggregate",
  "meridian.topic.created": "lifecycle",
  "meridian.topic.changed": "lifecycle",
  "meridian.topic.deleted": "lifecycle",
} as const satisfies Record<string, "lifecycle" | "aggregate">;

export type EventType = keyof typeof EVENT_TYPES;

/** Deliveries of an event before it is dead: `max_retries` of the queue in wrangler.toml, and the first. A check holds them together. */
export const EVENT_ATTEMPTS = 9;

/** The most bytes an event's data may have as JSON; a queue message holds 128 KB with its envelope. */
export const MAX_EVENT_BYTES = 100 * 1024;

/** What an object emits; the outbox adds id, source, seq and time. */
export interface NewEvent {
  readonly type: EventType;
  /** What it is about, such as `key/{keyId}` or `agent/{agentId}`; of an end user `subject/{ref}`. */
  readonly subject: string;
  /** What is personal stands under `personal`: consumers see it, the history never stores it. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** One message on the `events` queue. `(source, seq)` is unique and rises per source: a projection ignores a lower seq. */
export const eventMessageSchema = z.object({
  v: z.literal(1),
  /** Made at emit; its time orders the history. */
  id: z.uuidv7(),
  tenantId: z.string().min(1).max(64),
  /** The emitting object's full name, or `d1/{table}` for state that lives in D1. */
  source: z.string().min(1).max(512),
  seq: z.number().int().nonnegative(),
  type: z.string().min(1).max(100),
  subject: z.string().max(512),
  /** Epoch milliseconds. */
  at: z.number().int(),
  data: z.record(z.string(), z.unknown()),
});
export type EventMessage = z.infer<typeof eventMessageSchema>;

const epochMs = z.number().int();

const tenantDataSchema = z.object({
  slug: z.string(),
  name: z.string(),
  plan: z.string(),
  settings: z.record(z.string(), z.unknown()),
  keysVersion: z.number().int().nonnegative(),
  createdAt: epochMs,
});
const keyDataSchema = z.object({
  keyId: z.string().min(1).max(64),
  name: z.string(),
  scopes: z.array(z.string()),
  createdAt: epochMs,
  expiresAt: epochMs.nullable(),
  revokedAt: epochMs.nullable(),
});

/** A subject as D1 finds it. Everything that says who they are is personal. */
const subjectDataSchema = z.object({
  ref: z.string().max(64),
  guest: z.boolean(),
  createdAt: epochMs,
  lastSeenAt: epochMs,
  personal: z.object({
    issuer: z.string().max(32),
    sub: z.string().max(200),
    name: z.string().max(200),
    email: z.string().max(254).nullable(),
  }),
});

/** Of `meridian.subject.deleted`: who is to be forgotten everywhere. */
export const subjectDeletedDataSchema = z.object({
  ref: z.string().max(64),
  personal: z.object({ issuer: z.string().max(32), sub: z.string().max(200) }),
});

/** Of `meridian.subject.verification-requested`: the mail. `known`: the address has an account already, and its owner is told so. */
export const verificationMailDataSchema = z.object({
  ref: z.string().max(64),
  known: z.boolean(),
  personal: z.object({ email: z.string().max(254), name: z.string().max(200), link: z.string().max(1_000) }),
});

/** Of `meridian.token.revoked`. */
export const tokenRevokedDataSchema = z.object({
  kind: z.enum(["token", "subject", "issuer", "tenant"]),
  /** A token's `jti`, a subject's ref, an issuer's name, or empty. */
  id: z.string().max(200),
  before: epochMs,
  /** Who revoked: `subject:{ref}` when a person ended their own tokens, `user:{id}`, `key:{id}`. */
  actor: z.string().max(200).optional(),
});

/**
 * Data of the events that D1 projections are made from: the whole state of the thing at that `seq`, so that a projection
 * never needs the event before. Unknown fields are ignored; what a later release adds is optional.
 */
export const PROJECTED_DATA = {
  "meridian.object.created": z.object({ kind: z.string().max(64), name: z.string().max(256), jurisdiction: z.string().max(32).nullish() }),
  "meridian.tenant.created": tenantDataSchema,
  "meridian.tenant.changed": tenantDataSchema,
  "meridian.key.created": keyDataSchema,
  "meridian.key.revoked": keyDataSchema,
  "meridian.subject.registered": subjectDataSchema,
  "meridian.subject.upgraded": subjectDataSchema,
  "meridian.subject.changed": subjectDataSchema,
  "meridian.subject.deleted": subjectDeletedDataSchema,
} as const satisfies Partial<Record<EventType, z.ZodType>>;

/** What an aggregate event may say: how many occurrences it stands for; one when absent. */
export const aggregateDataSchema = z.object({ count: z.number().int().nonnegative().default(1) });

/** Filters of `GET /v1/events`; together they narrow. */
export const eventQuerySchema = pageQuerySchema.extend({
  type: z.string().min(1).max(100).optional(),
  /** What the subject begins with: `key/` finds every key's events, `key/{keyId}` one key's. */
  subject: z.string().min(1).max(512).optional(),
  /** RFC 3339; from inclusive, to exclusive. */
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
});
export type EventQuery = z.infer<typeof eventQuerySchema>;

/** An event as our API and webhooks show it: CloudEvents 1.0 in JSON, with our `tenantid` and `sequence` extensions. */
export const cloudEventSchema = z.object({
  specversion: z.literal("1.0"),
  id: z.string(),
  source: z.string(),
  type: z.string(),
  subject: z.string(),
  time: z.iso.datetime(),
  datacontenttype: z.literal("application/json"),
  sequence: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type CloudEvent = z.infer<typeof cloudEventSchema>;

export const deadLetterSchema = z.object({
  id: z.string(),
  queue: z.string(),
  eventId: z.string().nullable(),
  type: z.string().nullable(),
  subject: z.string().nullable(),
  reason: z.string(),
  attempts: z.number().int(),
  failedAt: z.iso.datetime(),
  replayedAt: z.iso.datetime().nullable(),
  body: z.unknown(),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** The spine's health for one tenant. */
export const spineStatusSchema = z.object({
  outbox: z.object({
    /** Rows not yet confirmed, over the tenant's objects that were asked. */
    depth: z.number().int(),
    oldestAgeMs: z.number().nullable(),
    /** Objects that did not answer in time; their rows are not in the depth. */
    unanswered: z.array(z.string()),
    objects: z.array(z.object({ name: z.string(), depth: z.number().int(), oldestAgeMs: z.number().nullable() })),
  }),
  queue: z.object({ name: z.string(), backlog: z.number().int().nullable(), oldestAgeMs: z.number().nullable() }),
  /** Dead letters not replayed since their last failure; counting stops at 10,000. */
  deadLetters: z.number().int(),
  asOf: z.iso.datetime(),
});
export type SpineStatus = z.infer<typeof spineStatusSchema>;
