import type { Page } from "../pages.ts";
import type { Conversation, RoomKind, RoomRole } from "../rooms.ts";
import type { ObjectRpc } from "./call.ts";
import type { TopicPosition } from "./metrics.ts";
import type { RoomSummary } from "./room.ts";

/** What a room tells the inbox of one of its members. `seq` rises per room: an older one changes nothing. */
export interface InboxNote {
  readonly room: string;
  readonly seq: number;
  /** Gone: the person has left, or was removed; the others stay out. */
  readonly state: "active" | "invited" | "gone";
  readonly kind: RoomKind;
  readonly role: RoomRole;
  readonly title: string;
  readonly peer: string | null;
  readonly peerName: string | null;
  /** Null of a large room: asked on listing. */
  readonly summary: RoomSummary | null;
}

/**
 * `{tenantId}/inbox/{ref}`: one person's conversations, named by the digest of their subject. Publishes the channel `inbox/{ref}` to the
 * hubs where the person has a socket.
 */
export interface InboxRpc extends ObjectRpc {
  note(notes: readonly InboxNote[]): Promise<void>;
  /** Newest activity first; only the active and the invited. Large rooms come with `summary` null: who lists asks them. */
  list(limit: number, cursor?: string): Promise<Page<InboxEntry>>;
  /** As publishers answer hubs: this hub follows these topics until then. */
  interest(hub: string, topics: readonly string[], untilMs: number): Promise<TopicPosition[]>;
}
export interface InboxEntry extends Omit<Conversation, "unread" | "mentions" | "offset" | "last"> {
  readonly summary: RoomSummary | null;
}
