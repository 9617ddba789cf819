import type * as z from "zod";
import type { AuthData, ClientFrame } from "../../contract/live.ts";
import { LIVE_CLOSE, LIVE_LIMITS, type LiveCloseCode } from "../../contract/live-codes.ts";
import type { Problem } from "../../contract/problems.ts";
import type { Rate } from "../../contract/gcra.ts";
import type { Admission } from "../../contract/rpc/hub.ts";
import type { SocketEffect } from "./effects.ts";
import type { FrameMeter } from "./frame-meter.ts";
import { type Malformed, readFrame, type Reply } from "./frames.ts";
import { firstEnd, type HeldCredential } from "./held-credential.ts";

/** What a machine knows of one socket. What it leaves for a sleep, and how it counts what is unread, is its own. */
export interface LiveSession {
  /** The connection. */
  readonly id: string;
  readonly held: HeldCredential;
  readonly meter: FrameMeter;
  /** Whether the reader is so far behind that it must go. */
  readonly hopeless: boolean;
  /** Numbers a frame, counts it as sent, and encodes it. */
  reply(reply: Reply): string;
  /** The client has read everything up to this frame. */
  acknowledge(n: number): void;
  /** What the socket leaves for the time after a sleep. */
  encode(): string;
}

export interface SocketLimits {
  readonly sockets: number;
  /** One frame of a client; a larger one closes with 4413. */
  readonly frameBytes: number;
  /** Frames of a client over time, and at once; one more closes with 4429. */
  readonly framesPerSecond: number;
  readonly frameBurst: number;
  /** So many malformed frames within a minute close with 4400, each before them is answered with `error`. 1: the first one closes. */
  readonly malformedPerMinute: number;
}

/** Frames that every native socket takes, and that are the same everywhere. */
export type CommonFrame = Extract<ClientFrame, { readonly type: "auth" | "refresh" | "ack" | "options" }>;
/** Of `clientFrameSchema`, what each machine understands in its own way. */
export type FollowFrame = Exclude<ClientFrame, CommonFrame>;

/** What a machine adds to the sockets that it has. `F` are its own frames, beside the common ones. */
export interface SocketProtocol<S extends LiveSession, F extends { readonly type: string }> {
  readonly limits: SocketLimits;
  /** What one socket too many is told. */
  readonly full: Problem;
  /** Every frame that a client may send here: `clientFrameSchema`, or a union of its members and others. */
  readonly frames: z.ZodType<CommonFrame | F>;
  admitted(id: string, admission: Admission): S;
  /** The session of an attachment; undefined when this release cannot read it. */
  decode(attachment: string): S | undefined;
  handle(session: S, frame: F, now: number): void;
  /** The client said what it has read: what was withheld may be sent. */
  acknowledged(session: S, now: number): void;
  /** The client asked for something; absent where there is nothing to ask for. */
  asked?(session: S, data: AuthData): void;
  /** The credential was replaced, and the client knows: it may not have any more what the new one does not allow. */
  replaced(session: S): void;
  /** The socket is no more: nothing may be sent to it. */
  left(session: S): void;
}

/**
 * What every machine of native sockets does alike: sessions by connection, credentials and their ends, reading frames at their rate and
 * size, numbered answers, goodbyes, and the order of effects. A machine has one, calls it, and gives out `done()` at the end of each of
 * its commands. Holds no clock: `now` is epoch milliseconds.
 * @typeParam E effects of the machine's own
 */
export class SocketMachine<S extends LiveSession, F extends { readonly type: string }, E extends { readonly type: string } = never> {
  readonly #protocol: SocketProtocol<S, F>;
  readonly #rate: Rate;
  readonly #sessions = new Map<string, S>();
  readonly #dirty = new Set<S>();
  /** To be saved with the next effects. */
  readonly #urgent = new Set<S>();
  #effects: (SocketEffect | E)[] = [];
  /** For when the shell was asked to call `expire`; null: not at all. */
  #expiresAt: number | null = null;

