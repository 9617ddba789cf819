import * as z from "zod";
import { archive } from "../../../contract/archive.ts";
import { sha256Hex } from "../../../contract/base64.ts";
import { MESSAGE_KINDS, reactionSchema } from "../../../contract/rooms.ts";
import { roomPrefix } from "../../../contract/room-files.ts";
import { tombstone } from "../../../core/live/rooms/messages.ts";
import type { StoredMessage } from "../../../core/live/rooms/store.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";
import type { Segment, SqlArchive } from "./sql-archive.ts";

/** Files of which the messages stay in memory for the next page. */
const HELD = 2;
const NDJSON = { contentType: "application/x-ndjson" };

const versionSchema = z.object({ at: z.number(), text: z.string() });
/** One message a line, as it was when it left the room itself. */
const lineSchema = z.object({
  offset: z.number(),
  ordinal: z.number(),
  clientId: z.string().nullable(),
  sender: z.string(),
  senderName: z.string(),
  at: z.number(),
  kind: z.enum(MESSAGE_KINDS),
  text: z.string(),
  mediaId: z.string().nullable(),
  media: z.object({ type: z.string(), bytes: z.number(), width: z.number().nullable(), height: z.number().nullable() }).nullable(),
  replyTo: z.number().nullable(),
  mentions: z.array(z.string()),
  reactions: z.array(reactionSchema),
  editedAt: z.number().nullable(),
  deletedAt: z.number().nullable(),
  versions: z.array(versionSchema).optional(),
});
/** A message with its former texts. */
export type SealedMessage = z.infer<typeof lineSchema>;

/** Messages that left the room for the archive: files of some hundred lines, found by their places. */
export class SealedMessages {
  readonly #kit: ObjectKit;
  readonly #bucket: R2Bucket;
  readonly #segments: SqlArchive;
  readonly #held = new Map<string, readonly SealedMessage[]>();

  constructor(kit: ObjectKit, bucket: R2Bucket, segments: SqlArchive) {
    this.#kit = kit;
    this.#bucket = bucket;
    this.#segments = segments;
  }

  /** Forgets memory. */
  reset(): void {
    this.#held.clear();
  }

  /** Writes a file and reads it back; its key follows from what is in it, so a repetition changes nothing. */
  async write(messages: readonly SealedMessage[]): Promise<Segment> {
    const bytes = encode(messages);
    const [first, last] = [messages[0], messages.at(-1)];
    if (!first || !last) throw new Error("a segment of no messages");
    const { tenantId, name } = this.#kit.address;
    const digest = (await sha256Hex(bytes)).slice(0, 16);
    const key = `${roomPrefix(tenantId, name)}messages/${String(first.offset).padStart(16, "0")}-${last.offset}.${digest}.ndjson`;
    await archive(this.#bucket, key, bytes, NDJSON);
    const newestAt = messages.reduce((newest, { at }) => Math.max(newest, at), 0);
    return { first: first.offset, last: last.offset, lastOrdinal: last.ordinal, newestAt, key };
  }

  /** A segment's messages as they are now: those deleted since it was written are tombstones. */
  async read(segment: Segment): Promise<readonly SealedMessage[]> {
    const held = this.#held.get(segment.key) ?? (await this.#load(segment));
    const buried = this.#segments.buriedIn(segment);
    if (buried.size === 0) return held;
    return held.map((message) => {
      const at = buried.get(message.offset);
      return at === undefined ? message : bury(message, at);
    });
  }

  async find(place: number): Promise<StoredMessage | undefined> {
    const segment = this.#segments.reaching(place);
    if (!segment || segment.first > place) return undefined;
    return (await this.read(segment)).map(plain).find(({ offset }) => offset === place);
  }

  /** The newest ones below a place, oldest first. */
  async before(place: number, limit: number): Promise<StoredMessage[]> {
    let found: StoredMessage[] = [];
    for (let below = place; found.length < limit;) {
      const segment = this.#segments.below(below);
      if (!segment) break;
      const messages = (await this.read(segment)).filter(({ offset }) => offset < place).map(plain);
      found = [...messages.slice(-(limit - found.length)), ...found];
      below = segment.first;
    }
    return found;
  }

  /** The oldest ones above a place. */
  async after(place: number, limit: number): Promise<StoredMessage[]> {
    const found: StoredMessage[] = [];
    for (let above = place; found.length < limit;) {
      const segment = this.#segments.reaching(above + 1);
      if (!segment) break;
      const messages = (await this.read(segment)).filter(({ offset }) => offset > place).map(plain);
      found.push(...messages.slice(0, limit - found.length));
      above = segment.last;
    }
    return found;
  }

  async #load(segment: Segment): Promise<readonly SealedMessage[]> {
    const stored = await this.#bucket.get(segment.key);
    if (!stored) throw new Error(`${segment.key} is not in the archive`);
    const lines = (await stored.text()).split("\n").filter((line) => line !== "");
    const messages = lines.map((line) => lineSchema.parse(JSON.parse(line)));
    for (const key of [...this.#held.keys()].slice(0, this.#held.size - HELD + 1)) this.#held.delete(key);
    this.#held.set(segment.key, messages);
    return messages;
  }
}

function bury(message: SealedMessage, at: number): SealedMessage {
  return tombstone(plain(message), at);
}

/** Without former texts: what everybody may see. */
export function plain({ versions: _, ...message }: SealedMessage): StoredMessage {
  return message;
}

/** One JSON value per line, as bytes. */
export function encode(messages: readonly SealedMessage[]): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
  return bytes as Uint8Array<ArrayBuffer>; // an encoder's memory is its own, shared with nobody
}
