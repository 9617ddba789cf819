import * as z from "zod";
import { type Envelope, envelopeSchema } from "../../contract/live.ts";
import type { Position } from "./event-position.ts";

// What a held socket says, and how it is written as server-sent events (HTML standard, section 9.2).

/** The parts of any frame of the server that a stream looks at; typing, presence and receipts pass by unread. */
const heardSchema = z.object({
  type: z.string(),
  n: z.number().int().optional(),
  id: z.string().optional(),
  channel: z.string().optional(),
  epoch: z.string().optional(),
  offset: z.number().int().optional(),
  recovered: z.boolean().optional(),
  reason: z.string().optional(),
  events: z.array(envelopeSchema).optional(),
  gaps: z.array(z.string()).optional(),
  shed: z.number().int().optional(),
  code: z.string().optional(),
  detail: z.string().optional(),
});
export type Heard = z.infer<typeof heardSchema>;

/** A frame of the server; undefined for what this release does not know as one. */
export function readHeard(message: string | ArrayBuffer): Heard | undefined {
  if (typeof message !== "string") return undefined; // nobody asked for deflate here
  try {
    return heardSchema.safeParse(JSON.parse(message)).data;
  } catch {
    return undefined; // not JSON
  }
}

/** Names with a meaning of their own: ours, and those that an EventSource dispatches itself. */
const RESERVED: ReadonlySet<string> = new Set(["gap", "degraded", "open", "error", "message"]);
const EVENT_NAME = /^[A-Za-z][A-Za-z0-9._-]{0,99}$/;

/** One event: `data` is its whole envelope on one line. What could be no name of an event comes as `message`. */
export function eventText(envelope: Envelope): string {
  const { type, epoch, offset } = envelope;
  const name = EVENT_NAME.test(type) && !RESERVED.has(type) ? `event: ${type}\n` : "";
  return `id: ${idOf({ epoch, offset })}\n${name}data: ${JSON.stringify(envelope)}\n\n`;
}

/** Says first of all how long to wait before coming back, and from where to go on; undefined: not before an event was told. */
export function openingText(retryMs: number, at: Position | undefined): string {
  return at ? `retry: ${retryMs}\n${placeText(at)}` : `retry: ${retryMs}\n\n`;
}

/** Where the reader is, without an event. */
export function placeText(at: Position): string {
  return `id: ${idOf(at)}\n\n`;
}

/** Something was missed for good: read the state anew, then go on from here. */
export function gapText(channel: string, reason: string, at: Position): string {
  return `id: ${idOf(at)}\nevent: gap\ndata: ${JSON.stringify({ channel, reason, ...at })}\n\n`;
}

/** So many publications of low priority were left out. */
export function degradedText(channel: string, shed: number): string {
  return `event: degraded\ndata: ${JSON.stringify({ channel, shed })}\n\n`;
}

/** A comment: proxies and clients see that the stream lives. */
export const HEARTBEAT_TEXT = ": \n\n";

function idOf({ epoch, offset }: Position): string {
  return `${epoch}:${offset}`;
}
