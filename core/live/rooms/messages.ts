import { gcra, type Rate } from "../../../contract/gcra.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { Message, MessageEdit, MessageInput } from "../../../contract/rooms.ts";
import type { RoomCaller } from "../../../contract/rpc/room.ts";
import type { Committed } from "./acts.ts";
import type { ClientIds } from "./client-ids.ts";
import type { ImportLine } from "./import-lines.ts";
import type { LogWriter } from "./log-writer.ts";
import type { Receipts } from "./receipts.ts";
import { belongs, type Rights } from "./rights.ts";
import type { RoomStore, StoredMessage } from "./store.ts";

const SEND_RATE: Rate = { perPeriod: L.sendsPerSecond, periodMs: 1_000, burst: L.sendBurst };
/** Rates are forgotten of who has had time to rest, once so many are held. */
const HELD_RATES = 1_024;

/** Messages: said, edited, deleted, reacted to. Each method checks everything before it writes anything. */
export class Messages {
  readonly #store: RoomStore;
  readonly #receipts: Receipts;
  readonly #clientIds: ClientIds;
  /** By member: when their next send is due at an even pace. In memory only. */
  readonly #rates = new Map<string, number>();

  constructor(store: RoomStore, receipts: Receipts, clientIds: ClientIds) {
    this.#store = store;
    this.#receipts = receipts;
    this.#clientIds = clientIds;
  }

  /** A repetition has the first one's place, whatever has happened to its sender since. */
  send(by: RoomCaller, rights: Rights, input: MessageInput, log: LogWriter): Outcome<Committed> {
    const first = this.#clientIds.find(by.id, input.clientId);
    if (first) return accept({ offset: first.offset, at: first.at, isNew: false });
    const { replyTo, mediaId } = input;
    if (!rights.standing.mayWrite) return refuse("forbidden", "You may read here, and not write.");
    if (replyTo !== null && replyTo > log.offset)
      return refuse("invalid-body", "Answer a message that is there.", {
        errors: [{ pointer: "/replyTo", detail: "is ahead of the room" }],
      });
    const media = mediaId === null ? undefined : this.#store.media(mediaId);
    if (mediaId !== null && !media)
      return refuse("invalid-body", "Upload the file first.", { errors: [{ pointer: "/mediaId", detail: "is no file of this room" }] });
    const fault = this.#muted(rights, log.now) ?? this.#paced(by, log.now);
    if (fault) return fault;
    const mentions = [...new Set(input.mentions)];
    const message = log.message({
      clientId: input.clientId,
      sender: by.id,
      senderName: by.name || (rights.member?.name ?? ""),
      at: log.now,
      kind: by.kind === "service" ? "system" : media ? "media" : "text",
      text: input.text,
      mediaId,
      media: media ? { type: media.type, bytes: media.bytes, width: media.width, height: media.height } : null,
      replyTo,
      mentions,
      reactions: [],
      editedAt: null,
      deletedAt: null,
    });
    this.#clientIds.add(message);
    if (mediaId !== null) this.#store.useMedia(mediaId, 1);
    this.#mention(mentions, message);
    this.#readOwn(rights, message, log.now);
    return accept({ offset: message.offset, at: message.at, isNew: true });
  }

  /** A message of another time, by whoever said it then. It is nobody's repetition, and nobody is told of being named. */
  import(line: ImportLine, log: LogWriter): void {
    const { at, sender, senderName, text, mediaId, replyTo } = line;
    const media = mediaId === null ? undefined : this.#store.media(mediaId);
    const message = log.message({
      clientId: null,
      sender,
      senderName,
      at,
      kind: media ? "media" : "text",
      text,
      mediaId: media ? mediaId : null,
      media: media ? { type: media.type, bytes: media.bytes, width: media.width, height: media.height } : null,
      replyTo,
      mentions: [],
      reactions: [],
      editedAt: null,
      deletedAt: null,
    });
    this.#clientIds.add(message);
    if (media) this.#store.useMedia(media.mediaId, 1);
  }

