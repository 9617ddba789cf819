import { ROOM_LIMITS } from "../../../contract/room-limits.ts";

/** A room that stored something within this may well be in a conversation of many: the next sends wait for each other. */
const BUSY_MS = 100;
/** About what one millisecond can send to, so that waiting takes no longer than the fan-out that it saves. */
const SOCKETS_PER_MS = 64;

/**
 * How long a send waits for others, so that one transaction and one frame carry them all.
 * @param sockets that will hear of it
 * @param sinceMs since the last flush; undefined when there was none
 * @returns 0: it is stored at once
 */
export function gatherMs(sockets: number, sinceMs: number | undefined): number {
  const fanOutMs = Math.ceil(sockets / SOCKETS_PER_MS);
  // The clock goes on while a flush is sent to many. One that was set back counts as a pause.
  if (sinceMs === undefined || sinceMs < 0 || sinceMs >= BUSY_MS + 2 * fanOutMs) return 0;
  return Math.min(ROOM_LIMITS.flushMs, Math.max(1, fanOutMs));
}

/** What waits at most, in changes and in bytes of frames: beyond either it is stored at once, so that nobody's frame is too large. */
export const GATHERED = { changes: 256, bytes: 256 * 1024 } as const;
