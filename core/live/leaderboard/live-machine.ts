import { BOARD_SOCKET, BOARD_TOPICS, parseBoardTopic } from "../../../contract/leaderboard-live.ts";
import { isPlayerId, LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { clientFrameSchema } from "../../../contract/live.ts";
import { LIVE_CLOSE, LIVE_LIMITS } from "../../../contract/live-codes.ts";
import type { Problem } from "../../../contract/problems.ts";
import type { Admission } from "../../../contract/rpc/hub.ts";
import { type FollowFrame, SocketMachine } from "../socket-machine.ts";
import type { BoardEffect } from "./live-effects.ts";
import { BoardPushes, type BoardTopicAt } from "./live-pushes.ts";
import { type BoardPush, BoardSession } from "./live-session.ts";
import type { LiveNews, LiveSource } from "./live-source.ts";

const LIMITS = {
  sockets: LEADERBOARD_LIMITS.sockets,
  frameBytes: BOARD_SOCKET.frameBytes,
  framesPerSecond: BOARD_SOCKET.framesPerSecond,
  frameBurst: BOARD_SOCKET.frameBurst,
  malformedPerMinute: 1,
} as const;
const FULL: Problem = {
  slug: "socket-limit",
  detail: `A board has at most ${LEADERBOARD_LIMITS.sockets} live sockets: read its lists instead, and try again later.`,
  retryAfterS: 30,
};

/** A refused subscription: an error frame. */
interface Refusal {
  readonly code: string;
  readonly detail: string;
}

/**
 * The protocol of a board's sockets: commands in, effects out, in the order in which they are to happen. What it shares with other
 * native sockets is `../socket-machine.ts`; who follows what, and what they get when, is `live-pushes.ts`.
 */
export class BoardMachine {
  readonly #source: LiveSource;
  readonly #pushes: BoardPushes;
  readonly #sockets = new SocketMachine<BoardSession, FollowFrame, Extract<BoardEffect, { type: "wake" }>>({
    limits: LIMITS,
    full: FULL,
    frames: clientFrameSchema,
    admitted: (id, admission) => BoardSession.admitted(id, admission),
    decode: (attachment) => BoardSession.decode(attachment),
    handle: (session, frame, now) => this.#handle(session, frame, now),
    acknowledged: (session, now) => this.#acknowledged(session, now),
    replaced: (session) => this.#replaced(session),
    left: (session) => {
      for (const channel of session.channels.keys()) this.#drop(session, channel);
    },
  });
  /** For when the shell was asked to call `pump`; null: not at all. */
  #wakeAt: number | null = null;

  constructor(source: LiveSource) {
    this.#source = source;
    this.#pushes = new BoardPushes(source);
  }

  /** The connection an attachment belongs to; undefined when this release cannot read it. */
  static idOf(attachment: string): string | undefined {
    return BoardSession.decode(attachment)?.id;
  }

  get sockets(): number {
    return this.#sockets.size;
  }

  /** Whether anybody follows anything: if not, news need not be told. */
  get isFollowed(): boolean {
    return this.#pushes.isFollowed;
  }

  /** Why one more socket cannot come in, if so. */
  refusal(): Problem | undefined {
    return this.#sockets.refusal();
  }

  /** Takes back the sockets that slept. @param expiresAt the deadline `expiry` as it was set before the sleep */
  restore(attachments: Iterable<string>, expiresAt: number | null): BoardEffect[] {
    for (const session of this.#sockets.restore(attachments, expiresAt)) {
      for (const [channel, following] of session.channels) {
        const topic = parseBoardTopic(channel);
        if (topic) this.#pushes.follow(session, { ...topic, channel, player: topic.player ?? session.player ?? "" }, following);
      }
    }
    return this.#sockets.done();
  }

  join(id: string, admission: Admission, now: number): BoardEffect[] {
    this.#sockets.join(id, admission, now);
    return this.#sockets.done();
  }

  /** A socket is gone, whoever closed it. */
  leave(id: string): BoardEffect[] {
    this.#sockets.leave(id);
    return this.#sockets.done();
  }

  /** A client's message. */
  receive(id: string, message: string | ArrayBuffer, now: number): BoardEffect[] {
    this.#sockets.receive(id, message, now);
    this.#schedule(now);
    return this.#sockets.done();
  }

  /** Something happened on the board, and is committed. */
  tell(news: LiveNews, now: number): BoardEffect[] {
    this.#deliver(this.#pushes.tell(news, now), now);
    this.#schedule(now);
    return this.#sockets.done();
  }

  /** The time of `wake` has come. */
  pump(now: number): BoardEffect[] {
    // A timer that rang says that its time has come, also where the clock was set back meanwhile.
    const at = Math.max(now, this.#wakeAt ?? now);
    this.#wakeAt = null;
    this.#deliver(this.#pushes.pump(at), now);
    this.#schedule(at);
    return this.#sockets.done();
  }

  /** The deadline `expiry` has passed. */
  expire(now: number): BoardEffect[] {
    this.#sockets.expire(now);
    return this.#sockets.done();
  }

  /** Closes the sockets of these credentials, actors or groups. @param at of `HeldCredential.isEndedBy` */
  closeCredentials(credentials: readonly string[], at?: number): { effects: BoardEffect[]; closed: number } {
    const closed = this.#sockets.closeCredentials(credentials, at);
    return { effects: this.#sockets.done(), closed };
  }

  /** The board is being removed. */
  gone(): BoardEffect[] {
    this.#sockets.closeAll(LIVE_CLOSE.gone, "the board was removed");
    return this.#sockets.done();
  }

  /** The answer to `verify`: the new credential, or null when the token is worth nothing. */
  refreshed(id: string, admission: Admission | null): BoardEffect[] {
    this.#sockets.refreshed(id, admission);
    return this.#sockets.done();
  }

  #handle(session: BoardSession, frame: FollowFrame, now: number): void {
    switch (frame.type) {
      case "subscribe":
        return this.#subscribe(session, frame.channel, frame.id, now);
      case "unsubscribe":
        this.#drop(session, frame.channel);
        return this.#sockets.reply(session, { type: "unsubscribed", id: frame.id, channel: frame.channel });
    }
  }

  #acknowledged(session: BoardSession, now: number): void {
    const released = session.release();
    if (released.length > 0) this.#send(session, ...this.#pushes.release(session, released, now));
  }

  #replaced(session: BoardSession): void {
    for (const channel of session.channels.keys()) {
      const topic = parseBoardTopic(channel);
      if (topic && session.held.actions.includes(BOARD_TOPICS[topic.kind])) continue;
      this.#drop(session, channel);
      this.#fail(session, undefined, "forbidden", `This credential may no longer follow ${channel}.`);
    }
  }

  #subscribe(session: BoardSession, channel: string, id: string, now: number): void {
    const topic = this.#readTopic(session, channel);
    if ("code" in topic) return this.#fail(session, id, topic.code, topic.detail);
    const known = session.channels.get(channel);
    if (!known && session.channels.size >= LEADERBOARD_LIMITS.topics)
      return this.#fail(session, id, "limit-reached", `A socket follows at most ${LEADERBOARD_LIMITS.topics} channels.`);
    const following = known ?? { offset: 0, withheld: false };
    session.channels.set(channel, following);
    if (!known && session.encode().length > LIVE_LIMITS.attachmentBytes) {
      session.channels.delete(channel);
      return this.#fail(session, id, "limit-reached", "The names of this socket's channels are too long together.");
    }
    // What begins again gets its first publication again.
    if (known) this.#pushes.unfollow(session, channel);
    following.withheld = false;
    this.#pushes.follow(session, topic, following);
    // Positions are of this socket alone, so nothing of an earlier one can be told to be whole.
    this.#sockets.reply(session, { type: "subscribed", id, channel, epoch: session.id, offset: following.offset, recovered: false });
    if (this.#sockets.has(session)) this.#send(session, this.#pushes.begin(session, topic, now), []);
  }

  /** What the channel is about, as far as this socket may follow it. */
  #readTopic(session: BoardSession, channel: string): BoardTopicAt | Refusal {
    const topic = parseBoardTopic(channel);
    if (!topic)
      return { code: "unknown-channel", detail: `No channel of a board is called that; known: ${Object.keys(BOARD_TOPICS).join(", ")}.` };
    const action = BOARD_TOPICS[topic.kind];
    if (!session.held.actions.includes(action)) return { code: "forbidden", detail: `This channel needs ${action} on this board.` };
    const { window, partition } = topic;
    if (window !== undefined && !this.#source.ranks({ window, partition }))
      return { code: "unknown-channel", detail: "The board does not rank in this window and partition." };
    if (topic.kind !== "rank") return { ...topic, channel, player: "" };
    const { player = session.player ?? undefined } = topic;
    if (player === undefined || !isPlayerId(player))
      return { code: "unknown-channel", detail: "Say whose rank: `rank/{window}/{player}`." };
    if (session.held.actor.startsWith("subject:") && player !== session.player)
      return { code: "forbidden", detail: "An end user follows their own rank only." };
    return { ...topic, channel, player };
  }

  /** Sends each session what is for it, in one frame. */
  #deliver(pushes: ReadonlyMap<BoardSession, readonly BoardPush[]>, now: number): void {
    for (const [session, of] of pushes) {
      if (!this.#sockets.closeEnded(session, now)) this.#send(session, of, []);
    }
  }

  #send(session: BoardSession, pushes: readonly BoardPush[], gaps: readonly string[]): void {
    if (pushes.length + gaps.length > 0) this.#sockets.pass(session, session.deliver(pushes, gaps));
  }

  #fail(session: BoardSession, id: string | undefined, code: string, detail: string): void {
    this.#sockets.fail(session, id, code, detail);
  }

  #drop(session: BoardSession, channel: string): void {
    this.#pushes.unfollow(session, channel);
    session.channels.delete(channel);
    this.#sockets.touch(session);
  }

  /** Asks to be called for what is dirty. With nothing dirty, or nobody who follows it, nothing is armed. */
  #schedule(now: number): void {
    const dueAt = this.#pushes.dueAt();
    if (dueAt === undefined) return;
    // A clock that was set back must not hold anything up for longer than a tick.
    const at = Math.min(Math.max(dueAt, now), now + LEADERBOARD_LIMITS.rankEveryMs);
    if (this.#wakeAt !== null && this.#wakeAt <= at) return;
    this.#wakeAt = at;
    this.#sockets.push({ type: "wake", inMs: at - now });
  }
}
