/** Without a socket an answer vouches for this long: polls come between. */
const VOUCHES_MS = 15_000;
/** A gap shorter than this is a reconnect that nobody needs to read about. */
export const WORTH_SAYING_MS = 10_000;

/**
 * The moment up to which something is known: the present while the socket stands or an answer is fresh, else the last
 * contact. A console that was cut off must not call hosts late that only it cannot hear.
 */
export function lastKnown(socketStands: boolean, contactAtMs: number, nowMs: number): number {
  if (socketStands || nowMs - contactAtMs <= VOUCHES_MS) return nowMs;
  return contactAtMs;
}
