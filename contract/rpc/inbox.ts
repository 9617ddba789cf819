import type { Page } from "../pages.ts";
import type { Conversation, RoomKind, RoomRole } from "../rooms.ts";
import type { ObjectRpc } from "./call.ts";
import type { TopicPosition } from "./metrics.ts";
import type { RoomSummary } from "./room.ts";

/** What a room tells the inbox of one of its members. */
export interface InboxNote {
  readonly room: string;
  /** Rises per room: an older note, or the same again, changes nothing. */
  readonly seq: number;
  /** `gone`: the person has left, was removed or banned. */
  readonly state: "active" | "invited" | "gone";
  readonly kind: RoomKind;
  readonly role: RoomRole;
  readonly title: string;
  /** Of a direct room the other person. */
  readonly peer: string | null;
  readonly peerName: string | null;
  /** Whether the person has a socket in the room: then nobody has to be told that something is unread. */
  readonly isHere: boolean;
  /** Null of a large room: whoever lists asks it. */
  readonly summary: RoomSummary | null;
}

/** A conversation as the inbox has it. */
export interface InboxEntry extends Omit<Conversation, "unread" | "mentions" | "offset" | "last"> {
  readonly summary: RoomSummary | null;
}

/** Data of the channel `inbox/{ref}`, events of type `conversation`. */
export type InboxPush = { readonly room: string; readonly gone: true } | (InboxEntry & { readonly gone: false });

/**
 * `{tenantId}/inbox/{ref}`: one person's conversations, named by the digest of their subject. Publishes the channel `inbox/{ref}` to the
 * hubs where the person follows it.
 */
export interface InboxRpc extends ObjectRpc {
  note(notes: readonly InboxNote[]): Promise<void>;
  /** The newest activity first. */
  list(limit: number, cursor?: string): Promise<Page<InboxEntry>>;
  /** As publishers answer hubs: this hub follows until then. */
  interest(hub: string, topics: readonly string[], untilMs: number): Promise<TopicPosition[]>;
}
