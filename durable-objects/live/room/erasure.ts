import { tombstone } from "../../../core/live/rooms/messages.ts";
import type { RoomDesk } from "../../../core/live/rooms/desk.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import { LogWriter } from "../../../core/live/rooms/log-writer.ts";
import type { StoredMessage, StoredNote } from "../../../core/live/rooms/store.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";
import { plain, type SealedMessage } from "./sealed.ts";
import type { SqlArchive } from "./sql-archive.ts";
import type { SqlRoom } from "./sql-room.ts";
import type { ErasureState, SqlTasks } from "./sql-tasks.ts";
import { SLICE_ROWS, type Upkeep } from "./upkeep.ts";

/** Named so in the shell. */
export const ERASURE_TIMER = "erasure";
/** Who said what nobody is to be known of. */
export const NOBODY = "deleted";

export interface ErasureDeps {
  readonly kit: ObjectKit;
  readonly store: SqlRoom;
  readonly archive: SqlArchive;
  readonly tasks: SqlTasks;
  readonly upkeep: Upkeep;
  readonly desk: RoomDesk;
  /** Tells sockets and inboxes, after the transaction. */
  readonly tell: (events: readonly RoomEvent[]) => void;
}

/**
 * Forgets people: their membership at once; then, in slices, what they said becomes tombstones, what they reacted to and where they were
 * named is taken out, in the room's rows and in its archive. Whoever is in the room sees it happen.
 */
export class Erasure {
  readonly #deps: ErasureDeps;

  constructor(deps: ErasureDeps) {
    this.#deps = deps;
  }

  /** The kit's hook, in its transaction. @returns rows that went, the slices to come not among them */
  forgetSubject(subject: string): number {
    const { kit, store, tasks, desk, tell } = this.#deps;
    const head = store.head();
    if (head?.state !== "live") return 0;
    const member = store.member(subject);
    tasks.erase(subject);
    kit.timers.set(ERASURE_TIMER, kit.now());
    if (!member) return 0;
    desk.book.forget(subject);
    store.people.drop(subject);
    store.dropMentions(subject, Number.MAX_SAFE_INTEGER);
    const log = new LogWriter(store, head, kit.now());
    const { role } = member;
    const gone = { role, state: "removed", name: "", avatarUrl: null, mutedUntil: null, by: NOBODY } as const;
    // Those who are here know them by name and must know who goes; what is kept names nobody.
    log.note({ type: "member", data: { ...gone, subject } }, { type: "member", data: { ...gone, subject: NOBODY } });
    desk.end(log);
    queueMicrotask(() => tell(log.events));
    return 1;
  }

  /** The timer's handler: one slice. */
  async goOn(now: number): Promise<void> {
    const { kit, tasks, store } = this.#deps;
    const state = tasks.erasure();
    if (!state || store.head()?.state !== "live") return;
    if (state.stage === "archive") await this.#archived(state);
    else {
      const events = kit.transaction(() => (state.stage === "messages" ? this.#messages(state, now) : this.#notes(state)));
      this.#deps.tell(events);
    }
    if (tasks.erasure()) kit.timers.set(ERASURE_TIMER, now);
  }

  #messages(state: ErasureState, now: number): RoomEvent[] {
    const { store, tasks, desk } = this.#deps;
    const head = store.head();
    if (!head) return [];
    store.dropMentions(state.subject, Number.MAX_SAFE_INTEGER); // a slice of them, too
    const rows = store.messagesAfter(state.place, SLICE_ROWS);
    const log = new LogWriter(store, head, now);
    for (const message of rows) this.#message(message, state.subject, log);
    desk.end(log);
    const isDone = rows.length < SLICE_ROWS;
    const left = isDone ? store.marks.disown(state.subject, NOBODY, SLICE_ROWS) : 0;
    if (!isDone) tasks.putErasure({ ...state, place: rows.at(-1)?.offset ?? state.place });
    else if (left < SLICE_ROWS) tasks.putErasure({ ...state, stage: "notes", place: 0 });
    return log.events;
  }

  #message(message: StoredMessage, subject: string, log: LogWriter): void {
    const { store, desk } = this.#deps;
    const { offset, sender } = message;
    const emoji = message.reactions.length > 0 ? store.marks.dropReactionsOf(offset, subject) : [];
    if (sender === subject) {
      const isNew = message.deletedAt === null;
      if (isNew) desk.messages.bury(message, log.now);
      store.rewrite(nobodys(message, log.now));
      if (isNew) log.note({ type: "deleted", data: { offset, by: NOBODY } });
    } else if (emoji.length > 0 || message.mentions.includes(subject)) {
      const reactions = message.reactions
        .map((one) =>
          emoji.includes(one.emoji) ? { ...one, count: one.count - 1, by: store.reactors(offset, one.emoji, L.reactorsShown) } : one,
        )
        .filter(({ count }) => count > 0);
      store.rewrite({ ...message, reactions, mentions: message.mentions.filter((one) => one !== subject) });
    }
  }

  #notes(state: ErasureState): RoomEvent[] {
    const { store, tasks } = this.#deps;
    const notes = store.notesAfter(state.place, SLICE_ROWS);
    for (const note of notes) {
      const scrubbed = scrub(note, state.subject);
      if (scrubbed) store.log.renote(scrubbed);
    }
    const isDone = notes.length < SLICE_ROWS;
    tasks.putErasure(isDone ? { ...state, stage: "archive", place: 0 } : { ...state, place: notes.at(-1)?.offset ?? state.place });
    return [];
  }

  async #archived(state: ErasureState): Promise<void> {
    const { kit, archive, tasks, upkeep } = this.#deps;
    const segment = archive.reaching(state.place + 1);
    if (!segment) return kit.transaction(() => tasks.endErasure(state.subject));
    await upkeep.alone(async () => await upkeep.rewrite(segment, (message) => sealedWithout(message, state.subject, kit.now())));
    kit.transaction(() => tasks.putErasure({ ...state, place: segment.last }));
  }
}

function nobodys(message: StoredMessage, now: number): StoredMessage {
  return { ...tombstone(message, message.deletedAt ?? now), sender: NOBODY, senderName: "", clientId: null };
}

/** A sealed message without somebody; the same one when they are not in it. */
function sealedWithout(message: SealedMessage, subject: string, now: number): SealedMessage {
  if (message.sender === subject) return nobodys(plain(message), now);
  const isIn = message.mentions.includes(subject) || message.reactions.some(({ by }) => by.includes(subject));
  if (!isIn) return message;
  const reactions = message.reactions
    .map((one) => (one.by.includes(subject) ? { ...one, count: one.count - 1, by: one.by.filter((who) => who !== subject) } : one))
    .filter(({ count }) => count > 0);
  return { ...message, reactions, mentions: message.mentions.filter((one) => one !== subject) };
}

/** An event without somebody; undefined when they are not in it. */
function scrub({ offset, at, event }: StoredNote, subject: string): StoredNote | undefined {
  const isAbout = event.type === "member" && event.data.subject === subject;
  if (!isAbout && event.data.by !== subject) return undefined;
  const by = event.data.by === subject ? NOBODY : event.data.by;
  if (event.type !== "member") return { offset, at, event: { ...event, data: { ...event.data, by } } as StoredNote["event"] }; // one field of the same type was put over
  const about = isAbout ? { subject: NOBODY, name: "", avatarUrl: null } : {};
  return { offset, at, event: { type: "member", data: { ...event.data, ...about, by } } };
}
