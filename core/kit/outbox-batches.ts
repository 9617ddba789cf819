import { KIT_LIMITS } from "./limits.ts";

/**
 * How many of the first messages fit into one `sendBatch`, by count and by bytes. At least one, so that a message the
 * broker refuses shows as a failure instead of standing in the way for ever.
 * @param sizes bytes of each message as JSON, in sending order
 */
export function batchLength(sizes: readonly number[]): number {
  let bytes = 0;
  let count = 0;
  for (const size of sizes) {
    bytes += size + KIT_LIMITS.messageOverheadBytes;
    if (count >= KIT_LIMITS.batchMessages || (count > 0 && bytes > KIT_LIMITS.batchBytes)) break;
    count += 1;
  }
  return count;
}

/** What an outbox knows about its rows; times are epoch milliseconds, null when there is no such row. */
export interface OutboxState {
  readonly unsent: boolean;
  /** When the row that waits longest for its confirmation was sent. Always null where rows go on sending. */
  readonly oldestSentAt: number | null;
  /** Before this no unsent row is tried again. */
  readonly retryAt: number | null;
}

/** When the outbox wants to be looked at next, or undefined when it is empty: an idle object sleeps. */
export function outboxDueAt(state: OutboxState, now: number): number | undefined {
  const unsentDue = state.unsent ? (state.retryAt ?? now + KIT_LIMITS.flushGuardMs) : undefined;
  const resendDue = state.oldestSentAt === null ? undefined : Math.max(state.oldestSentAt + KIT_LIMITS.resendMs, state.retryAt ?? 0);
  if (unsentDue === undefined || resendDue === undefined) return unsentDue ?? resendDue;
  return Math.min(unsentDue, resendDue);
}
