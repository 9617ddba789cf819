import { toHex } from "./base64.ts";

/**
 * How a file of a backup is written, wherever it lies: a header, then chunks of at most {@link CHUNK_BYTES}, each compressed
 * and then sealed with AES-256-GCM. The key of a file follows from the backup's key, the backup's id, the file's name and a
 * random salt, so no nonce meets a key twice and no file passes for another one. A chunk's nonce is its number and whether it
 * is the last one (the STREAM construction, Hoang, Reyhanitabar, Rogaway and Vizár 2015): chunks that were cut off, left out,
 * repeated or reordered do not open.
 *
 *     "MRBK" · version 1 · 32 bytes of salt · chunks: last (0 or 1) · length, 4 bytes big-endian · ciphertext with its tag
 */
const MAGIC = new TextEncoder().encode("MRBK");
const VERSION = 1;
const SALT_BYTES = 32;
const HEADER_BYTES = MAGIC.length + 1 + SALT_BYTES;
const FRAME_BYTES = 5;
/** Plain bytes of a chunk: what is held in memory at a time. */
export const CHUNK_BYTES = 1024 * 1024;
/** Deflate adds at most five bytes per 16 KiB to what does not shrink; the tag is 16. */
const SEALED_CHUNK_BYTES = CHUNK_BYTES + 1024;

type Bytes = Uint8Array<ArrayBuffer>;

/** The backup was changed, cut short, or made with another key; nothing of it may be used. */
export class BackupDamaged extends Error {
  override readonly name = "BackupDamaged";
}

/** The key of one backup. */
export interface BackupKey {
  /** The backup's id. */
  readonly id: string;
  readonly base: CryptoKey;
}

/** @param secret 32 random bytes @param id the backup's id, which its files' keys are bound to */
export async function backupKey(secret: Bytes, id: string): Promise<BackupKey> {
  if (secret.length !== 32) throw new Error("a backup's key has 32 bytes");
  return { id, base: await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey", "deriveBits"]) };
}

/** What tells at once, without opening anything, whether a key is the one of a backup; hex. Says nothing about the key. */
export async function keyProof(key: BackupKey): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.deriveBits(hkdf(key, "proof", new Uint8Array(0)), key.base, 128)));
}

