import { toHex } from "../../contract/base64.ts";
import { accept, type Outcome, type Problem, refuse } from "../../contract/problems.ts";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import type { MediaType } from "../../contract/rooms.ts";
import { MEDIA_HEAD_BYTES, mediaTypeOf } from "./media-kind.ts";

/** A body of which nothing comes for so long is given up. */
const IDLE_MS = 30_000;

/** Where the parts of an upload go. A failed `file` has stored nothing. */
export interface MediaSink {
  file(body: ReadableStream<Uint8Array>, type: MediaType): Promise<unknown>;
  thumbnail(bytes: Uint8Array, type: MediaType): Promise<unknown>;
}

/** What was stored. */
export interface StoredMedia {
  readonly type: MediaType;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** The beginning of the file. */
  readonly head: Uint8Array;
}

/**
 * Streams an upload to where it is kept: the small picture first, if one leads it, then the file. Never holds more than the beginning
 * of the file, by which its type is known before anything is stored; counts and digests the rest on its way.
 * @param thumbnailBytes how many bytes of the body are the small picture
 */
export async function storeUpload(request: Request, thumbnailBytes: number, sink: MediaSink): Promise<Outcome<StoredMedia>> {
  const declared = /^\d{1,15}$/.exec(request.headers.get("content-length") ?? "")?.[0];
  if (request.body === null || declared === undefined) return refuse("bad-request", "Send the file as the body, with a Content-Length.");
  const bytes = Number(declared) - thumbnailBytes;
  const problem = sizeProblem(bytes, thumbnailBytes);
  if (problem) {
    await request.body.cancel().catch(() => undefined); // a client that has gone already fails this, and its answer is decided
    return { ok: false, problem };
  }
  const source = new Source(request.body);
  try {
    const start = await source.atLeast(thumbnailBytes + Math.min(bytes, MEDIA_HEAD_BYTES));
    const thumbnail = start.subarray(0, thumbnailBytes);
    const head = start.subarray(thumbnailBytes);
    const type = mediaTypeOf(head);
    const thumbnailType = mediaTypeOf(thumbnail);
    if (!type) return await source.refuse(unsupported("Send PNG, JPEG, GIF, WebP, MP4, MP3, Ogg or PDF."));
    if (thumbnailBytes > 0 && !thumbnailType?.startsWith("image/")) return await source.refuse(unsupported("The thumbnail is no picture."));
    if (thumbnailType) await sink.thumbnail(thumbnail, thumbnailType);
    const sha256 = await pass(source, head, bytes, async (body) => await sink.file(body, type));
    return accept({ type, bytes, sha256, head: head.slice() });
  } catch (error) {
    if (error instanceof BrokenOff) return await source.refuse({ slug: error.slug, detail: error.message });
    throw error;
  }
}

function sizeProblem(bytes: number, thumbnailBytes: number): Problem | undefined {
  if (bytes > ROOM_LIMITS.mediaBytes)
    return { slug: "payload-too-large", detail: `Send a file of at most ${ROOM_LIMITS.mediaBytes} bytes.` };
  return bytes <= 0 || thumbnailBytes < 0 ? { slug: "bad-request", detail: "The body holds no file. Send one." } : undefined;
}

function unsupported(detail: string): Problem {
  return { slug: "unsupported-media", detail };
}

/** Hands the file on as it comes. @returns its SHA-256, hex @throws BrokenOff when it does not come whole, or what storing it throws */
async function pass(
  source: Source,
  head: Uint8Array,
  bytes: number,
  store: (body: ReadableStream<Uint8Array>) => Promise<unknown>,
): Promise<string> {
  const { readable, writable } = new FixedLengthStream(bytes);
  const digest = new crypto.DigestStream("SHA-256");
  digest.digest.catch(() => undefined); // of a file that does not come whole; who wants the digest waits for it below
  const [out, hash] = [writable.getWriter(), digest.getWriter()];
  // Both ends at once: what is stored is read while it is written. A failure of either ends both.
  const stored = store(readable);
  stored.catch((error: unknown) => void out.abort(error).catch(() => undefined)); // nobody reads any more: a write would wait for ever
  const written = (async () => {
    let received = 0;
    try {
      for (let chunk: Uint8Array | undefined = head; chunk; chunk = await source.next()) {
        received += chunk.byteLength;
        if (received > bytes) throw new BrokenOff("bad-request", "The body is longer than its Content-Length.");
        await hash.write(chunk);
        await out.write(chunk);
      }
      if (received < bytes) throw new BrokenOff("bad-request", "The body broke off before its end. Send it again.");
      await hash.close();
      await out.close();
    } catch (error) {
      await Promise.allSettled([out.abort(error), hash.abort(error)]);
      throw error;
    }
  })();
  const [writing, storing] = await Promise.allSettled([written, stored]);
  if (writing.status === "rejected") throw writing.reason;
  if (storing.status === "rejected") throw storing.reason;
  return toHex(new Uint8Array(await digest.digest));
}

/** A body that did not come as announced: no fault of ours. */
class BrokenOff extends Error {
  readonly slug: Problem["slug"];

  constructor(slug: Problem["slug"], detail: string) {
    super(detail);
    this.slug = slug;
  }
}

class Source {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  /** The next bytes; undefined at the end. @throws BrokenOff when none come */
  async next(): Promise<Uint8Array | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new BrokenOff("request-timeout", "The file came too slowly. Send it again.")), IDLE_MS);
    });
    try {
      const { done, value } = await Promise.race([this.#read(), late]);
      return done ? undefined : value;
    } finally {
      clearTimeout(timer);
    }
  }

  async #read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    try {
      return await this.#reader.read();
    } catch {
      throw new BrokenOff("bad-request", "The body broke off before its end. Send it again.");
    }
  }

  /** So many bytes, or more; fewer when the body has no more. */
  async atLeast(bytes: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let received = 0;
    while (received < bytes) {
      const chunk = await this.next();
      if (!chunk) break;
      chunks.push(chunk);
      received += chunk.byteLength;
    }
    const all = new Uint8Array(received);
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.byteLength;
    }
    return all;
  }

  async refuse(problem: Problem): Promise<{ readonly ok: false; readonly problem: Problem }> {
    await this.#reader.cancel().catch(() => undefined); // a client that has gone already fails this, and its answer is decided
    return { ok: false, problem };
  }
}
