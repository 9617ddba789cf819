import type { RecoveryRefusal, RoomEvent } from "../../../contract/room-live.ts";
import type { Member, MemberPut, MessageEdit, MessageInput, Receipt, ReceiptPut, RoomRole } from "../../../contract/rooms.ts";
import type { Outcome } from "../../../contract/problems.ts";
import type { RoomCaller } from "../../../contract/rpc/room.ts";
import type { Position } from "../frames.ts";

// What the room's sockets (room-machine) and its HTTP side share: every change goes through `commit`, every event comes out of it.

/** One change that somebody wants. */
export type RoomChange =
  | { readonly type: "send"; readonly message: MessageInput }
  | { readonly type: "edit"; readonly offset: number; readonly edit: MessageEdit }
  | { readonly type: "delete"; readonly offset: number }
  | { readonly type: "react"; readonly offset: number; readonly emoji: string; readonly on: boolean }
  | { readonly type: "put-member"; readonly subject: string; readonly ref: string; readonly change: MemberPut }
  | { readonly type: "remove-member"; readonly subject: string };

export interface WantedChange {
  readonly by: RoomCaller;
  readonly change: RoomChange;
}

/** Where a change got its place. A repeated `send` has the place of the first; a change that changes nothing the newest offset. */
export interface Committed {
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Whether it was stored by this call. */
  readonly isNew: boolean;
}

export interface CommitResult {
  /** In the order of the changes, each by itself. */
  readonly results: readonly Outcome<Committed>[];
  /** What was appended to the log, in order and without a hole: to be fanned out in this order. */
  readonly events: readonly RoomEvent[];
}

/** What somebody is in the room. */
export interface Standing {
  readonly subject: string;
  readonly role: RoomRole;
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
  readonly mutedUntil: number | null;
}

export type Recovery =
  | { readonly recovered: true; readonly events: readonly RoomEvent[]; readonly at: Position }
  | { readonly recovered: false; readonly reason?: RecoveryRefusal; readonly events: readonly RoomEvent[]; readonly at: Position };

/** What a room does, whoever asks over whichever wire. Synchronous: one call is one transaction. `now` is epoch milliseconds. */
export interface RoomActs {
  /** All changes of a flush in one transaction, with one event for the outbox that names the range. */
  commit(changes: readonly WantedChange[], now: number): CommitResult;
  /**
   * Whether somebody may come in and what they are; a grant makes a member of who is none (`events` then has their coming).
   * A ban refuses with 404 like no membership at all, so that a room does not say that it exists.
   */
  enter(by: RoomCaller, now: number): Outcome<{ readonly standing: Standing; readonly events: readonly RoomEvent[] }>;
  /**
   * Everything after `since`, or nothing and why; without `since` the newest `replay` events of the log. `at` is the place right before
   * the first of `events` (`since` itself when recovered), as a `subscribed` frame says it.
   */
  recover(since: Position | undefined, replay: number): Recovery;
  position(): Position;
  /** Cumulative: the higher wins. `receipt-ahead` beyond the log's end. @returns the receipt as it stands, undefined when nothing moved */
  noteReceipt(subject: string, receipt: ReceiptPut, now: number): Outcome<Receipt | undefined>;
  /** Writes receipts that are only in memory; called by a timer each `ROOM_LIMITS.receiptStoreMs` while there are any. */
  storeReceipts(now: number): void;
  /** Everybody's, for a subscription; empty in rooms above `ROOM_LIMITS.receiptMembers`. */
  receipts(): readonly Receipt[];
  /** Members of the room, and whether receipts are shared among them. */
  memberCount(): number;
  noteSeen(subject: string, at: number): void;
  lastSeen(subject: string): number | null;
  member(subject: string): Member | undefined;
}

/** Presence, as the socket side knows it and the lists of members ask it. */
export interface PresenceBook {
  stateOf(subject: string): "online" | "away" | "offline";
}
