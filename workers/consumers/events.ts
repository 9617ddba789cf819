import { failpointsOf } from "../../contract/failpoints.ts";
import { EVENT_TYPES, type EventMessage, type EventType } from "../../contract/events.ts";
import type { EdgeEnv } from "../env.ts";
import { countEvents } from "./counts.ts";
import { giveBack, reasonOf } from "./give-back.ts";
import { storeEvents } from "./history.ts";
import type { Mailer } from "./mail-webhook.ts";
import { confirmConsumed } from "./objects.ts";
import { inParallel } from "./parallel.ts";
import { project } from "./projections.ts";
import { type ReadEvent, readEvent } from "./read-event.ts";
import { setOff } from "./set-off.ts";

/** Events of a batch that set something off at the same time. */
const AT_ONCE = 6;

interface Delivery extends ReadEvent {
  readonly message: Message;
}

/**
 * Consumes the `events` queue: history, hourly counts, projections, what an event sets off, and only then the outbox's
 * confirmation and the acknowledgement. Every step may run again. What failed once is taken by itself from then on, so
 * that one poisoned message delays the rest of its batch at most once; what one sets off fails for itself alone.
 * @param send sends the mails of tenants' end users
 */
export async function consumeEvents(
  batch: MessageBatch,
  env: EdgeEnv,
  send: Mailer["send"] = async (url, init) => await fetch(url, init),
): Promise<void> {
  const mailer: Mailer = { send, failing: new Set() };
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
      const done = await setOffEach(env, batch.queue, group, mailer);
      await confirmConsumed(env, done);
      for (const _ of done) failpoint("consuming");
      for (const delivery of done) delivery.message.ack();
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
}

/** Those whose part is done; the others go back by themselves. */
async function setOffEach(env: EdgeEnv, queue: string, group: readonly Delivery[], mailer: Mailer): Promise<Delivery[]> {
  const done: Delivery[] = [];
  await inParallel(group, AT_ONCE, async (delivery) => {
    try {
      await setOff(env, delivery.event, mailer);
      done.push(delivery);
    } catch (error) {
      giveBack(queue, delivery.message, reasonOf(error), true);
    }
  });
  return done;
}

/** A type this release does not know is stored singly: losing it would be worse than a row too many. */
function isAggregate(event: EventMessage): boolean {
  return event.type in EVENT_TYPES && EVENT_TYPES[event.type as EventType] === "aggregate"; // just found in the table
}
