import * as z from "zod";
import { ACTION_NAMES } from "../../contract/permissions.ts";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import { type Admission, admittedTopicsSchema } from "../../contract/rpc/hub.ts";
import { acknowledge, unreadVerdict } from "../kit/unread.ts";
import { asciiJson, readAttachment } from "./attachment.ts";
import { batchText, encodeEvents, type EncodedPublication, type Position, type Reply } from "./frames.ts";
import { FrameMeter } from "./frame-meter.ts";
import { type Held, HeldCredential } from "./held-credential.ts";
import type { LiveSession } from "./socket-machine.ts";
import { UnreadBytes, unreadSchema, utf8Bytes } from "./unread-bytes.ts";

/** A subscription that waits for its publisher's answer. */
export interface Joining {
  readonly id: string;
  /** Where the client says it left off. */
  readonly from: Position | undefined;
  /** Newest publications to begin with, of a topic; 0 or absent: none. */
  readonly replay?: number;
}

/** Frames of these bytes may be unread at a socket that follows topics: it is told everything, and closed when that is too much. */
const UNREAD = { softBytes: ROOM_LIMITS.unackedSoftBytes, hardBytes: ROOM_LIMITS.unackedBytes } as const;

/** What is kept of a socket while its hub sleeps. Read by the previous release too: only ever add optional fields. */
const attachmentSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  actor: z.string(),
  credential: z.string(),
  groups: z.array(z.string()).optional(),
  actions: z.array(z.enum(ACTION_NAMES)),
  topics: admittedTopicsSchema.optional(),
  expiresAt: z.number().nullable(),
  checkedAt: z.number().optional(),
  sent: z.number(),
  acked: z.number(),
  channels: z.array(z.string()),
  /** Request ids of subscriptions without an answer yet, by index into `channels`. */
  joining: z.array(z.tuple([z.number(), z.string()])),
  /** Indexes of channels with a withheld publication; the publication itself is not kept. */
  withheld: z.array(z.number()),
  coalesced: z.number(),
  withheldCount: z.number(),
  /** Of topics, by index into `channels`: where the socket stands, and how many of low priority were left out unsaid. */
  places: z.array(z.tuple([z.number(), z.string(), z.number(), z.number()])).optional(),
  bytes: unreadSchema.optional(),
  reportedAt: z.number().optional(),
});

/** A frame around publications, and an answer before it. */
const FRAME_BYTES = 1_024;

/** Where a socket stands in a topic. */
interface Place extends Position {
  /** Publications of low priority that were left out and not told of yet. */
  readonly shed: number;
}

/**
 * One socket: numbers what it is sent, counts what it has not acknowledged, and withholds publications from a reader that
 * falls behind: the newest of each channel only, so that its memory is bounded whatever is published.
 */
export class Session implements LiveSession {
  readonly id: string;
  readonly held: HeldCredential;
  /** Channel by name: null when it stands, else the request that waits. */
  readonly channels = new Map<string, Joining | null>();
  readonly meter = new FrameMeter();
  /** Frames sent when the hub reported last, and when that was; 0: never. */
  reported = 0;
  reportedAt = 0;
  /** The newest frame whose acknowledgement tells how long delivery takes. */
  probe: { readonly n: number; readonly at: number } | undefined;
  /** Publications of low priority that it was told were left out, not reported yet. */
  #shed = 0;
  #sent = 0;
  #acked = 0;
  /** Newest withheld publication by channel, the latest last. */
  readonly #withheld = new Map<string, EncodedPublication>();
  /** Channels whose withheld publication was lost in a sleep. */
  readonly #lost = new Set<string>();
  #coalesced = 0;
  #withheldCount = 0;
  readonly #places = new Map<string, Place>();
  /** Counted from the first topic on. */
  #bytes: UnreadBytes | undefined;

  constructor(id: string, admission: Pick<Admission, "actor"> & Held) {
    this.id = id;
    this.held = new HeldCredential(admission.actor, admission);
  }

