import { decodeCursor, encodeCursor } from "../../../contract/cursor.ts";
import type { Page } from "../../../contract/pages.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { Member, RoomView, Trace } from "../../../contract/rooms.ts";
import type { RoomCaller, RoomSummary } from "../../../contract/rpc/room.ts";
import type { PresenceBook } from "./acts.ts";
import type { RoomDesk } from "./desk.ts";
import { NO_ROOM } from "./membership.ts";
import { passedAt } from "./receipts.ts";
import type { Rights } from "./rights.ts";
import type { RoomHead } from "./store.ts";
import { memberOf } from "./views.ts";

/** Unread mentions are counted so far. */
const MENTIONS = 1_000;
/** Characters of a message that a list of conversations shows. */
const SNIPPET_CHARS = 120;

/** What a room answers without changing. */
export class RoomReads {
  readonly #desk: RoomDesk;
  readonly #presence: () => PresenceBook;
  /** Epoch milliseconds when a place was fanned out; undefined where that is not known any more. */
  readonly #fannedOutAt: (offset: number) => number | undefined;

  /** Epoch milliseconds: what was said before is too old to be shown. */
  readonly #cutoff: () => number;

  constructor(
    desk: RoomDesk,
    presence: () => PresenceBook,
    fannedOutAt: (offset: number) => number | undefined,
    cutoff: () => number = () => Number.NEGATIVE_INFINITY,
  ) {
    this.#cutoff = cutoff;
    this.#desk = desk;
    this.#presence = presence;
    this.#fannedOutAt = fannedOutAt;
  }

  view(by: RoomCaller): Outcome<RoomView> {
    return this.#reading(by, (head, { member }) => {
      const { store } = this.#desk;
      const { offset, ordinal, purged } = store.places();
      const { room, kind, title, retentionDays, hotMessages, epoch, version, createdAt } = head;
      return accept({
        room,
        kind,
        title,
        retentionDays,
        hotMessages,
        members: store.memberCount(),
        offset,
        epoch,
        messages: ordinal - purged,
        createdAt: new Date(createdAt).toISOString(),
        version,
        me: member ? memberOf(member, this.#presence(), true) : null,
      });
    });
  }

  /** By their ids; whoever manages the room also sees who has left, was removed or banned. */
  members(by: RoomCaller, limit: number, cursor: string | undefined): Outcome<Page<Member>> {
    return this.#reading(by, (_, rights) => {
      const after = cursor === undefined ? [""] : decodeCursor(cursor, ["string"]);
      if (!after) return BAD_CURSOR;
      const everybody = rights.manages !== "none";
      const rows = this.#desk.store.members({ after: String(after[0]), limit: limit + 1, everybody });
      const isShared = this.#desk.memberCount() <= L.receiptMembers;
      const items = rows
        .slice(0, limit)
        .map((row) => memberOf(this.#desk.book.over(row), this.#presence(), isShared || row.subject === by.id));
      return accept({ items, nextCursor: rows.length > limit ? encodeCursor([items.at(-1)?.subject ?? ""]) : null });
    });
  }

  /** Of one message, for its author and moderators. Times of the newest places; of older ones only whether. */
  trace(by: RoomCaller, offset: number): Outcome<Trace> {
    return this.#reading(by, (_, rights) => {
      const { store, book } = this.#desk;
      const message = store.message(offset);
      if (!message) return refuse("not-found", "There is no such message here.");
      if (message.sender !== by.id && !rights.moderates) return refuse("forbidden", "Only its author or a moderator traces a message.");
      const newest = store.places().offset;
      const isShared = this.#desk.memberCount() <= L.receiptMembers;
      const rows = isShared ? store.members({ after: "", limit: L.receiptMembers }) : [];
      const members = rows
        .filter(({ subject, state }) => state === "active" && subject !== message.sender)
        .map((row) => book.over(row))
        .map(({ subject, deliveredOffset, readOffset, delivered, read }) => ({
          subject,
          delivered: deliveredOffset >= offset,
          deliveredAt: passedAt(delivered, offset, newest),
          read: readOffset >= offset,
          readAt: passedAt(read, offset, newest),
        }));
      return accept({ offset, storedAt: message.at, fannedOutAt: this.#fannedOutAt(offset) ?? null, members });
    });
  }

  summary(by: RoomCaller): Outcome<RoomSummary> {
    return this.#reading(by, () => accept(this.summaryOf(by.id)));
  }

  /** @param subject of a member; everything is unread for somebody who is none */
  summaryOf(subject: string): RoomSummary {
    const { store, membership } = this.#desk;
    const { offset, ordinal, floor, purged } = store.places();
    const member = membership.find(subject);
    const [message] = store.messagesBefore(offset + 1, 1);
    return {
      offset,
      unread: ordinal - Math.max(member?.readOrdinal ?? 0, purged),
      mentions: store.mentionsAfter(subject, Math.max(member?.readOffset ?? 0, floor), MENTIONS),
      last:
        message && message.at >= this.#cutoff()
          ? {
              offset: message.offset,
              at: message.at,
              sender: message.sender,
              senderName: message.senderName,
              text: Array.from(message.text.slice(0, 2 * SNIPPET_CHARS))
                .slice(0, SNIPPET_CHARS)
                .join(""),
            }
          : null,
    };
  }

  #reading<T>(by: RoomCaller, read: (head: RoomHead, rights: Rights) => Outcome<T>): Outcome<T> {
    const head = this.#desk.store.head();
    const rights = this.#desk.look(by);
    return head && rights?.standing.mayRead ? read(head, rights) : NO_ROOM;
  }
}

export const BAD_CURSOR = refuse("invalid-parameter", "The cursor is not one that this list gave.");
