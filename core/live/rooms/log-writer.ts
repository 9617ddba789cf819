import type { NewEvent } from "../../../contract/events.ts";
import type { RoomEvent, RoomEventData } from "../../../contract/room-live.ts";
import { messageOf } from "./views.ts";
import type { RoomHead, RoomStore, StoredMessage, StoredNote } from "./store.ts";

/** Offsets that an event of edits or deletions names, at most. */
const NAMED_OFFSETS = 100;

export type NoteEvent = Exclude<RoomEventData, { readonly type: "message" }>;

/** Appends to the log within one transaction: gives places, gathers what is told to sockets and to the outbox. */
export class LogWriter {
  readonly now: number;
  readonly events: RoomEvent[] = [];
  readonly #store: RoomStore;
  readonly #head: RoomHead;
  readonly #others: NewEvent[] = [];
  readonly #edited: number[] = [];
  readonly #deleted: number[] = [];
  #sent: { count: number; from: number; to: number } | undefined;
  #offset: number;
  #ordinal: number;

  constructor(store: RoomStore, head: RoomHead, now: number) {
    this.#store = store;
    this.#head = head;
    this.now = now;
    const { offset, ordinal } = store.places();
    [this.#offset, this.#ordinal] = [offset, ordinal];
  }

  get head(): RoomHead {
    return this.#head;
  }

  /** The newest place. */
  get offset(): number {
    return this.#offset;
  }

  message(message: Omit<StoredMessage, "offset" | "ordinal">): StoredMessage {
    this.#ordinal += 1;
    const stored: StoredMessage = { ...message, offset: this.#next(), ordinal: this.#ordinal };
    this.#store.append(stored);
    const { offset } = stored;
    this.events.push({ type: "message", data: messageOf(this.#head.room, stored), offset, at: stored.at });
    this.#sent = { count: (this.#sent?.count ?? 0) + 1, from: this.#sent?.from ?? offset, to: offset };
    return stored;
  }

  /** @param kept as it is stored, where that is less than what sockets are told */
  note(event: NoteEvent, kept: StoredNote["event"] = keptOf(event)): number {
    const offset = this.#next();
    this.#store.note({ offset, at: this.now, event: kept });
    this.events.push({ ...event, offset, at: this.now });
    if (event.type === "edited") this.#edited.push(event.data.offset);
    if (event.type === "deleted") this.#deleted.push(event.data.offset);
    return offset;
  }

  /** An event for the outbox. */
  emit(event: NewEvent): void {
    this.#others.push(event);
  }

  /** Events for the outbox: one for all messages, however many; one for edits, one for deletions. */
  outbox(): NewEvent[] {
    const { room, epoch } = this.#head;
    const subject = `room/${room}`;
    const events = [...this.#others];
    if (this.#sent) {
      const { count, from, to } = this.#sent;
      events.push({ type: "meridian.message.sent", subject, data: { count, room, epoch, fromOffset: from, toOffset: to } });
    }
    const changed = (type: "meridian.message.edited" | "meridian.message.deleted", offsets: readonly number[]): void => {
      if (offsets.length > 0)
        events.push({ type, subject, data: { count: offsets.length, room, epoch, offsets: offsets.slice(0, NAMED_OFFSETS) } });
    };
    changed("meridian.message.edited", this.#edited);
    changed("meridian.message.deleted", this.#deleted);
    return events;
  }

  #next(): number {
    this.#offset += 1;
    return this.#offset;
  }
}

/** The text of an edit is the message's own. */
function keptOf(event: NoteEvent): StoredNote["event"] {
  if (event.type !== "edited") return event;
  const { offset, by } = event.data;
  return { type: "edited", data: { offset, by } };
}
