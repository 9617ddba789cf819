import type { RoomEvent } from "../../../contract/room-live.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { Position } from "../frames.ts";
import type { Recovery } from "./acts.ts";
import type { RoomHead, RoomStore, StoredNote } from "./store.ts";
import { messageOf } from "./views.ts";

/** Everything after a place in the log as it is now: whole, or refused with a reason. Without a place the newest messages. */
export function recover(store: RoomStore, head: RoomHead, since: Position | undefined, replay: number): Recovery {
  const { offset, floor } = store.places();
  const at: Position = { epoch: head.epoch, offset };
  if (since === undefined) return { recovered: false, events: newest(store, head, offset, replay), at };
  const refused = (reason: "epoch-changed" | "too-old" | "too-many"): Recovery => ({ recovered: false, reason, events: [], at });
  // A place that the log has not reached is one of another log.
  if (since.epoch !== head.epoch || since.offset > offset) return refused("epoch-changed");
  if (since.offset < floor) return refused("too-old");
  if (offset - since.offset > L.recoveryEvents) return refused("too-many");
  const events = eventsAfter(store, head.room, since.offset);
  // Each event has its own place, so fewer of them than places are a hole: never passed on as if it were whole.
  if (events.length !== offset - since.offset) return refused("too-old");
  return bytesOf(events) > L.recoveryBytes ? refused("too-many") : { recovered: true, events, at };
}

function newest(store: RoomStore, { room }: RoomHead, offset: number, replay: number): RoomEvent[] {
  if (replay === 0) return [];
  return store.messagesBefore(offset + 1, replay).map((message) => {
    const { offset: place, at } = message;
    return { type: "message", data: messageOf(room, message), offset: place, at };
  });
}

function eventsAfter(store: RoomStore, room: string, offset: number): RoomEvent[] {
  const messages = store.messagesAfter(offset, L.recoveryEvents);
  const notes = store.notesAfter(offset, L.recoveryEvents);
  const events: RoomEvent[] = [
    ...messages.map((message) => ({ type: "message" as const, data: messageOf(room, message), offset: message.offset, at: message.at })),
    ...notes.map((note) => eventOf(store, note)),
  ];
  return events.sort((a, b) => a.offset - b.offset);
}

/** An edit is told with the text that stands now: later edits and a deletion follow and fold to the same. */
function eventOf(store: RoomStore, { offset, at, event }: StoredNote): RoomEvent {
  if (event.type !== "edited") return { ...event, offset, at };
  const message = store.message(event.data.offset);
  return { type: "edited", data: { ...event.data, text: message?.text ?? "", mentions: message?.mentions ?? [] }, offset, at };
}

const encoder = new TextEncoder();

function bytesOf(events: readonly RoomEvent[]): number {
  let bytes = 0;
  for (const event of events) {
    bytes += encoder.encode(JSON.stringify(event)).byteLength;
    if (bytes > L.recoveryBytes) return bytes;
  }
  return bytes;
}
