import * as z from "zod";
import type { ServerFrame } from "../../contract/live.ts";
import { LIVE_CLOSE } from "../../contract/live-codes.ts";
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
  /** Of a topic: nothing of it may be missing unsaid. `after`: the offset of the one before it that was not left out. */
  readonly chain?: { readonly after: number; readonly low: boolean };
}

export type FrameReading<F> = { readonly ok: true; readonly frame: F } | Malformed;

export interface Malformed {
  readonly ok: false;
  readonly code: typeof LIVE_CLOSE.size | typeof LIVE_CLOSE.frame;
  readonly reason: string;
  /** What the client calls the frame, as far as that can be answered: its `id`, and its `ref` or `clientId`. */
  readonly id: string | undefined;
  readonly ref: string | undefined;
  /** What is wrong with it: an RFC 6901 pointer into the frame, empty for the whole. */
  readonly pointer: string;
}

/** An answer quotes no more of a malformed frame than this, so that bad frames are not sent back whole. */
const QUOTED_CHARS = 100;
const REF_CHARS = 64;

/**
 * Reads one message of a client. Size comes first: nothing is parsed that is larger than a frame may be.
 * @param schema every frame that may come here
 */
export function readFrame<F>(message: string | ArrayBuffer, schema: z.ZodType<F>, maxBytes: number): FrameReading<F> {
  const bytes = typeof message === "string" ? textBytes(message, maxBytes) : message.byteLength;
  if (bytes > maxBytes) return malformed(LIVE_CLOSE.size, `a frame has at most ${maxBytes} bytes`);
  if (typeof message !== "string") return malformed(LIVE_CLOSE.frame, "frames are text");
  let json: unknown;
  try {
    json = JSON.parse(message);
  } catch {
    return malformed(LIVE_CLOSE.frame, "a frame is one JSON object");
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { ok: true, frame: parsed.data };
  const issue = parsed.error.issues[0];
  const path = issue?.code === "unrecognized_keys" ? [...issue.path, ...issue.keys.slice(0, 1)] : (issue?.path ?? []);
  const reason = `not a frame: ${issue?.path.join("/") ?? ""} ${issue?.message ?? ""}`.slice(0, QUOTED_CHARS);
  return { ...malformed(LIVE_CLOSE.frame, reason), ...namesOf(json), pointer: pointerTo(path) };
}

function malformed(code: Malformed["code"], reason: string): Malformed {
  return { ok: false, code, reason, id: undefined, ref: undefined, pointer: "" };
}

const name = z.string().max(REF_CHARS).optional().catch(undefined);
const namesSchema = z.object({ id: name, ref: name, clientId: name });

function namesOf(json: unknown): Pick<Malformed, "id" | "ref"> {
  const { id, ref, clientId } = namesSchema.safeParse(json).data ?? {};
  return { id, ref: ref ?? clientId };
}

function pointerTo(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => String(part).slice(0, QUOTED_CHARS).replaceAll("~", "~0").replaceAll("/", "~1"));
  return parts.map((part) => `/${part}`).join("");
}

const encoder = new TextEncoder();

/** UTF-8 bytes of a text, counted only when its length leaves a doubt. */
function textBytes(text: string, maxBytes: number): number {
  if (text.length > maxBytes || text.length * 3 <= maxBytes) return text.length;
  return encoder.encode(text).byteLength;
}

export function encodePublication(publication: Publication): EncodedPublication {
  const { channel, epoch, offset, type, at, data, meta, after, priority } = publication;
  const json = JSON.stringify({ v: 1, type, id: `${epoch}:${offset}`, at, channel, epoch, offset, data, meta });
  return { channel, epoch, offset, json, ...(after === undefined ? {} : { chain: { after, low: priority === "low" } }) };
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
