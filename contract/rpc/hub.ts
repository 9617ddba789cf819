import * as z from "zod";
import { ACTION_NAMES } from "../permissions.ts";
import type { Outcome } from "../problems.ts";
import { TOPIC_LIMITS } from "../room-limits.ts";
import type { Priority } from "../room-live.ts";
import type { ObjectRpc } from "./call.ts";
import type { TopicsRpc } from "./topics.ts";

/** One publication on its way to subscribers. */
export interface Publication {
  /** `kind/name`, such as `metrics/all`. */
  readonly channel: string;
  /** Changes when offsets start anew, because the publisher forgot them. */
  readonly epoch: string;
  /** Rises by one per publication of the channel within an epoch. */
  readonly offset: number;
  readonly type: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly data: unknown;
  /** Of a topic: `clientId` of the message, and `key` and `version` where it has them. */
  readonly meta?: Readonly<Record<string, unknown>>;
  /** Of a topic: the offset of the one before it that was sent; those in between were left out on the way, being of low priority. */
  readonly after?: number;
  /** Of a topic; absent: normal. */
  readonly priority?: Priority;
}

/** Topics that a subject's grants name, `kind/name` or `prefix*`; at most `TOPIC_LIMITS.admitted` together. */
export const admittedTopicsSchema = z.strictObject({
  read: z.array(z.string().min(1).max(200)).max(TOPIC_LIMITS.admitted),
  publish: z.array(z.string().min(1).max(200)).max(TOPIC_LIMITS.admitted),
});
export type AdmittedTopics = z.infer<typeof admittedTopicsSchema>;

/** The name of a header in which the edge tells a hub whom it lets in. Clients cannot set it: the edge writes the whole request. */
export const ADMISSION_HEADER = "x-meridian-admission";

/** What the edge has found out about a socket before its hub sees it; JSON, percent-encoded, in {@link ADMISSION_HEADER}. */
export const admissionSchema = z.strictObject({
  v: z.literal(1),
  /** `user:{id}`, `key:{id}` or `subject:{ref}`. */
  actor: z.string().min(1).max(128),
  /** `session:{id}`, `key:{id}` or `token:{jti}`: by it revocation finds the socket. */
  credential: z.string().min(1).max(128),
  /** Wider names by which sockets are closed together (`credentialGroupsOf`); absent from admissions of the release before. */
  groups: z.array(z.string().min(1).max(128)).max(8).optional(),
  /** The actions that channels ask for and this credential has. */
  actions: z.array(z.enum(ACTION_NAMES)).max(ACTION_NAMES.length),
  /** Topics that may be read or published to where `actions` do not say so for all. Absent: none. */
  topics: admittedTopicsSchema.optional(),
  /** Epoch milliseconds when the credential was checked, of a subject's token when it was issued: a revocation after that wins. */
  checkedAt: z.number().int(),
  credentialExpiresAt: z.number().int().nullable(),
  /** At a leaderboard: the subject's own player id; absent for services and operators, and at hubs. */
  player: z.string().min(1).max(512).optional(),
  /** At a room: whom messages and receipts name, and what is shown of them. */
  person: z
    .strictObject({
      kind: z.enum(["subject", "service", "operator", "visitor"]),
      id: z.string().min(1).max(512),
      ref: z.string().max(64),
      name: z.string().max(200),
      avatarUrl: z.string().max(500).nullable(),
      isPublic: z.boolean(),
    })
    .optional(),
  /** The ticket that was presented; it is good once. */
  ticket: z.strictObject({ id: z.string().min(1).max(64), expiresAt: z.number().int() }).nullable(),
});
export type Admission = z.infer<typeof admissionSchema>;

/** What a ticket says, signed by the edge. */
export const ticketClaimsSchema = admissionSchema.omit({ ticket: true }).extend({
  id: z.string().min(1).max(64),
  expiresAt: z.number().int(),
  tenantId: z.string().min(1).max(64),
  /** The hub that counts it: a ticket works at one hub only. */
  hub: z.number().int().nonnegative(),
  /** The leaderboard whose socket it opens, instead of one at the hub. Absent: none. */
  board: z.string().min(1).max(64).optional(),
  /** The room whose socket it opens. Absent: none. */
  room: z.string().min(1).max(64).optional(),
});
export type TicketClaims = z.infer<typeof ticketClaimsSchema>;

/**
 * `{tenantId}/hub/{n}`: holds live sockets, sharded by connection, and the logs of the topics whose home it is. Sockets arrive by `fetch` with an upgrade and the admission
 * header; a refusal is a JSON body with a `Problem`.
 */
export interface HubRpc extends ObjectRpc, TopicsRpc {
  fetch(request: Request): Promise<Response>;
  /**
   * Sends to the channels' subscribers here. Duplicates (an offset seen before) are dropped, so a publisher may repeat a call.
   * Answers how many sockets it reached, or how many other topics of the same publisher are followed here when it reached none:
   * 0 says that nobody here follows anything of it, and it stops until the next interest.
   */
  publish(publications: readonly Publication[]): Promise<number>;
  /**
   * Closes every socket of these credentials (`key:{id}`, `session:{id}`, `token:{jti}`), actors (`user:{id}`, `subject:{ref}`) or
   * groups (`subjects`, `issuer:{name}`, `family:{id}`) with 4401, and refuses tickets
   * that were made for them before. Answers how many were closed.
   * @param at when they were revoked, epoch milliseconds: who was checked after it stays, so that a repetition changes nothing.
   *   Absent: now, and every socket of theirs goes.
   */
  closeCredentials(credentials: readonly string[], at?: number): Promise<number>;
  /** Closes one socket with 4403, for an operator. @returns whether there was such a one */
  kick(connectionId: string): Promise<boolean>;
  /**
   * Of the hub that keeps this actor's places (`placeHubOf`): notes that the actor may get a socket at an object that is no hub, before
   * it gets one. Refuses whom a revocation means that this hub was told of. Answers with what `unnotePlace` takes; null: others rely on
   * the note too.
   */
  notePlace(place: LivePlace, admission: Admission): Promise<Outcome<number | null>>;
  /** Takes that note back, as there is no such object; unless it was noted again meanwhile. */
  unnotePlace(place: LivePlace, admission: Admission, note: number): Promise<void>;
  /**
   * Closes sockets of these names at a page of the places that were noted here, after `closeCredentials` was answered. Closing again
   * does nothing. Answers how many were closed, how many places could not be asked, and where to go on; null: that was all.
   * @param after where a page before this one ended
   */
  closeAtPlaces(
    credentials: readonly string[],
    at: number | undefined,
    after?: string,
  ): Promise<{ closed: number; failed: number; next: string | null }>;
}

/** An object with sockets of its own; also a hub beyond those that every revocation is told to. */
export interface LivePlace {
  readonly kind: "leaderboard" | "room" | "hub";
  readonly name: string;
}
