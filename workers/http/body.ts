import { gunzipSync, inflateSync } from "node:zlib";
import { type Outcome, accept, refuse } from "../../contract/problems.ts";

export interface BodyLimits {
  /** Bytes as sent. */
  readonly compressedBytes: number;
  /** Bytes after decompression; the same as `compressedBytes` matters for a body that is not compressed. */
  readonly decompressedBytes: number;
  /** Milliseconds for the whole body to arrive; {@link BODY_DEADLINE_MS} when absent. */
  readonly deadlineMs?: number;
  /** The body as sent whatever its Content-Encoding says: the caller knows that encoding. */
  readonly encoded?: true;
  /** Told of bytes before they are held; false refuses the request for now. Absent: all that the limits allow. */
  readonly room?: { take(bytes: number): boolean };
}

/** 1 MiB over a 300 kbit/s line takes 28 s. */
export const BODY_DEADLINE_MS = 30_000;

const UNKNOWN_LENGTH_CHUNK = 64 * 1024;

/**
 * Reads a whole body, never holding more than the limits: 413 beyond them, 408 past the deadline, 415 for an unknown
 * Content-Encoding, 400 for a stream that breaks off, a wrong Content-Length or broken compression.
 *
 * Decompression is Node's synchronous zlib and not DecompressionStream: that one inflates everything it is given before
 * the first read (100 MB from a 100 KB write), while `maxOutputLength` stops at the limit.
 */
export async function readBody(request: Request, limits: BodyLimits): Promise<Outcome<Uint8Array<ArrayBuffer>>> {
  const encoding = limits.encoded ? "identity" : encodingOf(request.headers.get("content-encoding"));
  if (encoding === undefined) return refuse("unsupported-media-type", "Send the body with Content-Encoding gzip, deflate or none.");
  const declared = declaredLength(request.headers.get("content-length"));
  if (declared === "invalid") return refuse("bad-request", "The Content-Length header is not one number. Send it once, in digits.");
  const sentLimit = encoding === "identity" ? Math.min(limits.compressedBytes, limits.decompressedBytes) : limits.compressedBytes;
  if (declared !== undefined && declared > sentLimit) {
    await abandon(request.body);
    return tooLarge(sentLimit, "as sent");
  }
  const { room } = limits;
  if (declared !== undefined && room?.take(declared) === false) {
    await abandon(request.body);
    return noRoom();
  }
  const sent = await readSent(request.body, declared, sentLimit, limits);
  if (!sent.ok || encoding === "identity") return sent;
  const plain = decompress(sent.value, encoding, limits.decompressedBytes);
  return plain.ok && room?.take(plain.value.length) === false ? noRoom() : plain;
}

type Encoding = "identity" | "gzip" | "deflate";

function encodingOf(header: string | null): Encoding | undefined {
  switch ((header ?? "identity").trim().toLowerCase()) {
    case "":
    case "identity":
      return "identity";
    case "gzip":
    case "x-gzip":
      return "gzip";
    case "deflate":
      return "deflate";
    default:
      return undefined; // also several encodings upon each other: nobody needs them, and each multiplies a bomb
  }
}

function declaredLength(header: string | null): number | undefined | "invalid" {
  if (header === null) return undefined;
  return /^\d{1,15}$/.test(header) ? Number(header) : "invalid"; // "5, 5" and "5, 6" are both a smuggler's
}

async function readSent(
  body: ReadableStream<Uint8Array> | null,
  declared: number | undefined,
  maxBytes: number,
  { deadlineMs = BODY_DEADLINE_MS, room }: BodyLimits,
): Promise<Outcome<Uint8Array<ArrayBuffer>>> {
  if (body === null) return declared ? wrongLength() : accept(new Uint8Array(0));
  const source = chunksOf(body, declared);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), deadlineMs);
  });
  try {
    const chunks: Uint8Array[] = [];
    let received = 0;
    for (;;) {
      const chunk = await Promise.race([source.next(received), late]);
      if (chunk === "late") {
        await source.stop();
        return refuse("request-timeout", `The whole body has to arrive within ${deadlineMs / 1000} s. Send smaller batches.`);
      }
      const { bytes, last } = chunk;
      received += bytes.byteLength;
      if (received > maxBytes) {
        await source.stop();
        return tooLarge(maxBytes, "as sent");
      }
      if (declared === undefined && room?.take(bytes.byteLength) === false) {
        await source.stop();
        return noRoom();
      }
      chunks.push(bytes);
      if (last) break;
      if (declared !== undefined && received > declared) {
        await source.stop();
        break;
      }
    }
    if (declared !== undefined && received !== declared) return wrongLength();
    return accept(join(chunks, received));
  } catch {
    // The stream failed: the client went away or its chunked coding broke off. It rarely sees this answer.
    return refuse("bad-request", "The body broke off before its end. Send the request again.");
  } finally {
    clearTimeout(timer);
  }
}

interface Chunk {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

interface Chunks {
  /** @param received bytes so far, not more than were declared */
  next(received: number): Promise<Chunk>;
  stop(): Promise<void>;
}

const NOTHING = new Uint8Array(0);

/**
 * Network bodies are read straight into one buffer, streams made by code come in their own chunks. Of a body whose size is declared one byte
 * more is asked for than is left: that it does not come says that the body has ended, which another read would cost as much again to learn.
 */
function chunksOf(body: ReadableStream<Uint8Array>, declared: number | undefined): Chunks {
  const byob = byobReader(body);
  if (byob) {
    return {
      async next(received) {
        const least = declared === undefined ? 1 : declared - received + 1;
        const { done, value = NOTHING } = await byob.readAtLeast(
          least,
          new Uint8Array(declared === undefined ? UNKNOWN_LENGTH_CHUNK : least),
        );
        return { bytes: value, last: done || value.byteLength < least };
      },
      stop: async () => await quietly(byob.cancel()),
    };
  }
  const reader = body.getReader();
  return {
    async next() {
      const { done, value = NOTHING } = await reader.read();
      return { bytes: value, last: done };
    },
    stop: async () => await quietly(reader.cancel()),
  };
}

function byobReader(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return undefined; // a stream that is not a byte stream
  }
}

async function abandon(body: ReadableStream | null): Promise<void> {
  if (body) await quietly(body.cancel());
}

/** Cancelling a stream that has failed fails again; its answer is already decided. */
async function quietly(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch {
    return;
  }
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const [only] = chunks;
  if (chunks.length === 1 && only?.buffer instanceof ArrayBuffer && only.byteLength === length) return only as Uint8Array<ArrayBuffer>; // checked here
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

function decompress(bytes: Uint8Array, encoding: "gzip" | "deflate", maxBytes: number): Outcome<Uint8Array<ArrayBuffer>> {
  try {
    const plain =
      encoding === "gzip" ? gunzipSync(bytes, { maxOutputLength: maxBytes }) : inflateSync(bytes, { maxOutputLength: maxBytes });
    return accept(plain);
  } catch (error) {
    if (error instanceof RangeError) return tooLarge(maxBytes, "after decompression");
    return refuse("invalid-encoding", `The body is not valid ${encoding}, or it is cut short. Compress it again.`);
  }
}

function tooLarge(maxBytes: number, when: string): Outcome<never> {
  return refuse("payload-too-large", `Send at most ${maxBytes} bytes ${when}. Split it into several requests.`);
}

function noRoom(): Outcome<never> {
  return refuse("unavailable", "Too many bodies are being read at the moment. Send this one again.", { retryAfterS: 1 });
}

function wrongLength(): Outcome<never> {
  return refuse("bad-request", "The body is not as long as its Content-Length says. Send the request again.");
}
