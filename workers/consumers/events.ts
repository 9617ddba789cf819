import { failpointsOf } from "../../contract/failpoints.ts";
import { EVENT_TYPES, type EventMessage, type EventType } from "../../contract/events.ts";
import type { EdgeEnv } from "../env.ts";
import { countEvents } from "./counts.ts";
import { giveBack, reasonOf } from "./give-back.ts";
import { storeEvents } from "./history.ts";
import { closeEverywhere, confirmConsumed } from "./objects.ts";
import { project } from "./projections.ts";
import { type ReadEvent, readEvent } from "./read-event.ts";

interface Delivery extends ReadEvent {
  readonly message: Message;
}

/**
 * Consumes the `events` queue: history, hourly counts, projections, what an event sets off, and only then the outbox's
 * confirmation and the acknowledgement. Every step may run again. What failed once is taken by itself from then on, so
 * that one poisoned message delays the rest of its batch at most once.
 */
export async function consumeEvents(batch: MessageBatch, env: EdgeEnv): Promise<void> {
  const failpoint = failpointsOf(env.FAILPOINTS);
  const deliveries: Delivery[] = [];
  for (const message of batch.messages) {
    const reading = readEvent(message.body);
    if (reading.ok) deliveries.push({ ...reading.value, message });
    else giveBack(batch.queue, message, reading.error.reason, reading.error.kind === "newer");
  }
  const firstTime = deliveries.filter((delivery) => delivery.message.attempts <= 1);
  const again = deliveries.filter((delivery) => delivery.message.attempts > 1);
  for (const group of [firstTime, ...again.map((delivery) => [delivery])]) {
    try {
      await takeIn(env, group);
      for (const _ of group) failpoint("consuming");
      for (const delivery of group) delivery.message.ack();
    } catch (error) {
      for (const delivery of group) giveBack(batch.queue, delivery.message, reasonOf(error), true);
    }
  }
}

async function takeIn(env: EdgeEnv, deliveries: readonly Delivery[]): Promise<void> {
  if (deliveries.length === 0) return;
  const events = deliveries.map((delivery) => delivery.event);
  await storeEvents(
    env.HISTORY,
    events.filter((event) => !isAggregate(event)),
  );
  await countEvents(env.HISTORY, events.filter(isAggregate));
  await project(env.DB, events);
  for (const event of events) await setOff(env, event);
  await confirmConsumed(env, deliveries);
}

/** A type this release does not know is stored singly: losing it would be worse than a row too many. */
function isAggregate(event: EventMessage): boolean {
  return event.type in EVENT_TYPES && EVENT_TYPES[event.type as EventType] === "aggregate"; // just found in the table
}

/** What an event makes others do. Revocation has closed the sockets already where the revoking request lived to do it. */
async function setOff(env: EdgeEnv, event: EventMessage): Promise<void> {
  if (event.type !== "meridian.key.revoked") return;
  const keyId = event.data["keyId"];
  if (typeof keyId === "string") await closeEverywhere(env, event.tenantId, [`key:${keyId}`]);
}
