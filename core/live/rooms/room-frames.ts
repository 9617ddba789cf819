import type { PersonPresence, RoomEvent } from "../../../contract/room-live.ts";
import type { Receipt } from "../../../contract/rooms.ts";
import { utf8Bytes } from "../unread-bytes.ts";

// Frames of rooms as text. Those for many carry no number, so that everybody gets the same bytes.

/** Events of one frame, in bytes: larger news go out in several. */
const FRAME_BYTES = 256 * 1024;

/** An event as every subscriber gets it, encoded once. @param channel of the room, as JSON */
export function encodeEvent({ type, offset, at, data }: RoomEvent, channel: string, epoch: string): string {
  const place = `"channel":${channel},"epoch":"${epoch}","offset":${offset}`;
  return `{"v":1,"type":"${type}","id":"${epoch}:${offset}","at":${at},${place},"data":${JSON.stringify(data)}}`;
}

/** A batch for one socket. */
export function numberedBatch(n: number, events: readonly string[]): string {
  return `{"v":1,"type":"batch","n":${n},"events":[${events.join(",")}]}`;
}

export interface SharedText {
  readonly text: string;
  /** In UTF-8. */
  readonly bytes: number;
  readonly events: number;
}

/** Batches for everybody. */
export function sharedBatches(events: readonly string[]): SharedText[] {
  const batches: SharedText[] = [];
  let gathered: string[] = [];
  let bytes = 0;
  const close = (): void => {
    const text = `{"v":1,"type":"batch","events":[${gathered.join(",")}]}`;
    batches.push({ text, bytes: utf8Bytes(text), events: gathered.length });
    gathered = [];
    bytes = 0;
  };
  for (const event of events) {
    if (bytes > 0 && bytes + event.length > FRAME_BYTES) close();
    gathered.push(event);
    bytes += event.length;
  }
  if (gathered.length > 0) close();
  return batches;
}

export type Passing =
  | { readonly type: "typing"; readonly items: readonly { readonly subject: string; readonly on: boolean }[] }
  | { readonly type: "presence"; readonly items: readonly PersonPresence[] }
  | { readonly type: "receipts"; readonly items: readonly Receipt[] };

/** What is told and not kept. @param channel as JSON */
export function passingText({ type, items }: Passing, channel: string): string {
  return `{"v":1,"type":"${type}","channel":${channel},"items":${JSON.stringify(items)}}`;
}
