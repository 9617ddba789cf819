import type { NewEvent } from "../../../contract/events.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { Member, Receipt, ReceiptPut } from "../../../contract/rooms.ts";
import type { RoomCaller } from "../../../contract/rpc/room.ts";
import type { Position } from "../frames.ts";
import type { Committed, CommitResult, PresenceBook, Recovery, RoomActs, Standing, WantedChange } from "./acts.ts";
import { ClientIds } from "./client-ids.ts";
import { LogWriter } from "./log-writer.ts";
import { Membership, NO_ROOM } from "./membership.ts";
import { Messages } from "./messages.ts";
import { Receipts } from "./receipts.ts";
import { recover } from "./recovery.ts";
import type { Rights } from "./rights.ts";
import type { RoomHead, RoomStore } from "./store.ts";
import { memberOf } from "./views.ts";

/** Notes behind the newest so many events are of no use: no recovery reaches them. Trimmed when so many more have gathered. */
const TRIM_SLACK = 256;
const TRIM_ROWS = 500;

export interface DeskDeps {
  readonly store: RoomStore;
  /** Into the outbox of the transaction that runs. */
  readonly emit: (event: NewEvent) => void;
  readonly presence: () => PresenceBook;
  /** Receipts are in memory only: `storeReceipts` is wanted in five seconds. */
  readonly receiptsWait: () => void;
  /** Somebody has read further: what is unread for them is another number. */
  readonly hasRead?: (subject: string) => void;
}

/** What a room does over its store. Each call expects to be one transaction; after one that was undone, call `reset`. */
export class RoomDesk implements RoomActs {
  readonly store: RoomStore;
  readonly book: Receipts;
  readonly membership: Membership;
  readonly messages: Messages;
  readonly #clientIds: ClientIds;
  readonly #deps: DeskDeps;
  /** Newest place when notes were trimmed last. */
  #trimmedAt = 0;