  /** Whether the reader is so far behind that it must go: what was withheld counts like what was sent. */
  get hopeless(): boolean {
    return unreadVerdict(this.#sent + this.#withheldCount, this.#acked) === "close" || this.#bytes?.verdict === "close";
  }

  get #keepsUp(): boolean {
    return unreadVerdict(this.#sent, this.#acked) === "send" && (this.#bytes?.verdict ?? "send") === "send";
  }

  /** Number of the last frame. */
  get sent(): number {
    return this.#sent;
  }

  /** Bytes sent and not acknowledged: counted from the first topic on. */
  get unreadBytes(): number {
    return this.#bytes?.unread ?? 0;
  }

  takeShed(): number {
    const shed = this.#shed;
    this.#shed = 0;
    return shed;
  }

  /** How long a probe was under way, once it was acknowledged; given out once. */
  takeProbe(now: number): number | undefined {
    if (!this.probe || this.#acked < this.probe.n) return undefined;
    const { at } = this.probe;
    this.probe = undefined;
    return Math.max(0, now - at);
  }

  reply(reply: Reply): string {
    return this.#number((n) => JSON.stringify({ v: 1, n, ...reply }));
  }

  /**
   * The frames with these publications; none when they are withheld.
   * @param events `encodeEvents` of the same publications, made once for all who get them
   * @returns undefined when one of a topic is missing before them, and nothing may follow
   */
  deliver(publications: readonly EncodedPublication[], events: string): readonly string[] | undefined {
    const passed: EncodedPublication[] = [];
    const leftOut = new Map<string, number>();
    const keepsUp = this.#keepsUp;
    for (const publication of publications) {
      const verdict = publication.chain ? this.#follow(publication, publication.chain, keepsUp) : keepsUp ? "pass" : "withhold";
      if (verdict === "gap") return undefined;
      if (verdict === "withhold") this.#withhold(publication);
      if (verdict !== "pass") continue;
      passed.push(publication);
      if (publication.chain) this.#own(publication.channel, leftOut);
    }
    const frames = Array.from(leftOut, ([channel, shed]) => this.reply({ type: "degraded", channel, shed }));
    if (passed.length === 0) return frames;
    const shared = passed.length === publications.length ? events : encodeEvents(passed);
    frames.push(this.#number((n) => batchText(n, shared, 0, [])));
    return frames;
  }

  /** From here on the socket is owed everything of the topic. */
  stand(channel: string, { epoch, offset }: Position): void {
    this.#places.set(channel, { epoch, offset, shed: 0 });
    this.#bytes ??= UnreadBytes.of({ sent: this.#sent, acked: this.#sent, bytes: 0, ackedBytes: 0, withheld: 0, marks: [] }, UNREAD);
  }

  /** Whether so much more may be sent before the reader has read any of it. */
  hasRoomFor(publications: readonly EncodedPublication[]): boolean {
    let bytes = this.#bytes?.unread ?? 0;
    for (const { json } of publications) bytes += utf8Bytes(json) + 1;
    return bytes + FRAME_BYTES <= UNREAD.hardBytes;
  }

  /** Where the socket stands in a topic. */
  placeOf(channel: string): Position | undefined {
    return this.#places.get(channel);
  }

  #follow(publication: EncodedPublication, chain: NonNullable<EncodedPublication["chain"]>, keepsUp: boolean): "pass" | "skip" | "gap" {
    const { channel, epoch, offset } = publication;
    const place = this.#places.get(channel);
    if (!place) return "skip"; // it has left
    if (place.epoch !== epoch || chain.after > place.offset) return "gap";
    if (offset <= place.offset) return "skip";
    const leftOut = offset - 1 - Math.max(chain.after, place.offset);
    const shedNow = chain.low && !keepsUp;
    this.#places.set(channel, { epoch, offset, shed: place.shed + leftOut + (shedNow ? 1 : 0) });
    return shedNow ? "skip" : "pass";
  }

  /** What was left out before a publication that goes out is told before its frame. */
  #own(channel: string, leftOut: Map<string, number>): void {
    const place = this.#places.get(channel);
    if (!place || place.shed === 0) return;
    leftOut.set(channel, (leftOut.get(channel) ?? 0) + place.shed);
    this.#shed += place.shed;
    this.#places.set(channel, { ...place, shed: 0 });
  }

  #number(encode: (n: number) => string): string {
    this.#sent += 1;
    this.#bytes?.next();
    const text = encode(this.#sent);
    this.#bytes?.went(utf8Bytes(text));
    return text;
  }

  /** The client has read everything up to this frame. */
  acknowledge(n: number): void {
    this.#acked = acknowledge(this.#sent, this.#acked, n);
    this.#bytes?.acknowledge(n);
  }

  /** What was left out, and the frame with everything withheld, once the reader has caught up. */
  release(): string[] {
    if (!this.#keepsUp) return [];
    const leftOut = new Map<string, number>();
    for (const channel of this.#places.keys()) this.#own(channel, leftOut);
    const frames = Array.from(leftOut, ([channel, shed]) => this.reply({ type: "degraded", channel, shed }));
    if (this.#withheldCount === 0) return frames;
    const publications = [...this.#withheld.values()];
    const gaps = [...this.#lost];
    const coalesced = this.#coalesced;
    this.#withheld.clear();
    this.#lost.clear();
    this.#coalesced = 0;
    this.#withheldCount = 0;
    if (publications.length + gaps.length + coalesced === 0) return frames; // it left the channels meanwhile
    return [...frames, this.#number((n) => batchText(n, encodeEvents(publications), coalesced, gaps))];
  }

  drop(channel: string): void {
    this.channels.delete(channel);
    this.#places.delete(channel);
    this.forget(channel);
  }

  /** What was withheld of a channel is of no use any more: a new subscription starts after it. */
  forget(channel: string): void {
    this.#withheld.delete(channel);
    this.#lost.delete(channel);
  }

  #withhold(publication: EncodedPublication): void {
    const { channel } = publication;
    if (this.#withheld.delete(channel) || this.#lost.delete(channel)) this.#coalesced += 1;
    this.#withheld.set(channel, publication);
    this.#withheldCount += 1;
  }

  encode(): string {
    const channels = [...this.channels.keys()];
    const attachment: z.infer<typeof attachmentSchema> = {
      v: 1,
      id: this.id,
      ...this.held.kept(),
      sent: this.#sent,
      acked: this.#acked,
      channels,
      joining: channels.flatMap((channel, index) => {
        const waiting = this.channels.get(channel);
        return waiting ? [[index, waiting.id] as [number, string]] : [];
      }),
      withheld: channels.flatMap((channel, index) => (this.#withheld.has(channel) || this.#lost.has(channel) ? [index] : [])),
      coalesced: this.#coalesced,
      withheldCount: this.#withheldCount,
      ...(this.#places.size === 0 ? {} : { places: channels.flatMap((channel, index) => this.#placeAt(channel, index)) }),
      ...(this.#bytes === undefined ? {} : { bytes: this.#bytes.kept() }),
      ...(this.reportedAt === 0 ? {} : { reportedAt: this.reportedAt }),
    };
    return asciiJson(attachment);
  }

  #placeAt(channel: string, index: number): [number, string, number, number][] {
    const place = this.#places.get(channel);
    return place ? [[index, place.epoch, place.offset, place.shed]] : [];
  }

  /** The session after a sleep; undefined when the text is no attachment that this release can read. */
  static decode(text: string): Session | undefined {
    const kept = readAttachment(attachmentSchema, text);
    if (!kept) return undefined;
    const session = new Session(kept.id, { ...kept, credentialExpiresAt: kept.expiresAt });
    for (const channel of kept.channels) session.channels.set(channel, null);
    for (const [index, id] of kept.joining) session.channels.set(kept.channels[index] ?? "", { id, from: undefined });
    for (const index of kept.withheld) session.#lost.add(kept.channels[index] ?? "");
    for (const [index, epoch, offset, shed] of kept.places ?? []) session.#places.set(kept.channels[index] ?? "", { epoch, offset, shed });
    if (kept.bytes) session.#bytes = UnreadBytes.of(kept.bytes, UNREAD);
    session.#sent = kept.sent;
    session.reported = kept.sent;
    session.reportedAt = kept.reportedAt ?? 0;
    session.#acked = kept.acked;
    session.#coalesced = kept.coalesced;
    session.#withheldCount = kept.withheldCount;
    return session;
  }
}
