import { PLATFORM_TENANT } from "../../contract/address.ts";
import { EVENT_ATTEMPTS } from "../../contract/events.ts";
import type { EdgeEnv } from "../env.ts";
import { giveBack, reasonOf } from "./give-back.ts";
import { confirmConsumed } from "./objects.ts";
import { bodyWithoutPersonal, refOf } from "./personal.ts";
import { type ReadEvent, type Reading, readEvent } from "./read-event.ts";
import { isForgotten } from "./subject-rows.ts";

interface Letter {
  readonly tenantId: string;
  readonly id: string;
  readonly messageId: string;
  readonly queue: string;
  readonly eventId: string | null;
  readonly type: string | null;
  readonly subject: string | null;
  readonly reason: string;
  readonly attempts: number;
  readonly failedAt: number;
  readonly body: string;
}

/**
 * Consumes the queue of dead events: writes each where the console lists it, then confirms it to its outbox, which would
 * send it again otherwise. A second failure of the same event replaces the first and takes `replayedAt` back.
 */
export async function consumeDeadLetters(batch: MessageBatch, env: EdgeEnv): Promise<void> {
  const now = Date.now() + Number(env.CLOCK_OFFSET_MS ?? 0);
  for (const message of batch.messages) {
    try {
      const letter = letterOf(message, batch.queue.replace(/-dead$/, ""), now);
      await storeLetter(env.HISTORY, await withoutForgotten(env, letter, message.body));
      const event = envelopeOf(readEvent(message.body));
      if (event) await confirmConsumed(env, [event]);
      const { tenantId, id, type, reason } = letter;
      console.error(JSON.stringify({ level: "error", message: "event given up", queue: letter.queue, tenantId, id, type, reason }));
      message.ack();
    } catch (error) {
      giveBack(batch.queue, message, reasonOf(error), true);
    }
  }
}

function letterOf(message: Message, queue: string, now: number): Letter {
  const reading = readEvent(message.body);
  const reason = reading.ok
    ? "It could be read and was tried again until the attempts were used up; the log names the failure under its id."
    : reading.error.reason;
  const known = {
    messageId: message.id,
    queue,
    reason,
    attempts: EVENT_ATTEMPTS,
    failedAt: now,
    body: JSON.stringify(message.body) ?? "null",
  };
  const envelope = envelopeOf(reading);
  // Nothing in an unreadable message can be trusted, its tenant least of all: it is for whoever runs the deployment.
  if (!envelope) return { ...known, tenantId: PLATFORM_TENANT, id: message.id, eventId: null, type: null, subject: null };
  const { tenantId, id, type, subject } = envelope.event;
  return { ...known, tenantId, id, eventId: id, type, subject };
}

/** What comes from the queue late must not bring back who was deleted meanwhile. Their deletion itself has to be one that can be replayed. */
async function withoutForgotten(env: EdgeEnv, letter: Letter, body: unknown): Promise<Letter> {
  const ref = refOf(letter.subject ?? "");
  if (ref === undefined || letter.type === "meridian.subject.deleted" || !(await isForgotten(env.DB, letter.tenantId, ref))) return letter;
  return { ...letter, body: JSON.stringify(bodyWithoutPersonal(body)) };
}

function envelopeOf(reading: Reading): ReadEvent | undefined {
  return reading.ok ? reading.value : reading.error.envelope;
}

async function storeLetter(history: D1Database, letter: Letter): Promise<void> {
  await history
    .prepare(
      `INSERT INTO control_dead_letter
         (tenant_id, id, message_id, queue, event_id, type, subject, reason, attempts, failed_at, replayed_at, body)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NULL, ?11)
       ON CONFLICT (tenant_id, id) DO UPDATE SET message_id = excluded.message_id, reason = excluded.reason, failed_at = excluded.failed_at,
         attempts = attempts + excluded.attempts, replayed_at = NULL, body = excluded.body
       WHERE message_id <> excluded.message_id`,
    )
    .bind(
      letter.tenantId,
      letter.id,
      letter.messageId,
      letter.queue,
      letter.eventId,
      letter.type,
      letter.subject,
      letter.reason,
      letter.attempts,
      letter.failedAt,
      letter.body,
    )
    .run();
}
