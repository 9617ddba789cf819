import { belongs } from "./rights.ts";
import type {
  ClientIdBlock,
  LogPlaces,
  MemberQuery,
  RoomHead,
  RoomStore,
  StoredMedia,
  StoredMember,
  StoredMessage,
  StoredNote,
  StoredVersion,
} from "./store.ts";
import { MEMBER_ROWS, VERSIONS } from "./store.ts";

/** A store in memory, for models and tests: the plainest thing that does what the port says. */
export class MemoryRoomStore implements RoomStore {
  #head: RoomHead | undefined;
  #floor = 0;
  #sealed = 0;
  #purged = 0;
  readonly #messages: StoredMessage[] = [];
  #notes: StoredNote[] = [];
  #lastNote = 0;
  readonly versions = new Map<number, StoredVersion[]>();
  readonly #reactions = new Map<string, { readonly subject: string; readonly place: number }[]>();
  readonly #mentions = new Map<string, Set<number>>();
  readonly #members = new Map<string, StoredMember>();
  readonly #media = new Map<string, { media: StoredMedia; uses: number }>();
  #blocks: ClientIdBlock[] = [];

  head(): RoomHead | undefined {
    return this.#head;
  }

  putHead(head: RoomHead): void {
    this.#head = head;
  }

  places(): LogPlaces {
    const last = this.#messages.at(-1);
    return {
      offset: Math.max(last?.offset ?? 0, this.#lastNote, this.#floor),
      ordinal: last?.ordinal ?? this.#sealed,
      floor: this.#floor,
      purged: this.#purged,
    };
  }

  append(message: StoredMessage): void {
    this.#messages.push(message);
  }

  rewrite(message: StoredMessage): void {
    const at = this.#messages.findIndex(({ offset }) => offset === message.offset);
    if (at >= 0) this.#messages[at] = message;
  }

  message(offset: number): StoredMessage | undefined {
    return this.#messages.find((message) => message.offset === offset);
  }

  messagesBefore(offset: number, limit: number): StoredMessage[] {
    const below = this.#messages.filter((message) => message.offset < offset);
    return below.slice(Math.max(0, below.length - limit));
  }

  messagesAfter(offset: number, limit: number): StoredMessage[] {
    return this.#messages.filter((message) => message.offset > offset).slice(0, limit);
  }

  ordinalAt(offset: number): number {
    return this.messagesBefore(offset + 1, 1)[0]?.ordinal ?? this.#sealed;
  }

  /** As when the oldest messages, up to an offset, leave the room itself. */
  drop(upTo: number): void {
    const gone = this.#messages.filter(({ offset }) => offset <= upTo);
    this.#messages.splice(0, gone.length);
    this.#floor = Math.max(this.#floor, upTo);
    this.#sealed = this.#purged = gone.at(-1)?.ordinal ?? this.#sealed;
  }

  note(note: StoredNote): void {
    this.#notes.push(note);
    this.#lastNote = note.offset;
  }

  notesAfter(offset: number, limit: number): StoredNote[] {
    return this.#notes.filter((note) => note.offset > offset).slice(0, limit);
  }

  trimNotes(upTo: number, limit: number): void {
    const gone = this.#notes.filter(({ offset }) => offset <= upTo).slice(0, limit).length;
    this.#notes = this.#notes.slice(gone);
  }

  addVersion(offset: number, version: StoredVersion): void {
    this.versions.set(offset, [...(this.versions.get(offset) ?? []), version].slice(-VERSIONS));
  }

  dropVersions(offset: number): void {
    this.versions.delete(offset);
  }

  addReaction(offset: number, emoji: string, subject: string, place: number): boolean {
    const key = JSON.stringify([offset, emoji]);
    const held = this.#reactions.get(key) ?? [];
    if (held.some((one) => one.subject === subject)) return false;
    this.#reactions.set(key, [...held, { subject, place }]);
    return true;
  }

  dropReaction(offset: number, emoji: string, subject: string): boolean {
    const key = JSON.stringify([offset, emoji]);
    const held = this.#reactions.get(key) ?? [];
    this.#reactions.set(
      key,
      held.filter((one) => one.subject !== subject),
    );
    return held.some((one) => one.subject === subject);
  }

  reactors(offset: number, emoji: string, limit: number): string[] {
    const held = this.#reactions.get(JSON.stringify([offset, emoji])) ?? [];
    return held
      .toSorted((a, b) => a.place - b.place || (a.subject < b.subject ? -1 : 1))
      .slice(0, limit)
      .map(({ subject }) => subject);
  }

  dropReactions(offset: number): void {
    for (const key of this.#reactions.keys()) if (key.startsWith(`[${offset},`)) this.#reactions.delete(key);
  }

  addMention(subject: string, offset: number): void {
    this.#mentions.set(subject, (this.#mentions.get(subject) ?? new Set()).add(offset));
  }

  mentionsAfter(subject: string, offset: number, limit: number): number {
    return Math.min(limit, [...(this.#mentions.get(subject) ?? [])].filter((place) => place > offset).length);
  }

  dropMentions(subject: string, upTo: number): void {
    for (const place of this.#mentions.get(subject) ?? []) if (place <= upTo) this.#mentions.get(subject)?.delete(place);
  }

  dropMention(subject: string, offset: number): void {
    this.#mentions.get(subject)?.delete(offset);
  }

  member(subject: string): StoredMember | undefined {
    return this.#members.get(subject);
  }

  putMember(member: StoredMember): void {
    this.#members.set(member.subject, member);
  }

  members({ after, limit, everybody }: MemberQuery): StoredMember[] {
    return [...this.#members.values()]
      .filter(({ subject, state }) => subject > after && (everybody === true || belongs(state)))
      .toSorted((a, b) => (a.subject < b.subject ? -1 : 1))
      .slice(0, limit);
  }

  memberCount(): number {
    return [...this.#members.values()].filter(({ state }) => belongs(state)).length;
  }

  ownerCount(): number {
    return [...this.#members.values()].filter(({ role, state }) => role === "owner" && state === "active").length;
  }

  makeRoomForMember(): boolean {
    if (this.#members.size < MEMBER_ROWS) return true;
    const left = [...this.#members.values()].find(({ state }) => state === "left");
    return left !== undefined && this.#members.delete(left.subject);
  }

  media(mediaId: string): StoredMedia | undefined {
    return this.#media.get(mediaId)?.media;
  }

  putMedia(media: StoredMedia): void {
    this.#media.set(media.mediaId, { media, uses: 0 });
  }

  useMedia(mediaId: string, change: 1 | -1): void {
    const held = this.#media.get(mediaId);
    if (!held) return;
    held.uses += change;
    if (held.uses <= 0) this.#media.delete(mediaId);
  }

  clientIdBlocks(): ClientIdBlock[] {
    return this.#blocks;
  }

  putClientIdBlock(block: ClientIdBlock): void {
    this.#blocks.push(block);
  }

  trimClientIdBlocks(keep: number): void {
    this.#blocks = this.#blocks.slice(-keep);
  }
}
