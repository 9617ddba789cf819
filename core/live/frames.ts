import { type ClientFrame, clientFrameSchema, type ServerFrame } from "../../contract/live.ts";
import { LIVE_CLOSE, LIVE_LIMITS, type LiveCloseCode } from "../../contract/live-codes.ts";
import type { Publication } from "../../contract/rpc/hub.ts";

/** A place in a channel's publications. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

/** A publication as it goes into every subscriber's frame: encoded once. */
export interface EncodedPublication {
  readonly channel: string;
  readonly epoch: string;
  readonly offset: number;
  readonly json: string;
}

export type FrameReading =
  { readonly ok: true; readonly frame: ClientFrame } | { readonly ok: false; readonly code: LiveCloseCode; readonly reason: string };

const encoder = new TextEncoder();

/** Reads one message of a client. Size comes first: nothing is parsed that is larger than a frame may be. */
export function readFrame(message: string | ArrayBuffer, maxBytes: number = LIVE_LIMITS.frameBytes): FrameReading {
  const bytes = typeof message === "string" ? textBytes(message, maxBytes) : message.byteLength;
  if (bytes > maxBytes) {
    return { ok: false, code: LIVE_CLOSE.size, reason: `a frame has at most ${maxBytes} bytes` };
  }
  if (typeof message !== "string") return { ok: false, code: LIVE_CLOSE.frame, reason: "frames are text" };
  let json: unknown;
  try {
    json = JSON.parse(message);
  } catch {
    return { ok: false, code: LIVE_CLOSE.frame, reason: "a frame is one JSON object" };
  }
  const parsed = clientFrameSchema.safeParse(json);
  if (parsed.success) return { ok: true, frame: parsed.data };
  const issue = parsed.error.issues[0];
  return { ok: false, code: LIVE_CLOSE.frame, reason: `not a frame: ${issue?.path.join("/") ?? ""} ${issue?.message ?? ""}`.slice(0, 100) };
}

/** UTF-8 bytes of a text, counted only when its length leaves a doubt. */
function textBytes(text: string, maxBytes: number): number {
  if (text.length > maxBytes || text.length * 3 <= maxBytes) return text.length;
  return encoder.encode(text).byteLength;
}

export function encodePublication(publication: Publication): EncodedPublication {
  const { channel, epoch, offset, type, at, data } = publication;
  return { channel, epoch, offset, json: JSON.stringify({ v: 1, type, id: `${epoch}:${offset}`, at, channel, epoch, offset, data }) };
}

/** The part of a batch frame that is the same for everybody who gets the same publications. */
export function encodeEvents(publications: readonly EncodedPublication[]): string {
  return `"events":[${publications.map((publication) => publication.json).join(",")}]`;
}

export function batchText(n: number, events: string, coalesced: number, gaps: readonly string[]): string {
  const counted = coalesced > 0 ? `,"coalesced":${coalesced}` : "";
  const missing = gaps.length > 0 ? `,"gaps":${JSON.stringify(gaps)}` : "";
  return `{"v":1,"type":"batch","n":${n},${events}${counted}${missing}}`;
}

/** Whether a publication comes after this position; a new epoch always does. */
export function isNews(position: Position | undefined, publication: Position): boolean {
  return position === undefined || position.epoch !== publication.epoch || publication.offset > position.offset;
}

/** A server frame without what the session adds. */
export type Reply = ServerFrame extends infer F ? (F extends ServerFrame ? Omit<F, "v" | "n"> : never) : never;
