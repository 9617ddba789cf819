import * as z from "zod";
import { clientFrameSchema } from "../../../contract/live.ts";
import { LIVE_PUBLISH } from "../../../contract/live-codes.ts";
import { accept, type Outcome, type Problem, refuse } from "../../../contract/problems.ts";
import { publishFrame, type TopicMessage } from "../../../contract/room-live.ts";
import type { TopicResult } from "../../../contract/rpc/topics.ts";
import type { Reply } from "../frames.ts";
import type { HeldCredential } from "../held-credential.ts";
import { takesPublications } from "../../../contract/topic-names.ts";

/** Every frame that a hub's socket may send. */
export const hubFramesSchema = z.discriminatedUnion("type", [...clientFrameSchema.options, publishFrame]);
export type PublishFrame = z.output<typeof publishFrame>;

/** What a `publish` frame asks to store, when its sender may. */
export function messageOf(held: HeldCredential, { v: _v, type: _type, channel, event, ...said }: PublishFrame): Outcome<TopicMessage> {
  if (!takesPublications(channel)) return refuse("not-found", "Nothing can be published there.");
  if (!held.mayTopic("publish", channel)) return refuse("forbidden", `Publishing to this topic needs ${LIVE_PUBLISH}.`);
  return accept({ ...said, type: event });
}

/** What the sender is told: what became of the message, or why nothing did. */
export function answerOf(channel: string, ref: string, outcome: Outcome<TopicResult>): Reply {
  if (!outcome.ok) return errorOf(ref, outcome.problem);
  const result = outcome.value;
  if ("problem" in result) return errorOf(ref, result.problem);
  if (!("conflict" in result)) return { type: "ack", items: [{ ref, offset: result.offset, at: result.at }] };
  const { key, version, at, clientId, data } = result.conflict;
  return { type: "conflict", ref, channel, key, winner: { version, at, clientId, data } };
}

function errorOf(ref: string, { slug, detail, errors, retryAfterS }: Problem): Reply {
  const pointer = errors?.[0]?.pointer;
  const when = retryAfterS === undefined ? {} : { retryAfterMs: retryAfterS * 1_000 };
  return { type: "error", ref, code: slug, detail, ...(pointer === undefined ? {} : { pointer }), ...when };
}