  edit(by: RoomCaller, rights: Rights, offset: number, edit: MessageEdit, log: LogWriter): Outcome<Committed> {
    const found = this.#own(by, rights, offset);
    if (!found.ok) return found;
    const message = found.value;
    if (message.deletedAt !== null) return DELETED;
    const fault = this.#muted(rights, log.now) ?? this.#paced(by, log.now);
    if (fault) return fault;
    const mentions = [...new Set(edit.mentions)];
    if (message.text === edit.text && sameList(message.mentions, mentions)) return accept(unchanged(log));
    this.#store.addVersion(offset, { at: message.editedAt ?? message.at, text: message.text });
    for (const subject of message.mentions) if (!mentions.includes(subject)) this.#store.dropMention(subject, offset);
    this.#mention(
      mentions.filter((subject) => !message.mentions.includes(subject)),
      message,
    );
    this.#store.rewrite({ ...message, text: edit.text, mentions, editedAt: log.now });
    const place = log.note({ type: "edited", data: { offset, text: edit.text, mentions, by: by.id } });
    return accept({ offset: place, at: log.now, isNew: true });
  }

  delete(by: RoomCaller, rights: Rights, offset: number, log: LogWriter): Outcome<Committed> {
    const found = this.#own(by, rights, offset);
    if (!found.ok) return found;
    if (found.value.deletedAt !== null) return accept(unchanged(log));
    const fault = this.#paced(by, log.now);
    if (fault) return fault;
    this.bury(found.value, log.now);
    const place = log.note({ type: "deleted", data: { offset, by: by.id } });
    return accept({ offset: place, at: log.now, isNew: true });
  }

  /** Makes a tombstone of a message: only that there was one, and of whom, stays. */
  bury(message: StoredMessage, now: number): void {
    const { offset, mentions, mediaId } = message;
    this.#store.rewrite(tombstone(message, now));
    this.#store.dropVersions(offset);
    this.#store.dropReactions(offset);
    for (const subject of mentions) this.#store.dropMention(subject, offset);
    if (mediaId !== null) this.#store.useMedia(mediaId, -1);
  }

  react(by: RoomCaller, rights: Rights, offset: number, emoji: string, on: boolean, log: LogWriter): Outcome<Committed> {
    const message = this.#store.message(offset);
    if (!message) return NO_MESSAGE;
    if (!rights.mayReact) return refuse("forbidden", "You may read here, and not react.");
    if (message.deletedAt !== null) return DELETED;
    const { reactions } = message;
    const there = reactions.find((one) => one.emoji === emoji);
    if (on && !there && reactions.length >= L.emojiPerMessage)
      return refuse("conflict", `A message has at most ${L.emojiPerMessage} different reactions.`);
    const fault = this.#muted(rights, log.now) ?? this.#paced(by, log.now);
    if (fault) return fault;
    const moved = on ? this.#store.addReaction(offset, emoji, by.id, log.offset) : this.#store.dropReaction(offset, emoji, by.id);
    if (!moved) return accept(unchanged(log));
    const count = (there?.count ?? 0) + (on ? 1 : -1);
    const who = this.#store.reactors(offset, emoji, L.reactorsShown);
    const folded = there
      ? reactions.map((one) => (one === there ? { emoji, count, by: who } : one))
      : [...reactions, { emoji, count, by: who }];
    this.#store.rewrite({ ...message, reactions: folded.filter((one) => one.count > 0) });
    const place = log.note({ type: "reaction", data: { offset, emoji, by: by.id, on, count } });
    return accept({ offset: place, at: log.now, isNew: true });
  }

  /** A message that somebody may change: its author, or who moderates. */
  #own(by: RoomCaller, rights: Rights, offset: number): Outcome<StoredMessage> {
    const message = this.#store.message(offset);
    if (!message) return NO_MESSAGE;
    if (message.sender === by.id || rights.moderates) return accept(message);
    return refuse("forbidden", "Only its author or a moderator changes a message.");
  }

  #muted({ standing }: Rights, now: number): Outcome<never> | undefined {
    const { mutedUntil } = standing;
    if (mutedUntil === null || mutedUntil <= now) return undefined;
    return refuse("muted", `You are muted until ${new Date(mutedUntil).toISOString()}.`);
  }

  /** People have a pace; services and operators have that of their keys and sessions. */
  #paced(by: RoomCaller, now: number): Outcome<never> | undefined {
    if (by.kind !== "subject") return undefined;
    const verdict = gcra(SEND_RATE, this.#rates.get(by.id), now);
    if (!verdict.allowed)
      return refuse("rate-limited", `Send at most ${L.sendsPerSecond} messages a second.`, { retryAfterS: verdict.retryAfterMs / 1_000 });
    if (this.#rates.size >= HELD_RATES) for (const [id, tat] of this.#rates) if (tat <= now) this.#rates.delete(id);
    this.#rates.set(by.id, verdict.tat);
    return undefined;
  }

  #mention(subjects: readonly string[], { offset, sender }: StoredMessage): void {
    for (const subject of subjects) {
      const member = subject === sender ? undefined : this.#store.member(subject);
      if (member && belongs(member.state)) this.#store.addMention(subject, offset);
    }
  }

  /** Whoever had read everything has also read what they say themselves; unread messages of others stay unread. */
  #readOwn({ member }: Rights, { offset, ordinal }: StoredMessage, now: number): void {
    if (member && this.#receipts.over(member).readOrdinal >= ordinal - 1)
      this.#receipts.note(member, { readOffset: offset }, offset, now, ordinal);
  }
}

/** What is left of a deleted message. */
export function tombstone(message: StoredMessage, now: number): StoredMessage {
  return { ...message, text: "", mediaId: null, media: null, mentions: [], reactions: [], editedAt: null, deletedAt: now };
}

const NO_MESSAGE = refuse("not-found", "There is no such message here. One that lies in the archive can be read and deleted, no more.");
const DELETED = refuse("message-deleted", "The message was deleted.");

function unchanged(log: LogWriter): Committed {
  return { offset: log.offset, at: log.now, isNew: false };
}

function sameList(a: Message["mentions"], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at]);
}
