import type { Outcome } from "../../../contract/problems.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import type { Receipt } from "../../../contract/rooms.ts";
import type { RoomSummary } from "../../../contract/rpc/room.ts";
import type { Committed, PresenceBook, RoomActs } from "../../../core/live/rooms/acts.ts";
import type { RoomHead } from "../../../core/live/rooms/store.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";

/** Somebody who is told what was committed: `results` in the order of the changes, empty when there were none to answer. */
export type RoomTeller = (events: readonly RoomEvent[], results: readonly Outcome<Committed>[]) => void;

/** The deadline of credentials that sockets came with; outlives a sleep. */
export const LIVE_TIMER = "live-expiry";

/** The room's sockets, as its other parts know them. */
export interface RoomSocketSide {
  /** Takes back the sockets that slept: at every load, once `head()` can be read. */
  restore(): void;
  /** The deadline `LIVE_TIMER` has passed. */
  expire(now: number): void;
  /** A member's receipt moved over another wire: it is passed on. */
  receipt(receipt: Receipt): void;
  /** The room is being removed, after the commit: everybody is closed with 4404. */
  gone(): void;
  /** Open sockets. */
  count(): number;
}

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
  /** Set in the object's constructor, before anything happens. */
  sockets: RoomSocketSide | undefined;
  /** The socket side's; nobody is online until it is set. */
  presence: PresenceBook;
  /** That these went out to sockets: what `trace` says of the newest. `now` in epoch milliseconds. */
  fannedOut(events: readonly RoomEvent[], now: number): void;
  /** What a member's list of conversations shows; undefined of somebody who is none. */
  summary(subject: string): RoomSummary | undefined;
}
