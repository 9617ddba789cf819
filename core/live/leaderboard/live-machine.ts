import { gcra } from "../../../contract/gcra.ts";
import { BOARD_SOCKET, BOARD_TOPICS, parseBoardTopic } from "../../../contract/leaderboard-live.ts";
import { isPlayerId, LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { ClientFrame } from "../../../contract/live.ts";
import { LIVE_CLOSE, LIVE_LIMITS, type LiveCloseCode } from "../../../contract/live-codes.ts";
import type { Problem } from "../../../contract/problems.ts";
import type { Admission } from "../../../contract/rpc/hub.ts";
import { readFrame, type Reply } from "../frames.ts";
import { firstEnd } from "../held-credential.ts";
import type { BoardEffect } from "./live-effects.ts";
import { BoardPushes, type BoardTopicAt } from "./live-pushes.ts";
import { type BoardPush, BoardSession } from "./live-session.ts";
import type { LiveNews, LiveSource } from "./live-source.ts";

const FRAME_RATE = { perPeriod: BOARD_SOCKET.framesPerSecond, periodMs: 1_000, burst: BOARD_SOCKET.frameBurst };

/** A refused subscription: an error frame. */
interface Refusal {
  readonly code: string;
  readonly detail: string;
}

/**
 * The protocol of a board's sockets: commands in, effects out, in the order in which they are to happen. Holds no clock: `now` is epoch
 * milliseconds. Who follows what, and what they get when, is `live-pushes.ts`.
 */
export class BoardMachine {
  readonly #source: LiveSource;
  readonly #sessions = new Map<string, BoardSession>();
  readonly #pushes: BoardPushes;
  readonly #dirty = new Set<BoardSession>();
  #effects: BoardEffect[] = [];
  #expiresAt: number | null = null;
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
    return this.#sessions.size;
  }

  /** Whether anybody follows anything: if not, news need not be told. */
  get isFollowed(): boolean {
    return this.#pushes.isFollowed;
  }

  /** Why one more socket cannot come in, if so. */
  refusal(): Problem | undefined {
    if (this.#sessions.size < LEADERBOARD_LIMITS.sockets) return undefined;
    const detail = `A board has at most ${LEADERBOARD_LIMITS.sockets} live sockets: read its lists instead, and try again later.`;
    return { slug: "socket-limit", detail, retryAfterS: 30 };
  }

  /** Takes back the sockets that slept. @param expiresAt the deadline `expiry` as it was set before the sleep */
  restore(attachments: Iterable<string>, expiresAt: number | null): BoardEffect[] {
    this.#expiresAt = expiresAt;
    for (const attachment of attachments) {
      const session = BoardSession.decode(attachment);
      if (!session) continue;
      this.#sessions.set(session.id, session);
      for (const [channel, following] of session.channels) {
        const topic = parseBoardTopic(channel);
        if (topic) this.#pushes.follow(session, { ...topic, channel, player: topic.player ?? session.player ?? "" }, following);
      }
    }
    this.#watchExpiry();
    return this.#done();
  }

  join(id: string, admission: Admission, now: number): BoardEffect[] {
    const session = BoardSession.admitted(id, admission);
    this.#sessions.set(id, session);
    this.#reply(session, {
      type: "welcome",
      connectionId: id,
      serverTime: now,
      ackEveryFrames: LIVE_LIMITS.ackEveryFrames,
      ackEveryMs: LIVE_LIMITS.ackEveryMs,
      ...expiryOf(session),
    });
    this.#watchExpiry();
    return this.#done();
  }

  /** A socket is gone, whoever closed it. */
  leave(id: string): BoardEffect[] {
    const session = this.#sessions.get(id);
    if (session) this.#forget(session);
    return this.#done();
  }

  /** A client's message. */
  receive(id: string, message: string | ArrayBuffer, now: number): BoardEffect[] {
    const session = this.#sessions.get(id);
    if (!session) return [];
    if (session.held.hasExpired(now)) this.#close(session, LIVE_CLOSE.unauthorized, "the credential has ended");
    else if (!session.spend(gcra(FRAME_RATE, session.frameTat, now)))
      this.#close(session, LIVE_CLOSE.rate, `at most ${FRAME_RATE.perPeriod} frames a second`);
    else {
      const reading = readFrame(message, BOARD_SOCKET.frameBytes);
      if (reading.ok) this.#handle(session, reading.frame, now);
      else this.#close(session, reading.code, reading.reason);
    }
    this.#schedule(now);
    return this.#done();
  }

  /** Something happened on the board, and is committed. */
  tell(news: LiveNews, now: number): BoardEffect[] {
    this.#deliver(this.#pushes.tell(news, now), now);
    this.#schedule(now);
    return this.#done();
  }

  /** The time of `wake` has come. */
  pump(now: number): BoardEffect[] {
    // A timer that rang says that its time has come, also where the clock was set back meanwhile.
    const at = Math.max(now, this.#wakeAt ?? now);
    this.#wakeAt = null;
    this.#deliver(this.#pushes.pump(at), now);
    this.#schedule(at);
    return this.#done();
  }

  /** The deadline `expiry` has passed. */
  expire(now: number): BoardEffect[] {
    this.#expiresAt = null;
    for (const session of this.#sessions.values()) {
      if (session.held.hasExpired(now)) this.#close(session, LIVE_CLOSE.unauthorized, "the credential has ended");
    }
    this.#watchExpiry();
    return this.#done();
  }

  /** Closes the sockets of these credentials, actors or groups. @param at of `HeldCredential.isEndedBy` */
  closeCredentials(credentials: readonly string[], at?: number): { effects: BoardEffect[]; closed: number } {
    const ended = new Set(credentials);
    const hit = [...this.#sessions.values()].filter(({ held }) => held.isEndedBy(ended, at));
    for (const session of hit) this.#close(session, LIVE_CLOSE.unauthorized, "the credential was revoked");
    return { effects: this.#done(), closed: hit.length };
  }

  /** The board is being removed. */
  gone(): BoardEffect[] {
    for (const session of this.#sessions.values()) this.#close(session, LIVE_CLOSE.gone, "the board was removed");
    return this.#done();
  }

  /** The answer to `verify`: the new credential, or null when the token is worth nothing. */
  refreshed(id: string, admission: Admission | null): BoardEffect[] {
    const session = this.#sessions.get(id);
    if (!session) return [];
    if (!admission) this.#fail(session, undefined, "unauthorized", "This token is not valid; the present credential stays.");
    else if (admission.actor !== session.held.actor)
      this.#fail(session, undefined, "forbidden", "Another's token cannot take over this socket.");
    else {
      session.held.replace(admission);
      this.#reply(session, { type: "refreshed", ...expiryOf(session) });
      for (const channel of session.channels.keys()) {
        const topic = parseBoardTopic(channel);
        if (topic && session.held.actions.includes(BOARD_TOPICS[topic.kind])) continue;
        this.#drop(session, channel);
        this.#fail(session, undefined, "forbidden", `This credential may no longer follow ${channel}.`);
      }
      this.#watchExpiry();
    }
    return this.#done();
  }

  #handle(session: BoardSession, frame: ClientFrame, now: number): void {
    switch (frame.type) {
      case "auth":
        return this.#fail(session, undefined, "already-authenticated", "This socket has a credential; `refresh` replaces it.");
      case "refresh":
        this.#effects.push({ type: "verify", socket: session.id, token: frame.token });
        return;
      case "subscribe":
        return this.#subscribe(session, frame.channel, frame.id, now);
      case "unsubscribe":
        this.#drop(session, frame.channel);
        return this.#reply(session, { type: "unsubscribed", id: frame.id, channel: frame.channel });
      case "ack": {
        const released = session.acknowledge(frame.n);
        this.#dirty.add(session);
        if (released.length > 0) this.#send(session, ...this.#pushes.release(session, released, now));
        return;
      }
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
    this.#reply(session, { type: "subscribed", id, channel, epoch: session.id, offset: following.offset, recovered: false });
    if (this.#sessions.has(session.id)) this.#send(session, this.#pushes.begin(session, topic, now), []);
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
      if (session.held.hasExpired(now)) this.#close(session, LIVE_CLOSE.unauthorized, "the credential has ended");
      else this.#send(session, of, []);
    }
  }

  #send(session: BoardSession, pushes: readonly BoardPush[], gaps: readonly string[]): void {
    if (pushes.length + gaps.length === 0) return;
    const text = session.deliver(pushes, gaps);
    this.#dirty.add(session);
    if (text !== undefined) this.#effects.push({ type: "send", socket: session.id, text });
    else if (session.hopeless) this.#close(session, LIVE_CLOSE.slow, "reads too slowly");
  }

  #reply(session: BoardSession, reply: Reply): void {
    this.#dirty.add(session);
    this.#effects.push({ type: "send", socket: session.id, text: session.reply(reply) });
    if (session.hopeless) this.#close(session, LIVE_CLOSE.slow, "reads too slowly");
  }

  #fail(session: BoardSession, id: string | undefined, code: string, detail: string): void {
    this.#reply(session, { type: "error", code, detail, ...(id === undefined ? {} : { id }) });
  }

  #close(session: BoardSession, code: LiveCloseCode, reason: string): void {
    if (!this.#sessions.has(session.id)) return;
    this.#effects.push({ type: "send", socket: session.id, text: session.reply({ type: "goodbye", code, reason }) });
    this.#effects.push({ type: "close", socket: session.id, code, reason });
    this.#forget(session);
  }

  #forget(session: BoardSession): void {
    for (const channel of session.channels.keys()) this.#drop(session, channel);
    this.#sessions.delete(session.id);
    this.#dirty.delete(session);
    if (this.#sessions.size === 0) this.#setExpiry(null);
  }

  #drop(session: BoardSession, channel: string): void {
    this.#pushes.unfollow(session, channel);
    session.channels.delete(channel);
    this.#dirty.add(session);
  }

  #watchExpiry(): void {
    this.#setExpiry(firstEnd(this.#sessions.values()));
  }

  #setExpiry(at: number | null): void {
    if (this.#expiresAt === at) return;
    this.#expiresAt = at;
    this.#effects.push({ type: "expiry", at });
  }

  /** Asks to be called for what is dirty. With nothing dirty, or nobody who follows it, nothing is armed. */
  #schedule(now: number): void {
    const dueAt = this.#pushes.dueAt();
    if (dueAt === undefined) return;
    // A clock that was set back must not hold anything up for longer than a tick.
    const at = Math.min(Math.max(dueAt, now), now + LEADERBOARD_LIMITS.rankEveryMs);
    if (this.#wakeAt !== null && this.#wakeAt <= at) return;
    this.#wakeAt = at;
    this.#effects.push({ type: "wake", inMs: at - now });
  }

  /** What is saved is saved before anything is sent: a number that a client saw is never used again. */
  #done(): BoardEffect[] {
    const saves: BoardEffect[] = [];
    for (const session of this.#dirty) {
      if (this.#sessions.has(session.id)) saves.push({ type: "save", socket: session.id, attachment: session.encode() });
    }
    this.#dirty.clear();
    const effects = saves.concat(this.#effects);
    this.#effects = [];
    return effects;
  }
}

function expiryOf({ held }: BoardSession): { credentialExpiresAt?: number } {
  return held.expiresAt === null ? {} : { credentialExpiresAt: held.expiresAt };
}