/** The sealed form of a file, in pieces of about a chunk. */
export async function* seal(key: BackupKey, name: string, plain: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Bytes> {
  const header = new Uint8Array(HEADER_BYTES);
  header.set(MAGIC);
  header[MAGIC.length] = VERSION;
  const salt = crypto.getRandomValues(header.subarray(HEADER_BYTES - SALT_BYTES));
  const fileKey = await deriveFileKey(key, name, salt, "encrypt");
  yield header;
  let index = 0;
  for await (const { bytes, last } of inChunks(plain)) {
    const packed = await pump(bytes, new CompressionStream("deflate-raw"), SEALED_CHUNK_BYTES);
    const sealed = new Uint8Array(await crypto.subtle.encrypt(gcm(index, last, header), fileKey, packed));
    const frame = new Uint8Array(FRAME_BYTES + sealed.length);
    frame[0] = last ? 1 : 0;
    new DataView(frame.buffer).setUint32(1, sealed.length);
    frame.set(sealed, FRAME_BYTES);
    yield frame;
    index += 1;
  }
}

/** The plain form of a sealed file. What it has yielded before it throws was genuine, but may not be all. @throws BackupDamaged */
export async function* open(key: BackupKey, name: string, sealed: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Bytes> {
  const reader = new Reader(sealed);
  const header = await reader.take(HEADER_BYTES);
  if (!header || MAGIC.some((byte, at) => header[at] !== byte)) throw new BackupDamaged(`${name} is not a file of a backup`);
  if (header[MAGIC.length] !== VERSION) throw new BackupDamaged(`${name} was written in a newer format (${header[MAGIC.length]})`);
  const fileKey = await deriveFileKey(key, name, header.subarray(HEADER_BYTES - SALT_BYTES), "decrypt");
  for (let index = 0; ; index++) {
    const frame = await reader.take(FRAME_BYTES);
    if (!frame) throw new BackupDamaged(`${name} was cut short`);
    const last = frame[0] === 1;
    const length = new DataView(frame.buffer, frame.byteOffset).getUint32(1);
    const body = length <= SEALED_CHUNK_BYTES ? await reader.take(length) : undefined;
    if (!body) throw new BackupDamaged(`${name} was cut short`);
    yield await openChunk(name, fileKey, gcm(index, last, header), body);
    if (!last) continue;
    if (await reader.take(1)) throw new BackupDamaged(`${name} goes on behind its end`);
    return;
  }
}

async function openChunk(name: string, key: CryptoKey, algorithm: ReturnType<typeof gcm>, body: Bytes): Promise<Bytes> {
  let packed: Bytes;
  try {
    packed = new Uint8Array(await crypto.subtle.decrypt(algorithm, key, body));
  } catch {
    throw new BackupDamaged(`${name} was changed, or made with another key`); // the tag does not match
  }
  return await pump(packed, new DecompressionStream("deflate-raw"), CHUNK_BYTES);
}

/** RFC 5869: the backup's secret is uniformly random, the salt makes each file's key its own. */
function hkdf(key: BackupKey, name: string, salt: Bytes) {
  return { name: "HKDF", hash: "SHA-256", salt, info: new TextEncoder().encode(`meridian/backup/v1/${key.id}/${name}`) };
}

async function deriveFileKey(key: BackupKey, name: string, salt: Bytes, use: "encrypt" | "decrypt"): Promise<CryptoKey> {
  return await crypto.subtle.deriveKey(hkdf(key, `file/${name}`, salt), key.base, { name: "AES-GCM", length: 256 }, false, [use]);
}

function gcm(index: number, last: boolean, header: Bytes) {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setUint32(7, index);
  iv[11] = last ? 1 : 0;
  return { name: "AES-GCM", iv, additionalData: header };
}

/** Cuts what comes into chunks of exactly {@link CHUNK_BYTES}, the last one shorter; a file of nothing is one empty chunk. */
async function* inChunks(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<{ readonly bytes: Bytes; readonly last: boolean }> {
  const reader = new Reader(pieces);
  let bytes = await reader.takeUpTo(CHUNK_BYTES);
  for (;;) {
    const next = bytes.length < CHUNK_BYTES ? new Uint8Array(0) : await reader.takeUpTo(CHUNK_BYTES);
    yield { bytes, last: next.length === 0 };
    if (next.length === 0) return;
    bytes = next;
  }
}

/** Bytes on demand out of pieces of any length. */
class Reader {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#pieces = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  }

  /** Exactly so many bytes, or undefined when there are not that many left. */
  async take(length: number): Promise<Bytes | undefined> {
    const bytes = await this.takeUpTo(length);
    return bytes.length === length ? bytes : undefined;
  }

  async takeUpTo(length: number): Promise<Bytes> {
    while (this.#heldBytes < length) {
      const next = await this.#pieces.next();
      if (next.done === true) break;
      this.#held.push(next.value);
      this.#heldBytes += next.value.length;
    }
    const taken = new Uint8Array(Math.min(length, this.#heldBytes));
    for (let at = 0; at < taken.length;) {
      const piece = this.#held[0] ?? new Uint8Array(0);
      const part = piece.subarray(0, taken.length - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === piece.length) this.#held.shift();
      else this.#held[0] = piece.subarray(part.length);
    }
    this.#heldBytes -= taken.length;
    return taken;
  }
}

/** Everything that comes out of a transformation of these bytes. @throws BackupDamaged when that is more than allowed, or the transformation fails */
async function pump(bytes: Bytes, transform: CompressionStream | DecompressionStream, maxBytes: number): Promise<Bytes> {
  // Both have byte streams at both ends; the types of the platforms name them differently.
  const { writable, readable } = transform as unknown as { writable: WritableStream<Bytes>; readable: ReadableStream<Bytes> };
  const writer = writable.getWriter();
  const written = writer.write(bytes).then(async () => await writer.close());
  written.catch(() => undefined); // the reader meets the same failure and says it
  const parts: Bytes[] = [];
  let total = 0;
  try {
    for (const reader = readable.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      total += value.length;
      if (total > maxBytes) throw new Error("too long");
      parts.push(value);
    }
  } catch (error) {
    throw new BackupDamaged(`a chunk cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  }
  const all = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
