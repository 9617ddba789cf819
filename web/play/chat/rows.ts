import type { Message } from "../../../contract/rooms.ts";
import type { Unsent } from "../../../sdk/room-queue.ts";

/** Messages of one sender closer together than this stand under one name. */
const GROUP_MS = 5 * 60_000;

/** What the list shows, one under the other. */
export type Row =
  | { readonly type: "day"; readonly key: string; readonly at: number }
  | { readonly type: "unread"; readonly key: string }
  | { readonly type: "message"; readonly key: string; readonly message: Message; readonly first: boolean }
  | { readonly type: "unsent"; readonly key: string; readonly unsent: Unsent; readonly first: boolean };

export interface RowsOf {
  readonly messages: readonly Message[];
  readonly unsent: readonly Unsent[];
  readonly own: string;
  /** What had been read when the room was opened: the line stands behind it. */
  readonly readOffset: number | null;
  /** The day of a time, in the viewer's zone. */
  readonly dayOf: (at: number) => string;
}

/** The rows of a conversation: a line for each day, one before what is unread, and one message after the other. */
export function rowsOf({ messages, unsent, own, readOffset, dayOf }: RowsOf): Row[] {
  const rows: Row[] = [];
  let day = "";
  let before: { readonly sender: string; readonly at: number; readonly kind: string } | undefined;
  let hasUnread = false;
  for (const message of messages) {
    const today = dayOf(message.at);
    if (today !== day) {
      rows.push({ type: "day", key: `day ${today}`, at: message.at });
      before = undefined;
    }
    day = today;
    if (!hasUnread && readOffset !== null && message.offset > readOffset && message.sender !== own) {
      hasUnread = true;
      rows.push({ type: "unread", key: "unread" });
      before = undefined;
    }
    const grouped =
      before?.sender === message.sender && before.kind !== "system" && message.kind !== "system" && message.at - before.at < GROUP_MS;
    // The same row before and after it was stored: it must not flicker.
    const key = message.sender === own && message.clientId !== null ? `c ${message.clientId}` : `m ${message.offset}`;
    rows.push({ type: "message", key, message, first: !grouped });
    before = message;
  }
  for (const one of unsent) {
    const first = before?.sender !== own || one.at - before.at >= GROUP_MS;
    rows.push({ type: "unsent", key: `c ${one.clientId}`, unsent: one, first });
    before = { sender: own, at: one.at, kind: "text" };
  }
  return rows;
}
