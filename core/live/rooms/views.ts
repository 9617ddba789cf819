import type { Member, Message } from "../../../contract/rooms.ts";
import type { PresenceBook } from "./acts.ts";
import type { StoredMember, StoredMessage } from "./store.ts";

/** A message as everybody in the room sees it. */
export function messageOf(room: string, { ordinal: _, ...message }: StoredMessage): Message {
  return { ...message, id: `${room}:${message.offset}` };
}

/** @param withReceipts whether others may know how far they have read */
export function memberOf(member: StoredMember, presence: PresenceBook, withReceipts: boolean): Member {
  return {
    subject: member.subject,
    role: member.role,
    state: member.state,
    name: member.name,
    avatarUrl: member.avatarUrl,
    joinedAt: isoOf(member.joinedAt),
    mutedUntil: member.mutedUntil === null ? null : isoOf(member.mutedUntil),
    deliveredOffset: withReceipts ? member.deliveredOffset : null,
    readOffset: withReceipts ? member.readOffset : null,
    presence: presence.stateOf(member.subject),
    lastSeenAt: member.seenAt === null ? null : isoOf(member.seenAt),
  };
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
