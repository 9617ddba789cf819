import * as z from "zod";
import type { GcraVerdict } from "../../../contract/gcra.ts";
import { ACTION_NAMES } from "../../../contract/permissions.ts";
import type { Admission } from "../../../contract/rpc/hub.ts";
import { asciiJson, readAttachment } from "../attachment.ts";
import { batchText, type Reply } from "../frames.ts";
import { HeldCredential } from "../held-credential.ts";
import { Unread, unreadSchema } from "./live-unread.ts";

/** A publication as every socket gets it but for its position: its data is encoded once. */
export interface BoardPush {
  readonly channel: string;
  readonly type: `leaderboard.${"top" | "rank" | "feed" | "window" | "correction" | "stats"}`;
  /** Epoch milliseconds. */
  readonly at: number;
  /** JSON. */
  readonly data: string;
  /** Of `rank/…`: what is known to the client once it has got it. */
  readonly rank?: number | null;
}

/** A channel that a socket follows. */
export interface Following {
  /** Publications sent of it on this socket. */
  offset: number;
  /** Of `rank/…`: the rank last sent, null when that was none. */
  rank?: number | null;
  /** Something of it was withheld from a slow reader. */
  withheld: boolean;
}

/** What is kept of a socket while its board sleeps. Read by the previous release too: only ever add optional fields. */
const attachmentSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  actor: z.string(),
  credential: z.string(),
  groups: z.array(z.string()).optional(),
  actions: z.array(z.enum(ACTION_NAMES)),
  expiresAt: z.number().nullable(),
  checkedAt: z.number().optional(),
  /** The subject's own player id; null for others. */
  player: z.string().nullable(),
  unread: unreadSchema,
  coalesced: z.number(),
  /** Channel, offset, whether something is withheld, and of `rank/…` the rank last sent. */
  channels: z.array(z.tuple([z.string(), z.number(), z.boolean()], z.number().nullable())),
});

/**
 * One socket of a board. Its channels' offsets count what this socket was sent, in an epoch of its own, and so have no holes: what a slow
 * reader did not get is sent in a newer form, or named in `gaps`.
 */
export class BoardSession {
  readonly id: string;
  readonly held: HeldCredential;
  readonly player: string | null;
  readonly channels = new Map<string, Following>();
  /** The bucket of the frame rate. A sleep forgives: it is longer than the burst. */
  frameTat: number | undefined;
  #unread = new Unread();
  #coalesced = 0;

  constructor(id: string, held: HeldCredential, player: string | null) {
    this.id = id;
    this.held = held;
    this.player = player;
  }

  static admitted(id: string, admission: Admission): BoardSession {
    return new BoardSession(id, new HeldCredential(admission.actor, admission), admission.player ?? null);
  }

  get keepsUp(): boolean {
    return this.#unread.verdict === "send";
  }

  get hopeless(): boolean {
    return this.#unread.verdict === "close";
  }

  /** Takes the verdict on one frame. @returns whether it was within the rate */
  spend(verdict: GcraVerdict): boolean {
    this.frameTat = verdict.tat;
    return verdict.allowed;
  }

  reply(reply: Reply): string {
    const text = JSON.stringify({ v: 1, n: this.#unread.next(), ...reply });
    this.#unread.went(text);
    return text;
  }

  /** One frame with these publications, or undefined when they are withheld. */
  deliver(pushes: readonly BoardPush[], gaps: readonly string[] = []): string | undefined {
    const followed = pushes.filter(({ channel }) => this.channels.has(channel));
    if (!this.keepsUp) {
      for (const push of followed) this.#withhold(push);
      return undefined;
    }
    const coalesced = gaps.length > 0 || followed.length > 0 ? this.#coalesced : 0;
    if (followed.length === 0 && gaps.length === 0) return undefined;
    this.#coalesced = 0;
    const events = followed.map((push) => this.#envelope(push)).join(",");
    const text = batchText(this.#unread.next(), `"events":[${events}]`, coalesced, gaps);
    this.#unread.went(text);
    return text;
  }

  /** The client has read everything up to this frame. @returns channels of which something was withheld, once it has caught up */
  acknowledge(n: number): string[] {
    this.#unread.acknowledge(n);
    if (!this.keepsUp) return [];
    const released: string[] = [];
    for (const [channel, following] of this.channels) {
      if (following.withheld) released.push(channel);
      following.withheld = false;
    }
    return released;
  }

  #withhold(push: BoardPush): void {
    const following = this.channels.get(push.channel);
    if (following) following.withheld = true;
    this.#coalesced += 1;
    this.#unread.withhold(push.data);
  }

  #envelope({ channel, type, at, data, rank }: BoardPush): string {
    const following = this.channels.get(channel);
    const offset = following ? ++following.offset : 0;
    if (following && rank !== undefined) following.rank = rank;
    return `{"v":1,"type":"${type}","id":"${this.id}:${offset}","at":${at},"channel":${JSON.stringify(channel)},"epoch":"${this.id}","offset":${offset},"data":${data}}`;
  }

  encode(): string {
    const attachment: z.infer<typeof attachmentSchema> = {
      v: 1,
      id: this.id,
      ...this.held.kept(),
      player: this.player,
      unread: this.#unread.kept(),
      coalesced: this.#coalesced,
      channels: Array.from(this.channels, ([channel, { offset, withheld, rank }]) =>
        rank === undefined ? [channel, offset, withheld] : [channel, offset, withheld, rank],
      ),
    };
    return asciiJson(attachment);
  }

  /** The session after a sleep; undefined when the text is no attachment that this release can read. */
  static decode(text: string): BoardSession | undefined {
    const kept = readAttachment(attachmentSchema, text);
    if (!kept) return undefined;
    const session = new BoardSession(
      kept.id,
      new HeldCredential(kept.actor, { ...kept, credentialExpiresAt: kept.expiresAt }),
      kept.player,
    );
    for (const [channel, offset, withheld, rank] of kept.channels) {
      session.channels.set(channel, { offset, withheld, ...(rank === undefined ? {} : { rank }) });
    }
    session.#unread = Unread.of(kept.unread);
    session.#coalesced = kept.coalesced;
    return session;
  }
}
