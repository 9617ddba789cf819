import { ROOM_LIMITS } from "../../../contract/room-limits.ts";
import type { RoomEventData } from "../../../contract/room-live.ts";
import type { MediaType, MemberState, Message, RoomKind, RoomRole } from "../../../contract/rooms.ts";

// What a room keeps, as narrow as its rules need it. Everything is synchronous: one call of `RoomActs` is one transaction of whoever
// calls it. Implemented over SQL (durable-objects/live/room) and in memory (memory-store-testing.ts); one suite holds both to the same.

/** Former texts of one message. */
export const VERSIONS = 100;
/** Rows of members, former ones among them. */
export const MEMBER_ROWS = 2 * ROOM_LIMITS.members;

/** The room itself. */
export interface RoomHead {
  readonly room: string;
  readonly kind: RoomKind;
  readonly title: string;
  readonly retentionDays: number | null;
  readonly hotMessages: number;
  readonly version: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly epoch: string;
  readonly state: "live" | "removing";
}

/** How far the log goes. */
export interface LogPlaces {
  /** Of the newest event; the next has one more. 0 while there is none. */
  readonly offset: number;
  /** Of the newest message: it is so manieth. */
  readonly ordinal: number;
  /** Events up to here are not all in the room itself: no recovery reaches behind it. */
  readonly floor: number;
  /** Messages up to this ordinal are gone for good. */
  readonly purged: number;
}

/** A message as it is now, with what an edit, reactions or a deletion made of it. Its `id` follows from room and offset. */
export interface StoredMessage extends Omit<Message, "id"> {
  /** Gapless among messages, from 1: unread messages are a difference of two. */
  readonly ordinal: number;
}

/**
 * An event that is no message. Of an edit only that it was made: the text is the message's, so that what is deleted later stands
 * nowhere any more.
 */
export interface StoredNote {
  readonly offset: number;
  readonly at: number;
  readonly event:
    | { readonly type: "edited"; readonly data: { readonly offset: number; readonly by: string } }
    | Exclude<RoomEventData, { readonly type: "message" | "edited" }>;
}

/** When somebody's cumulative offset passed one of the newest offsets: rising pairs of offset and epoch milliseconds. */
export type ReceiptSteps = readonly (readonly [offset: number, at: number])[];

export interface StoredMember {
  readonly subject: string;
  /** Digest of the subject: what events and logs name. */
  readonly ref: string;
  readonly role: RoomRole;
  readonly state: MemberState;
  readonly name: string;
  readonly avatarUrl: string | null;
  readonly joinedAt: number;
  readonly mutedUntil: number | null;
  readonly seenAt: number | null;
  readonly deliveredOffset: number;
  readonly readOffset: number;
  /** Of the newest message up to `readOffset`. */
  readonly readOrdinal: number;
  readonly delivered: ReceiptSteps;
  readonly read: ReceiptSteps;
}

export interface StoredVersion {
  readonly at: number;
  readonly text: string;
}

export interface StoredMedia {
  readonly mediaId: string;
  readonly type: MediaType;
  readonly bytes: number;
  readonly width: number | null;
  readonly height: number | null;
  readonly hasThumbnail: boolean;
  readonly sha256: string;
  readonly by: string;
  readonly at: number;
}

export interface MemberQuery {
  /** Subjects behind this one, in the order of their ids. */
  readonly after: string;
  readonly limit: number;
  /** Left out: whoever was removed, banned or has left is not among them. */
  readonly everybody?: boolean;
}

/** Where messages with client ids are, packed: see client-ids.ts. */
export interface ClientIdBlock {
  /** Offset of its newest message. */
  readonly last: number;
  readonly bytes: Uint8Array;
}

export interface RoomStore {
  /** Undefined until the room is configured, and after its removal. */
  head(): RoomHead | undefined;
  putHead(head: RoomHead): void;
  places(): LogPlaces;

  /** The next event of the log. @param message with offset and ordinal one above `places()` */
  append(message: StoredMessage): void;
  /** Puts a message's present state over its former one. */
  rewrite(message: StoredMessage): void;
  /** Undefined of an offset that is no message, or not in the room itself (any more). */
  message(offset: number): StoredMessage | undefined;
  /** Rising. The newest ones below an offset. */
  messagesBefore(offset: number, limit: number): StoredMessage[];
  /** Rising. The oldest ones above an offset. */
  messagesAfter(offset: number, limit: number): StoredMessage[];
  /** Ordinal of the newest message at or below an offset. */
  ordinalAt(offset: number): number;

  note(note: StoredNote): void;
  /** Rising. */
  notesAfter(offset: number, limit: number): StoredNote[];
  /** Drops the oldest ones at or below an offset. */
  trimNotes(upTo: number, limit: number): void;

  /** A former text of a message; only the newest few are kept. */
  addVersion(offset: number, version: StoredVersion): void;
  dropVersions(offset: number): void;

  /** @param place orders those who reacted. @returns whether it was not there */
  addReaction(offset: number, emoji: string, subject: string, place: number): boolean;
  /** @returns whether it was there */
  dropReaction(offset: number, emoji: string, subject: string): boolean;
  /** The first who did. */
  reactors(offset: number, emoji: string, limit: number): string[];
  dropReactions(offset: number): void;

  addMention(subject: string, offset: number): void;
  /** Counted up to a limit. */
  mentionsAfter(subject: string, offset: number, limit: number): number;
  /** Those of a person up to an offset. */
  dropMentions(subject: string, upTo: number): void;
  dropMention(subject: string, offset: number): void;

  member(subject: string): StoredMember | undefined;
  putMember(member: StoredMember): void;
  members(query: MemberQuery): StoredMember[];
  /** The active and the invited. */
  memberCount(): number;
  ownerCount(): number;
  /** Removes rows of some who left, so that rows of former members have a bound. @returns whether there is room for one more row */
  makeRoomForMember(): boolean;

  media(mediaId: string): StoredMedia | undefined;
  putMedia(media: StoredMedia): void;
  /** One more message shows the file, or one less; the file is to go when the last of them does. */
  useMedia(mediaId: string, change: 1 | -1): void;

  /** The oldest first. */
  clientIdBlocks(): ClientIdBlock[];
  putClientIdBlock(block: ClientIdBlock): void;
  /** Drops the oldest ones beyond so many. */
  trimClientIdBlocks(keep: number): void;
}
