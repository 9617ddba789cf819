import type { EdgeEnv } from "../env.ts";
import { consumeDeadLetters } from "./dead-letters.ts";
import { consumeEvents } from "./events.ts";

export { sweepHistory } from "./sweep.ts";

/**
 * The Worker's `queue` handler: one consumer per queue. Dead-letter queues are named after their queue with `-dead`,
 * in every environment.
 * @throws for a queue that nobody consumes, so that its messages stay where they are
 */
export async function consume(batch: MessageBatch, env: EdgeEnv, _ctx: ExecutionContext): Promise<void> {
  if (batch.queue.endsWith("-events-dead")) return await consumeDeadLetters(batch, env);
  if (batch.queue.endsWith("-events")) return await consumeEvents(batch, env);
  throw new Error(`no consumer for the queue ${batch.queue}`);
}
