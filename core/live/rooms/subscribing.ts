import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import type { Position } from "../frames.ts";
import { utf8Bytes } from "../unread-bytes.ts";
import type { Recovery, RoomActs } from "./acts.ts";

export interface Beginning {
  readonly recovery: Recovery;
  /** Its events as they are sent. */
  readonly encoded: readonly string[];
}

/**
 * What a subscription begins with: everything after `since` or nothing of it, and without `since` the newest messages that fit. The log
 * counts its own bytes; what counts in the end are those on the wire, so that an answer is never too large for who asked.
 */
export function beginning(
  acts: RoomActs,
  since: Position | undefined,
  replay: number,
  encode: (event: RoomEvent, epoch: string) => string,
): Beginning {
  const recovery = acts.recover(since, replay);
  const encoded = recovery.events.map((event) => encode(event, recovery.at.epoch));
  const bytes = encoded.map((text) => utf8Bytes(text) + 1);
  let excess = bytes.reduce((sum, one) => sum + one, 0) - L.recoveryBytes;
  if (excess <= 0) return { recovery, encoded };
  if (since) return { recovery: { recovered: false, reason: "too-many", events: [], at: recovery.at }, encoded: [] };
  let from = 0;
  while (excess > 0) excess -= bytes[from++] ?? excess;
  return { recovery, encoded: encoded.slice(from) };
}
