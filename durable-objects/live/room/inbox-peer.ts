import type { RoomKind } from "../../../contract/rooms.ts";
import type { RoomStore } from "../../../core/live/rooms/store.ts";

/** Of a direct room the other one: a conversation is called by them. */
export function inboxNamesPeer(
  kind: RoomKind,
  subject: string,
  store: Pick<RoomStore, "members">,
): { readonly peer: string | null; readonly peerName: string | null } {
  const peer = kind === "direct" ? store.members({ after: "", limit: 2 }).find((one) => one.subject !== subject) : undefined;
  return { peer: peer?.subject ?? null, peerName: peer?.name ?? null };
}
