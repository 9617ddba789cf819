import type { Outcome } from "../../../contract/problems.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import type { RoomSummary } from "../../../contract/rpc/room.ts";
import type { Committed, PresenceBook, RoomActs } from "../../../core/live/rooms/acts.ts";
import type { RoomHead } from "../../../core/live/rooms/store.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";

/** Somebody who is told what was committed: `results` in the order of the changes, empty when there were none to answer. */
export type RoomTeller = (events: readonly RoomEvent[], results: readonly Outcome<Committed>[]) => void;

/**
 * What the parts of a room know of each other. Storage may be touched once the kit is ready, and `acts` only while `head()` is there and
 * live.
 */
export interface RoomParts {
  readonly kit: ObjectKit;
  readonly bucket: R2Bucket;
  /** Undefined until the room is configured, and after its removal. */
  head(): RoomHead | undefined;
  /** Every change of every wire; each call is a transaction of its own, or part of the one that runs. */
  readonly acts: RoomActs;
  /**
   * Fans out to the room's sockets; set by the socket side. Called with what came over another wire than a socket, after its commit:
   * what a socket asked for is fanned out by the socket side itself.
   */
  told: RoomTeller;
  /** Set by whoever follows every commit of every wire (inboxes): called inside the transaction's turn, after it. */
  committed: RoomTeller;
  /** The socket side's; nobody is online until it is set. */
  presence: PresenceBook;
  /** That these went out to sockets: what `trace` says of the newest. `now` in epoch milliseconds. */
  fannedOut(events: readonly RoomEvent[], now: number): void;
  /** What a member's list of conversations shows; undefined of somebody who is none. */
  summary(subject: string): RoomSummary | undefined;
}