  constructor(protocol: SocketProtocol<S, F>) {
    this.#protocol = protocol;
    const { framesPerSecond, frameBurst } = protocol.limits;
    this.#rate = { perPeriod: framesPerSecond, periodMs: 1_000, burst: frameBurst };
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(id: string): S | undefined {
    return this.#sessions.get(id);
  }

  /** Whether the socket is still there: any answer may have been one too many for a slow reader. */
  has(session: S): boolean {
    return this.#sessions.get(session.id) === session;
  }

  all(): IterableIterator<S> {
    return this.#sessions.values();
  }

  /** Why one more socket cannot come in, if so. */
  refusal(): Problem | undefined {
    return this.#sessions.size < this.#protocol.limits.sockets ? undefined : this.#protocol.full;
  }

  /**
   * Takes back the sockets that slept.
   * @param expiresAt the deadline `expiry` as it was set before the sleep
   * @returns those that this release can read
   */
  restore(attachments: Iterable<string>, expiresAt: number | null): S[] {
    this.#expiresAt = expiresAt;
    const restored: S[] = [];
    for (const attachment of attachments) {
      const session = this.#protocol.decode(attachment);
      if (!session) continue;
      this.#sessions.set(session.id, session);
      restored.push(session);
    }
    this.#watchExpiry();
    return restored;
  }

  /** A socket came in, and is welcomed. */
  join(id: string, admission: Admission, now: number): S {
    const session = this.#protocol.admitted(id, admission);
    this.#sessions.set(id, session);
    this.reply(session, {
      type: "welcome",
      connectionId: id,
      serverTime: now,
      ackEveryFrames: LIVE_LIMITS.ackEveryFrames,
      ackEveryMs: LIVE_LIMITS.ackEveryMs,
      ...expiryOf(session),
    });
    const { expiresAt } = session.held;
    if (expiresAt !== null && (this.#expiresAt === null || expiresAt < this.#expiresAt)) this.#setExpiry(expiresAt);
    return session;
  }

  /** A socket is gone, whoever closed it. */
  leave(id: string): void {
    const session = this.#sessions.get(id);
    if (session) this.#forget(session);
  }

  /** A client's message. */
  receive(id: string, message: string | ArrayBuffer, now: number): void {
    const session = this.#sessions.get(id);
    if (!session || this.closeEnded(session, now)) return;
    const { limits, frames } = this.#protocol;
    if (!session.meter.spend(this.#rate, now))
      return this.close(session, LIVE_CLOSE.rate, `at most ${limits.framesPerSecond} frames a second`);
    const reading = readFrame(message, frames, limits.frameBytes);
    if (reading.ok) this.#take(session, reading.frame, now);
    else this.#refuse(session, reading, now);
  }

  /** The deadline `expiry` has passed. */
  expire(now: number): void {
    this.#expiresAt = null;
    for (const session of this.#sessions.values()) this.closeEnded(session, now);
    this.#watchExpiry();
  }

  /** Closes the sockets of these credentials, actors or groups. @param at of `HeldCredential.isEndedBy` @returns how many */
  closeCredentials(credentials: readonly string[], at: number | undefined): number {
    const ended = new Set(credentials);
    const hit = [...this.#sessions.values()].filter(({ held }) => held.isEndedBy(ended, at));
    for (const session of hit) this.close(session, LIVE_CLOSE.unauthorized, "the credential was revoked");
    return hit.length;
  }

  closeAll(code: LiveCloseCode, reason: string): void {
    for (const session of this.#sessions.values()) this.close(session, code, reason);
  }

  /** The answer to `verify`: the new credential, or null when the token is worth nothing. */
  refreshed(id: string, admission: Admission | null): void {
    const session = this.#sessions.get(id);
    if (!session) return;
    if (!admission) return this.fail(session, undefined, "unauthorized", "This token is not valid; the present credential stays.");
    if (admission.actor !== session.held.actor)
      return this.fail(session, undefined, "forbidden", "Another's token cannot take over this socket.");
    session.held.replace(admission);
    this.reply(session, { type: "refreshed", ...expiryOf(session) });
    this.#protocol.replaced(session);
    this.#watchExpiry();
  }

  /** Closes a socket whose credential has ended: before anything more is heard from it or sent to it. @returns whether it had */
  closeEnded(session: S, now: number): boolean {
    const ended = session.held.hasExpired(now);
    if (ended) this.close(session, LIVE_CLOSE.unauthorized, "the credential has ended");
    return ended;
  }

  /** Answers, also a slow reader: that it asks instead of reading does not save it. */
  reply(session: S, reply: Reply): void {
    this.pass(session, session.reply(reply));
    if (session.hopeless) this.#closeSlow(session);
  }

  /** @param id of the frame that is refused, where it has one */
  fail(session: S, id: string | undefined, code: string, detail: string): void {
    this.reply(session, { type: "error", code, detail, ...(id === undefined ? {} : { id }) });
  }

  /** Sends what the session made of a delivery; undefined: it withheld it, and may now be too far behind. */
  pass(session: S, text: string | undefined): void {
    if (!this.has(session)) return;
    this.touch(session);
    if (text !== undefined) this.#effects.push({ type: "send", socket: session.id, text });
    else if (session.hopeless) this.#closeSlow(session);
  }

  /** Says goodbye. A socket that is closed already stays so. */
  close(session: S, code: LiveCloseCode, reason: string): void {
    if (!this.has(session)) return;
    this.#effects.push({ type: "send", socket: session.id, text: session.reply({ type: "goodbye", code, reason }) });
    this.#effects.push({ type: "close", socket: session.id, code, reason });
    this.#forget(session);
  }

  /** What the socket leaves for a sleep has changed. */
  touch(session: S): void {
    this.#dirty.add(session);
  }

  /** An effect of the machine's own, after those that are there. */
  push(effect: E): void {
    this.#effects.push(effect);
  }

  /** What is to be done. What is saved is saved before anything is sent: a number that a client saw is never used again. */
  done(): (SocketEffect | E)[] {
    const saves = this.#savesOf(this.#dirty);
    return saves.concat(this.effects());
  }

  /**
   * What is to be done, without what is to be saved: for a machine that saves before its object may sleep and not each time. A client
   * then has to notice, by numbers and offsets, that its socket outlived a sudden end of the object.
   */
  effects(): (SocketEffect | E)[] {
    const effects = this.#savesOf(this.#urgent).concat(this.#effects);
    this.#effects = [];
    return effects;
  }

  /** Whether something has changed since it was saved last. */
  get unsaved(): boolean {
    return this.#dirty.size > 0;
  }

  /** What sockets leave for a sleep, of those where it has changed since the last time. */
  saves(): (SocketEffect | E)[] {
    return this.#savesOf(this.#dirty);
  }

  /** Saves one at once, also where the others wait: before anything of this command is sent. */
  save(session: S): void {
    this.#urgent.add(session);
  }

  #savesOf(sessions: Set<S>): (SocketEffect | E)[] {
    const saves: SocketEffect[] = [];
    for (const session of sessions) {
      this.#dirty.delete(session);
      if (this.has(session)) saves.push({ type: "save", socket: session.id, attachment: session.encode() });
    }
    sessions.clear();
    return saves;
  }

  #take(session: S, frame: CommonFrame | F, now: number): void {
    if (!isCommon(frame)) return this.#protocol.handle(session, frame, now);
    switch (frame.type) {
      case "auth":
        return this.fail(session, undefined, "already-authenticated", "This socket has a credential; `refresh` replaces it.");
      case "refresh":
        this.#effects.push({ type: "verify", socket: session.id, token: frame.token });
        return;
      case "ack":
        session.acknowledge(frame.n);
        this.touch(session);
        return this.#protocol.acknowledged(session, now);
      case "options":
        return this.#protocol.asked?.(session, frame.data);
    }
  }

  #refuse(session: S, { code, reason, id, ref, pointer }: Malformed, now: number): void {
    const borne = code === LIVE_CLOSE.frame && session.meter.bear(this.#protocol.limits.malformedPerMinute, now);
    if (!borne) return this.close(session, code, reason);
    const names = { ...(id === undefined ? {} : { id }), ...(ref === undefined ? {} : { ref }) };
    this.reply(session, { type: "error", code: "invalid-frame", detail: reason, pointer, ...names });
  }

  #closeSlow(session: S): void {
    this.close(session, LIVE_CLOSE.slow, "reads too slowly");
  }

  #forget(session: S): void {
    this.#protocol.left(session);
    this.#sessions.delete(session.id);
    this.#dirty.delete(session);
    if (this.#sessions.size === 0) this.#setExpiry(null);
  }

  #watchExpiry(): void {
    this.#setExpiry(firstEnd(this.#sessions.values()));
  }

  #setExpiry(at: number | null): void {
    if (this.#expiresAt === at) return;
    this.#expiresAt = at;
    this.#effects.push({ type: "expiry", at });
  }
}

function isCommon<F extends { readonly type: string }>(frame: CommonFrame | F): frame is CommonFrame {
  return frame.type === "auth" || frame.type === "refresh" || frame.type === "ack" || frame.type === "options";
}

function expiryOf({ held }: LiveSession): { credentialExpiresAt?: number } {
  return held.expiresAt === null ? {} : { credentialExpiresAt: held.expiresAt };
}
