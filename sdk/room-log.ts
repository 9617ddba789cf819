import type { RoomEventData } from "../contract/room-live.ts";
import type { Message } from "../contract/rooms.ts";
import type { LiveEvent } from "./live.ts";

/** Messages that are not here whose corrections are remembered. */
const EARLY = 1_000;

/**
 * A room's messages as far as this client has them: pages of history and live events, in whatever order they come, fold to the same.
 * A page shows messages as they were when it was read; an event that is newer wins, one that is older changes nothing.
 */
export class RoomLog {
  readonly #messages = new Map<number, Message>();
  /** The newest event that each message has seen, by the message's offset. */
  readonly #seen = new Map<number, number>();
  /** Edits and deletions of messages that are not here yet: a page that was read before them may still come. */
  readonly #early = new Map<number, LiveEvent[]>();
  #sorted: Message[] | undefined;

  /** In the order of the room. */
  get messages(): readonly Message[] {
    this.#sorted ??= [...this.#messages.values()].sort((a, b) => a.offset - b.offset);
    return this.#sorted;
  }

  get(offset: number): Message | undefined {
    return this.#messages.get(offset);
  }

  /** @param asOf the room's newest offset when the page was read */
  page(items: readonly Message[], asOf: number): void {
    for (const message of items) {
      if ((this.#seen.get(message.offset) ?? -1) > asOf) continue;
      this.#messages.set(message.offset, message);
      this.#seen.set(message.offset, Math.max(asOf, message.offset));
      const early = this.#early.get(message.offset) ?? [];
      this.#early.delete(message.offset);
      for (const event of early) this.event(event);
    }
    this.#sorted = undefined;
  }

  /** @returns offsets of the messages that look different now */
  event(event: LiveEvent): readonly number[] {
    const told = event as LiveEvent & RoomEventData; // the contract of rooms' channels
    if (told.type === "message") {
      if (!this.#messages.has(told.data.offset)) this.page([told.data], event.offset);
      return [told.data.offset];
    }
    if (told.type === "member" || told.type === "room") return [];
    const { offset } = told.data;
    const message = this.#messages.get(offset);
    if (!message) {
      // A page that shows these was asked for before them, so it is on its way: there is no need to remember many.
      const [oldest] = this.#early.keys();
      if (this.#early.size >= EARLY && oldest !== undefined) this.#early.delete(oldest);
      this.#early.set(offset, [...(this.#early.get(offset) ?? []), event]);
      return [];
    }
    if ((this.#seen.get(offset) ?? -1) >= event.offset) return [];
    this.#seen.set(offset, event.offset);
    this.#messages.set(offset, folded(message, told, event.at));
    this.#sorted = undefined;
    return [offset];
  }

  /** Nothing is known any more: what was not told may have changed any of it. */
  clear(): void {
    this.#messages.clear();
    this.#seen.clear();
    this.#early.clear();
    this.#sorted = undefined;
  }
}

type Correction = Extract<RoomEventData, { type: "edited" | "deleted" | "reaction" }>;

function folded(message: Message, event: Correction, at: number): Message {
  switch (event.type) {
    case "edited":
      return { ...message, text: event.data.text, mentions: [...event.data.mentions], editedAt: at };
    case "deleted":
      return { ...message, text: "", mediaId: null, media: null, mentions: [], reactions: [], deletedAt: at };
    case "reaction":
      return { ...message, reactions: reacted(message.reactions, event.data) };
  }
}

function reacted(
  reactions: Message["reactions"],
  { emoji, by, on, count }: Extract<Correction, { type: "reaction" }>["data"],
): Message["reactions"] {
  const before = reactions.find((one) => one.emoji === emoji);
  const others = reactions.filter((one) => one.emoji !== emoji);
  if (count === 0) return others;
  const people = (before?.by ?? []).filter((one) => one !== by);
  const after = { emoji, count, by: on ? [...people, by] : people };
  // Where it stood: a reaction must not jump about under a finger.
  return before ? reactions.map((one) => (one.emoji === emoji ? after : one)) : [...others, after];
}
