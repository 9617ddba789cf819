import { callObject, objectAt, type ObjectNamespace } from "../../../contract/address.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import type { InboxNote, InboxRpc } from "../../../contract/rpc/inbox.ts";
import type { RoomSummary } from "../../../contract/rpc/room.ts";
import type { PresenceBook } from "../../../core/live/rooms/acts.ts";
import type { RoomHead, RoomStore, StoredMember } from "../../../core/live/rooms/store.ts";
import { inboxNamesPeer } from "./inbox-peer.ts";
import { errorText, logLine } from "../../kit/log.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";

/** Up to where in the log members' inboxes were told: one row for each round of notes. */
export const INBOX_NOTE_TABLES = `
CREATE TABLE inbox_noted (id INTEGER PRIMARY KEY CHECK (id = 1), offset INTEGER NOT NULL);
`;

/** Inboxes that are told at the same time. */
const AT_ONCE = 16;
/** Rounds in which an inbox may fail before it is left to the room's next news. */
const ROUNDS = 5;

export interface InboxNotesParts {
  readonly kit: ObjectKit;
  readonly store: Pick<RoomStore, "member" | "members" | "memberCount" | "places">;
  head(): RoomHead | undefined;
  /** Set later than this is made. */
  readonly presence: PresenceBook;
  summary(subject: string): RoomSummary | undefined;
}

/**
 * Tells members' inboxes what is new in a room, at most each second. Rooms up to `ROOM_LIMITS.receiptMembers` tell of every message;
 * larger ones only who came, went or changed, and are asked when their members list their conversations. The pause lives in memory: a
 * room that was ended within it tells again when it is loaded, because what was told is noted.
 */
export class InboxNotes {
  readonly #parts: InboxNotesParts;
  readonly #inboxes: ObjectNamespace<InboxRpc>;
  readonly #background: (work: Promise<void>) => void;
  #everybody = false;
  readonly #some = new Set<string>();
  #armed = false;
  #failedRounds = 0;
  #seq = 0;

  constructor(parts: InboxNotesParts, inboxes: ObjectNamespace<InboxRpc>, background: (work: Promise<void>) => void) {
    this.#parts = parts;
    this.#inboxes = inboxes;
    this.#background = background;
  }

  /** After a commit. */
  committed(events: readonly RoomEvent[]): void {
    const isSmall = this.#parts.store.memberCount() <= L.receiptMembers;
    for (const event of events) {
      if (event.type === "member") this.#some.add(event.data.subject);
      else if (isSmall && (event.type === "message" || event.type === "deleted" || event.type === "room")) this.#everybody = true;
    }
    this.#soon();
  }

  /** Somebody has read: what is unread for them is another number. */
  hasRead(subject: string): void {
    if (this.#parts.store.memberCount() > L.receiptMembers) return;
    this.#some.add(subject);
    this.#soon();
  }

  /** At load: tells what an end in between kept from being told. */
  restore(): void {
    if (this.#parts.head()?.state !== "live" || this.#noted() >= this.#parts.store.places().offset) return;
    this.#everybody = this.#parts.store.memberCount() <= L.receiptMembers;
    this.#soon();
  }

  #soon(): void {
    if (!this.#everybody && this.#some.size === 0) return;
    // Pacing only; see the class.
    if (this.#armed) return;
    this.#armed = true;
    setTimeout(() => {
      this.#armed = false;
      this.#background(this.#tell());
    }, L.inboxMs);
  }

  async #tell(): Promise<void> {
    const head = this.#parts.head();
    if (head?.state !== "live") return;
    const { offset } = this.#parts.store.places();
    const members = this.#dirty();
    this.#seq = Math.max(this.#seq + 1, this.#parts.kit.now());
    const failed = await this.#tellAll(members, head);
    if (failed.length === 0) {
      this.#failedRounds = 0;
      this.#note(offset);
    } else if (++this.#failedRounds < ROUNDS) {
      for (const subject of failed) this.#some.add(subject);
      this.#soon();
    }
  }

  /** The room is being removed: these no longer have it in their lists. Who cannot be reached is not waited for. */
  async dismiss(members: readonly StoredMember[], head: RoomHead): Promise<void> {
    this.#seq = Math.max(this.#seq + 1, this.#parts.kit.now());
    await this.#tellAll(
      members.map((member) => ({ ...member, state: "removed" })),
      head,
    );
  }

  /** @returns who could not be told */
  async #tellAll(members: readonly StoredMember[], head: RoomHead): Promise<string[]> {
    const failed: string[] = [];
    for (let from = 0; from < members.length; from += AT_ONCE)
      await Promise.all(
        members.slice(from, from + AT_ONCE).map(async (member) => {
          if (!(await this.#tellOne(member, head))) failed.push(member.subject);
        }),
      );
    return failed;
  }

  #dirty(): StoredMember[] {
    const { store } = this.#parts;
    const some = [...this.#some].flatMap((subject) => store.member(subject) ?? []);
    const everybody = this.#everybody ? store.members({ after: "", limit: L.receiptMembers }) : [];
    this.#everybody = false;
    this.#some.clear();
    return [...new Map([...everybody, ...some].map((member) => [member.subject, member])).values()];
  }

  async #tellOne(member: StoredMember, head: RoomHead): Promise<boolean> {
    const note = this.#noteFor(member, head);
    const { tenantId } = this.#parts.kit.address;
    try {
      await callObject(async () => await objectAt(this.#inboxes, { tenantId, kind: "inbox", name: member.ref }).note([note]));
      return true;
    } catch (error) {
      logLine("warn", "an inbox could not be told of its room", { room: head.room, error: errorText(error) });
      return false;
    }
  }

  #noteFor({ subject, state, role }: StoredMember, { room, kind, title }: RoomHead): InboxNote {
    const { store, presence } = this.#parts;
    const isIn = state === "active" || state === "invited";
    const isSmall = store.memberCount() <= L.receiptMembers;
    return {
      room,
      seq: this.#seq,
      state: isIn ? state : "gone",
      kind,
      role,
      title,
      ...inboxNamesPeer(kind, subject, store),
      isHere: presence.stateOf(subject) !== "offline",
      summary: (isIn && isSmall && this.#parts.summary(subject)) || null,
    };
  }

  #noted(): number {
    return this.#parts.kit.sql.exec<{ offset: number }>("SELECT offset FROM inbox_noted").toArray()[0]?.offset ?? 0;
  }

  #note(offset: number): void {
    if (offset <= this.#noted()) return;
    this.#parts.kit.transaction(() =>
      this.#parts.kit.sql.exec("INSERT INTO inbox_noted (id, offset) VALUES (1, ?1) ON CONFLICT DO UPDATE SET offset = ?1", offset),
    );
  }
}
