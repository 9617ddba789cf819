import { LIVE_LIMITS } from "../../contract/live-codes.ts";

/**
 * - `send`: the reader keeps up.
 * - `coalesce`: replace what waits by newer state instead of adding to it.
 * - `close`: it fell behind the bound; close with 4101 and let it read the state anew.
 */
export type UnreadVerdict = "send" | "coalesce" | "close";

export interface UnreadLimits {
  readonly unackedSoft: number;
  readonly unackedHard: number;
}

/**
 * How to treat a socket, by frames sent and not acknowledged: the runtime does not report `bufferedAmount`, so this is
 * all that is known of a slow reader. At a limit the milder verdict still holds.
 * @param sent number of the last frame sent, 0 when none was
 * @param acknowledged number of the last frame the client says it has read
 */
export function unreadVerdict(sent: number, acknowledged: number, limits: UnreadLimits = LIVE_LIMITS): UnreadVerdict {
  const unread = Math.max(0, sent - acknowledged);
  if (unread > limits.unackedHard) return "close";
  return unread > limits.unackedSoft ? "coalesce" : "send";
}

/** Takes an acknowledgement: never backwards, and never beyond what was sent (a lying client gains nothing). */
export function acknowledge(sent: number, acknowledged: number, n: number): number {
  return Math.min(sent, Math.max(acknowledged, n));
}
