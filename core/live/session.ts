import * as z from "zod";
import { ACTION_NAMES } from "../../contract/permissions.ts";
import type { Admission } from "../../contract/rpc/hub.ts";
import { acknowledge, unreadVerdict } from "../kit/unread.ts";
import { asciiJson, readAttachment } from "./attachment.ts";
import { batchText, encodeEvents, type EncodedPublication, type Position, type Reply } from "./frames.ts";
import { FrameMeter } from "./frame-meter.ts";
import { type Held, HeldCredential } from "./held-credential.ts";
import type { LiveSession } from "./socket-machine.ts";

/** A subscription that waits for its publisher's answer. */
export interface Joining {
  readonly id: string;
  /** Where the client says it left off. */
  readonly from: Position | undefined;
}

/** What is kept of a socket while its hub sleeps. Read by the previous release too: only ever add optional fields. */
const attachmentSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  actor: z.string(),
  credential: z.string(),
  groups: z.array(z.string()).optional(),
  actions: z.array(z.enum(ACTION_NAMES)),
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
});

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
  #sent = 0;
  #acked = 0;
  /** Newest withheld publication by channel, the latest last. */
  readonly #withheld = new Map<string, EncodedPublication>();
  /** Channels whose withheld publication was lost in a sleep. */
  readonly #lost = new Set<string>();
  #coalesced = 0;
  #withheldCount = 0;

  constructor(id: string, admission: Pick<Admission, "actor"> & Held) {
    this.id = id;
    this.held = new HeldCredential(admission.actor, admission);
  }

  /** Whether the reader is so far behind that it must go: what was withheld counts like what was sent. */
  get hopeless(): boolean {
    return unreadVerdict(this.#sent + this.#withheldCount, this.#acked) === "close";
  }

  get #keepsUp(): boolean {
    return unreadVerdict(this.#sent, this.#acked) === "send";
  }

  reply(reply: Reply): string {
    this.#sent += 1;
    return JSON.stringify({ v: 1, n: this.#sent, ...reply });
  }

  /**
   * The frame with these publications, or undefined when they are withheld.
   * @param events `encodeEvents` of the same publications, made once for all who get them
   */
  deliver(publications: readonly EncodedPublication[], events: string): string | undefined {
    if (!this.#keepsUp) {
      for (const publication of publications) this.#withhold(publication);
      return undefined;
    }
    this.#sent += 1;
    return batchText(this.#sent, events, 0, []);
  }

  /** The client has read everything up to this frame. */
  acknowledge(n: number): void {
    this.#acked = acknowledge(this.#sent, this.#acked, n);
  }

  /** The frame with everything withheld, once the reader has caught up. */
  release(): string | undefined {
    if (this.#withheldCount === 0 || !this.#keepsUp) return undefined;
    const publications = [...this.#withheld.values()];
    const gaps = [...this.#lost];
    const coalesced = this.#coalesced;
    this.#withheld.clear();
    this.#lost.clear();
    this.#coalesced = 0;
    this.#withheldCount = 0;
    if (publications.length + gaps.length + coalesced === 0) return undefined; // it left the channels meanwhile
    this.#sent += 1;
    return batchText(this.#sent, encodeEvents(publications), coalesced, gaps);
  }

  drop(channel: string): void {
    this.channels.delete(channel);
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
    };
    return asciiJson(attachment);
  }

  /** The session after a sleep; undefined when the text is no attachment that this release can read. */
  static decode(text: string): Session | undefined {
    const kept = readAttachment(attachmentSchema, text);
    if (!kept) return undefined;
    const session = new Session(kept.id, { ...kept, credentialExpiresAt: kept.expiresAt });
    for (const channel of kept.channels) session.channels.set(channel, null);
    for (const [index, id] of kept.joining) session.channels.set(kept.channels[index] ?? "", { id, from: undefined });
    for (const index of kept.withheld) session.#lost.add(kept.channels[index] ?? "");
    session.#sent = kept.sent;
    session.#acked = kept.acked;
    session.#coalesced = kept.coalesced;
    session.#withheldCount = kept.withheldCount;
    return session;
  }
}
