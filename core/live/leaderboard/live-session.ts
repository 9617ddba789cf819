import * as z from "zod";
import { BOARD_SOCKET } from "../../../contract/leaderboard-live.ts";
import { ACTION_NAMES } from "../../../contract/permissions.ts";
import type { Admission } from "../../../contract/rpc/hub.ts";
import { asciiJson, readAttachment } from "../attachment.ts";
import { FrameMeter } from "../frame-meter.ts";
import { batchText, type Reply } from "../frames.ts";
import { HeldCredential } from "../held-credential.ts";
import type { LiveSession } from "../socket-machine.ts";
import { UnreadBytes, unreadSchema, utf8Bytes } from "../unread-bytes.ts";

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

/** When pushes are withheld, and when a reader goes. */
export const BOARD_UNREAD = { softBytes: BOARD_SOCKET.unackedBytes, hardBytes: BOARD_SOCKET.unackedHardBytes } as const;

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
export class BoardSession implements LiveSession {
  readonly id: string;
  readonly held: HeldCredential;
  readonly player: string | null;
  readonly channels = new Map<string, Following>();
  readonly meter = new FrameMeter();
  #unread = new UnreadBytes(BOARD_UNREAD);
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

  reply(reply: Reply): string {
    const text = JSON.stringify({ v: 1, n: this.#unread.next(), ...reply });
    this.#unread.went(utf8Bytes(text));
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
    this.#unread.went(utf8Bytes(text));
    return text;
  }

  acknowledge(n: number): void {
    this.#unread.acknowledge(n);
  }

  /** Channels of which something was withheld, once the reader has caught up. */
  release(): string[] {
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
    this.#unread.withhold(utf8Bytes(push.data));
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
    session.#unread = UnreadBytes.of(kept.unread, BOARD_UNREAD);
    session.#coalesced = kept.coalesced;
    return session;
  }
}
