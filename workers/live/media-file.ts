import { mediaKey, thumbnailKey } from "../../contract/room-files.ts";
import { type Outcome, refuse } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { DATA_CSP } from "../http/security-headers.ts";
import type { MediaPlace } from "./media-url.ts";

/** What browsers show in a page; the rest they offer to save. */
const SHOWN = /^(?:image|audio|video)\//;

/** A part of a file, both ends included (RFC 9110, section 14.1.2). */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The one range that a Range header asks for. Undefined: the whole file, also for what is no range or several; null: there are no such
 * bytes.
 */
export function rangeOf(header: string | null, size: number): ByteRange | null | undefined {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < from) return undefined; // no range at all: ignored
  return from < size && to >= from ? { from, to } : null;
}

/** The file as it was sent, or a part of it. Never rendered as a page of ours, whatever is in it. @param maxAgeS how long browsers keep it */
export async function serveMedia(env: EdgeEnv, request: Request, place: MediaPlace, maxAgeS: number): Promise<Outcome<never> | Response> {
  const { tenantId, room, mediaId, thumbnail } = place;
  const key = (thumbnail ? thumbnailKey : mediaKey)(tenantId, room, mediaId);
  const head = await env.ARCHIVE.head(key);
  if (!head) return refuse("not-found", "There is no such file.");
  const type = head.httpMetadata?.contentType ?? "application/octet-stream";
  const headers = new Headers({
    "content-type": type,
    "content-disposition": SHOWN.test(type) ? "inline" : "attachment",
    "content-security-policy": DATA_CSP,
    "x-content-type-options": "nosniff",
    // Pages of the tenant's own product show it; its address is the credential.
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": `private, max-age=${maxAgeS}, immutable`,
    "accept-ranges": "bytes",
    etag: head.httpEtag,
  });
  if (request.headers.get("if-none-match") === head.httpEtag) return new Response(null, { status: 304, headers });
  const range = rangeOf(request.headers.get("range"), head.size);
  if (range === null) {
    headers.set("content-range", `bytes */${head.size}`);
    return new Response(null, { status: 416, headers });
  }
  const part = range && { offset: range.from, length: range.to - range.from + 1 };
  const file = await env.ARCHIVE.get(key, part ? { range: part } : {});
  if (!file) return refuse("not-found", "There is no such file.");
  headers.set("content-length", String(part?.length ?? head.size));
  if (range) headers.set("content-range", `bytes ${range.from}-${range.to}/${head.size}`);
  return new Response(file.body, { status: range ? 206 : 200, headers });
}
