import type { CloudEvent, EventType, SpineStatus } from "../../../contract/events.ts";
import { formatDuration, plural } from "../../lib/format.ts";
import type { Tone } from "../../ui/state-badge.tsx";

/** Every type in words; a new type without words is a type error. Aggregate ones are counted and never listed. */
export const EVENT_WORDS: Record<EventType, string> = {
  "meridian.object.created": "object created",
  "meridian.tenant.created": "tenant created",
  "meridian.tenant.changed": "tenant changed",
  "meridian.key.created": "key created",
  "meridian.key.used": "key used",
  "meridian.key.revoked": "key revoked",
  "meridian.member.invited": "member invited",
  "meridian.member.joined": "member joined",
  "meridian.member.changed": "member changed",
  "meridian.member.removed": "member removed",
  "meridian.subject.registered": "end user registered",
  "meridian.subject.upgraded": "guest became an account",
  "meridian.subject.changed": "end user seen or renamed",
  "meridian.subject.deleted": "end user deleted",
  "meridian.subject.verification-requested": "verification mail requested",
  "meridian.token.revoked": "tokens revoked",
  "meridian.issuer.changed": "issuer changed",
  "meridian.public.changed": "public mark changed",
  "meridian.operator.signed-in": "operator signed in",
  "meridian.key-ring.rotated": "key ring rotated",
  "meridian.backup.completed": "backup completed",
  "meridian.agent.registered": "agent registered",
  "meridian.agent.connected": "agent connected",
  "meridian.agent.disconnected": "agent disconnected",
  "meridian.agent.configured": "agent configured",
  "meridian.metrics.ingested": "samples ingested",
  "meridian.metrics.series-limit": "limit on series reached",
  "meridian.leaderboard.created": "leaderboard created",
  "meridian.leaderboard.changed": "leaderboard changed",
  "meridian.leaderboard.deleted": "leaderboard deleted",
  "meridian.score.accepted": "scores accepted",
  "meridian.rank.changed": "ranks changed",
  "meridian.top.changed": "top of a board changed",
  "meridian.score.flagged": "suspicious score",
  "meridian.milestone.reached": "milestone reached",
  "meridian.window.closed": "window closed",
  "meridian.window.archived": "window archived",
  "meridian.reward.granted": "rewards granted",
  "meridian.player.suspended": "player suspended or banned",
  "meridian.player.cleared": "player cleared",
  "meridian.room.created": "room created",
  "meridian.room.updated": "room changed",
  "meridian.room.deleted": "room removed",
  "meridian.room.unread": "unread messages of somebody offline",
  "meridian.room.member.joined": "room member joined",
  "meridian.room.member.left": "room member left",
  "meridian.room.member.banned": "room member banned",
  "meridian.message.sent": "messages sent",
  "meridian.message.edited": "message edited",
  "meridian.message.deleted": "message deleted",
  "meridian.message.mentioned": "somebody mentioned",
  "meridian.topic.created": "topic created",
  "meridian.topic.changed": "topic changed",
  "meridian.topic.deleted": "topic removed",
};

/** Those that are counted only; the table of types itself would bring a schema library along. A test holds the two together. */
const COUNTED: ReadonlySet<EventType> = new Set([
  "meridian.key.used",
  "meridian.metrics.ingested",
  "meridian.score.accepted",
  "meridian.rank.changed",
  "meridian.top.changed",
  "meridian.room.unread",
  "meridian.message.sent",
  "meridian.message.edited",
  "meridian.message.deleted",
  "meridian.message.mentioned",
] as const);

export const LISTED_TYPES = (Object.keys(EVENT_WORDS) as EventType[]) // the keys of a record are its key type
  .filter((type) => !COUNTED.has(type));

/** A type of a newer server is shown as it is written. */
export function eventWords(type: CloudEvent["type"]): string {
  return EVENT_WORDS[type as EventType] ?? type;
}

/** Older than this, the spine is behind; a healthy one delivers within a few seconds. */
const BEHIND_MS = 30_000;

/** The top line: does what happens arrive. */
export function spineHead(status: SpineStatus): { tone: Tone; headline: string; detail: string } {
  const oldest = Math.max(status.outbox.oldestAgeMs ?? 0, status.queue.oldestAgeMs ?? 0);
  const waiting = status.outbox.depth;
  const unanswered = status.outbox.unanswered.length;
  const missing = unanswered > 0 ? `; ${plural(unanswered, "object")} did not answer` : "";
  if (status.deadLetters > 0) {
    return {
      tone: "critical",
      headline: plural(status.deadLetters, "dead letter"),
      detail: `Given up on after several attempts; replay them when the cause is gone${missing}.`,
    };
  }
  if (oldest >= BEHIND_MS) {
    return { tone: "warn", headline: `Events are ${formatDuration(oldest)} behind`, detail: `${plural(waiting, "event")} wait${missing}.` };
  }
  return {
    tone: unanswered > 0 ? "warn" : "ok",
    headline: "Events are delivered",
    detail: `${waiting === 0 ? "nothing waits" : `${plural(waiting, "event")} on the way`}, no dead letters${missing}`,
  };
}