  constructor(deps: DeskDeps) {
    this.#deps = deps;
    this.store = deps.store;
    this.book = new Receipts(this.store);
    this.membership = new Membership(this.store, this.book);
    this.#clientIds = new ClientIds(this.store);
    this.messages = new Messages(this.store, this.book, this.#clientIds);
  }

  /** Forgets what memory holds of rows. Receipts that were not stored yet stay. */
  reset(): void {
    this.#clientIds.reset();
    this.book.reset();
  }

  commit(changes: readonly WantedChange[], now: number): CommitResult {
    const head = this.#head();
    if (!head) return { results: changes.map(() => NO_ROOM), events: [] };
    const log = new LogWriter(this.store, head, now);
    const results = changes.map((wanted) => this.#change(wanted, log));
    this.end(log);
    return { results, events: log.events };
  }

  /**
   * Like `commit`, and stops at the first refusal: whoever sends in order wants nothing stored behind what was not.
   * @returns results up to the first refusal
   */
  commitInOrder(changes: readonly WantedChange[], now: number): CommitResult {
    const head = this.#head();
    if (!head) return { results: [NO_ROOM], events: [] };
    const log = new LogWriter(this.store, head, now);
    const results: Outcome<Committed>[] = [];
    for (const wanted of changes) {
      const result = this.#change(wanted, log);
      results.push(result);
      if (!result.ok) break;
    }
    this.end(log);
    return { results, events: log.events };
  }

  enter(by: RoomCaller, now: number): ReturnType<RoomActs["enter"]> {
    const head = this.#head();
    if (!head) return NO_ROOM;
    const log = new LogWriter(this.store, head, now);
    const entered = this.membership.come(by, log);
    if (!entered.ok) return entered;
    this.end(log);
    return accept({ standing: entered.value.standing satisfies Standing, events: log.events });
  }

  recover(since: Position | undefined, replay: number): Recovery {
    const head = this.#head();
    if (!head) return { recovered: false, reason: "epoch-changed", events: [], at: { epoch: "", offset: 0 } };
    return recover(this.store, head, since, Math.min(replay, L.replay));
  }

  position(): Position {
    return { epoch: this.#head()?.epoch ?? "", offset: this.store.places().offset };
  }

  noteReceipt(subject: string, receipt: ReceiptPut, now: number): Outcome<Receipt | undefined> {
    const member = this.store.member(subject);
    if (member?.state !== "active") return NO_ROOM;
    const newest = this.store.places().offset;
    if (Math.max(receipt.deliveredOffset ?? 0, receipt.readOffset ?? 0) > newest)
      return refuse("receipt-ahead", `The newest event of the room is at ${newest}.`);
    const moved = this.book.note(member, receipt, newest, now);
    if (!moved) return accept(undefined);
    this.#deps.receiptsWait();
    if (receipt.readOffset !== undefined) this.#deps.hasRead?.(subject);
    const { deliveredOffset, readOffset } = moved;
    return accept({ subject, deliveredOffset, readOffset });
  }

  storeReceipts(now: number): void {
    this.book.storeDue(now);
  }

  receipts(): readonly Receipt[] {
    if (this.store.memberCount() > L.receiptMembers) return [];
    return this.store
      .members({ after: "", limit: L.receiptMembers })
      .filter(({ state }) => state === "active")
      .map((member) => this.book.over(member))
      .map(({ subject, deliveredOffset, readOffset }) => ({ subject, deliveredOffset, readOffset }));
  }

  memberCount(): number {
    return this.store.memberCount();
  }

  noteSeen(subject: string, at: number): void {
    const member = this.store.member(subject);
    if (!member) return;
    this.book.seen(member, at);
    this.#deps.receiptsWait();
  }

  lastSeen(subject: string): number | null {
    return this.membership.find(subject)?.seenAt ?? null;
  }

  member(subject: string): Member | undefined {
    const member = this.membership.find(subject);
    return member && memberOf(member, this.#deps.presence(), this.store.memberCount() <= L.receiptMembers);
  }

  /** What somebody may here, without becoming a member by asking; undefined of who must not know that the room is there. */
  look(by: RoomCaller): Rights | undefined {
    const head = this.#head();
    return head && this.membership.look(by, head);
  }

  /** The end of whatever wrote to the log: its events for the outbox, and room for the next ones. */
  end(log: LogWriter): void {
    for (const event of log.outbox()) this.#deps.emit(event);
    if (this.book.isDirty) this.#deps.receiptsWait();
    const newest = log.offset;
    if (newest - this.#trimmedAt < TRIM_SLACK) return;
    this.#trimmedAt = newest;
    const useless = newest - L.recoveryEvents;
    if (useless > 0) this.store.trimNotes(useless, TRIM_ROWS);
  }

  #change({ by, change }: WantedChange, log: LogWriter): Outcome<Committed> {
    const entered = this.membership.enter(by, log);
    if (!entered.ok) return entered;
    const rights = entered.value;
    switch (change.type) {
      case "send":
        return this.messages.send(by, rights, change.message, log);
      case "edit":
        return this.messages.edit(by, rights, change.offset, change.edit, log);
      case "delete":
        return this.messages.delete(by, rights, change.offset, log);
      case "react":
        return this.messages.react(by, rights, change.offset, change.emoji, change.on, log);
      case "put-member":
        return this.#placed(log, () => this.membership.change(by, rights, change, change.change, log));
      case "remove-member":
        return this.#placed(log, () => this.membership.remove(by, rights, change.subject, log));
    }
  }

  #placed(log: LogWriter, work: () => Outcome<unknown>): Outcome<Committed> {
    const before = log.offset;
    const done = work();
    return done.ok ? accept({ offset: log.offset, at: log.now, isNew: log.offset > before }) : done;
  }

  #head(): RoomHead | undefined {
    const head = this.store.head();
    return head?.state === "live" ? head : undefined;
  }
}
