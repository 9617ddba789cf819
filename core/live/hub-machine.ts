import type { ClientFrame } from "../../contract/live.ts";
import { LIVE_CHANNELS, LIVE_CLOSE, LIVE_LIMITS, type LiveCloseCode, type LivePublisher } from "../../contract/live-codes.ts";
import { type Problem, refuse } from "../../contract/problems.ts";
import type { Admission, Publication } from "../../contract/rpc/hub.ts";
import type { TopicPosition } from "../../contract/rpc/metrics.ts";
import { gcra } from "../../contract/gcra.ts";
import type { HubEffect, HubTimer } from "./effects.ts";
import { FanOut } from "./fan-out.ts";
import { type EncodedPublication, encodeEvents, encodePublication, isNews, type Position, readFrame, type Reply } from "./frames.ts";
import { firstEnd } from "./held-credential.ts";
import { Session } from "./session.ts";
import { parseChannel, type Topic, Topics } from "./topics.ts";

const FRAME_RATE = { perPeriod: LIVE_LIMITS.framesPerSecond, periodMs: 1_000, burst: LIVE_LIMITS.frameBurst };

/**
 * The protocol of a hub's sockets: commands in, effects out, in the order in which they are to happen. Holds no clock: `now`
 * is epoch milliseconds. Publications go out at once when none did within `LIVE_LIMITS.flushMs`, else together at its end.
 */
export class HubMachine {
  readonly #sessions = new Map<string, Session>();
  readonly #topics = new Topics();
  readonly #fanOut = new FanOut();
  readonly #timers = new Map<HubTimer, number>();
  #effects: HubEffect[] = [];
  readonly #dirty = new Set<Session>();

  /** The connection an attachment belongs to; undefined when this release cannot read it. */
  static idOf(attachment: string): string | undefined {
    return Session.decode(attachment)?.id;
  }

  get sockets(): number {
    return this.#sessions.size;
  }

  /** Why one more socket cannot come in, if so. */
  refusal(): Problem | undefined {
    if (this.#sessions.size < LIVE_LIMITS.socketsPerHub) return undefined;
    const refusal = refuse("unavailable", "This hub is full; ask for a new ticket, which may name another.", { retryAfterS: 1 });
    return refusal.ok ? undefined : refusal.problem;
  }

  /** Takes back the sockets that slept. Deadlines set before the sleep are told, so that they are not set again. */
  restore(attachments: Iterable<string>, timers: Readonly<Partial<Record<HubTimer, number>>>, now: number): HubEffect[] {
    for (const [name, at] of Object.entries(timers) as [HubTimer, number][]) this.#timers.set(name, at); // keys of the record's own type
    for (const attachment of attachments) {
      const session = Session.decode(attachment);
      if (!session) continue;
      this.#sessions.set(session.id, session);
      for (const [channel, waiting] of session.channels) {
        const parsed = parseChannel(channel);
        if (!parsed) continue; // a kind that this release does not know: nothing is published to it
        const topic = this.#topics.open(channel, parsed);
        if (waiting) topic.joining.add(session);
        else topic.members.add(session);
      }
    }
    for (const publisher of this.#topics.publishers()) {
      const waiting = this.#topics.of(publisher).some((topic) => topic.joining.size > 0);
      if (waiting || !this.#timers.has("interest")) this.#ask(publisher, now);
    }
    this.#watchExpiry();
    return this.#done();
  }

  join(id: string, admission: Admission, now: number): HubEffect[] {
    const session = new Session(id, admission);
    this.#sessions.set(id, session);
    this.#reply(session, {
      type: "welcome",
      connectionId: id,
      serverTime: now,
      ackEveryFrames: LIVE_LIMITS.ackEveryFrames,
      ackEveryMs: LIVE_LIMITS.ackEveryMs,
      ...(session.held.expiresAt === null ? {} : { credentialExpiresAt: session.held.expiresAt }),
    });
    this.#watchExpiry();
    return this.#done();
  }

  /** A socket is gone, whoever closed it. */
  leave(id: string): HubEffect[] {
    const session = this.#sessions.get(id);
    if (session) this.#forget(session);
    return this.#done();
  }

  /** A client's message. */
  receive(id: string, message: string | ArrayBuffer, now: number): HubEffect[] {
    const session = this.#sessions.get(id);
    if (!session) return [];
    if (session.held.hasExpired(now)) this.#close(session, LIVE_CLOSE.unauthorized, "the credential has ended");
    else if (!session.spend(gcra(FRAME_RATE, session.frameTat, now)))
      this.#close(session, LIVE_CLOSE.rate, `at most ${LIVE_LIMITS.framesPerSecond} frames a second`);
    else {
      const reading = readFrame(message);
      if (reading.ok) this.#handle(session, reading.frame, now);
      else this.#close(session, reading.code, reading.reason);
    }
    return this.#done();
  }

  /** @returns how many sockets follow at least one of the channels; 0 only when nothing of their publisher is followed here */
  publish(publications: readonly Publication[], now: number): { effects: HubEffect[]; subscribers: number } {
    const reached = new Set<Session>();
    for (const publication of publications) {
      const topic = this.#topics.get(publication.channel);
      if (!topic) continue;
      for (const session of topic.members) reached.add(session);
      for (const session of topic.joining) reached.add(session);
      if (!isNews(topic.position, publication)) continue;
      this.#topics.advance(topic, publication, now);
      const encoded = encodePublication(publication);
      if (topic.joining.size > 0) this.#topics.remember(topic, encoded);
      if (topic.members.size > 0) this.#fanOut.add(topic, encoded);
    }
    const inMs = this.#fanOut.waitMs(now);
    if (inMs === 0) this.#flush(now);
    else if (inMs !== undefined) this.#effects.push({ type: "flush", inMs });
    return { effects: this.#done(), subscribers: reached.size > 0 ? reached.size : this.#othersFollowed(publications) };
  }

  /** What was pending goes out now. */
  flush(now: number): HubEffect[] {
    this.#flush(now);
    return this.#done();
  }

  /** The publisher knows of these topics until `untilMs` and says where each stands. */
  positions(
    publisher: LivePublisher,
    topics: readonly string[],
    untilMs: number,
    positions: readonly TopicPosition[],
    now: number,
  ): HubEffect[] {
    this.#topics.renew(publisher, topics, untilMs, now);
    const byName = new Map(positions.map((position) => [position.topic, position]));
    this.#flush(now); // those who join start after what is already on its way to the others
    let missing = false;
    for (const topic of this.#topics.of(publisher)) {
      const position = byName.get(topic.name);
      if (!position) {
        missing ||= topic.joining.size > 0;
        continue;
      }
      const from = { epoch: position.epoch, offset: position.offset };
      for (const session of topic.joining) this.#confirm(session, topic, from);
      topic.recent.length = 0;
      topic.answered = from;
    }
    if (missing) this.#ask(publisher, now);
    if (this.#topics.size > 0) this.#setTimer("interest", now + LIVE_LIMITS.interestMs / 2);
    return this.#done();
  }

  /** The publisher could not be reached: who waits is told, who follows is looked after soon. */
  interestFailed(publisher: LivePublisher, now: number): HubEffect[] {
    this.#topics.lease(publisher).asking = false;
    for (const topic of this.#topics.of(publisher)) {
      for (const session of topic.joining) {
        const waiting = session.channels.get(topic.channel);
        this.#drop(session, topic.channel);
        this.#fail(session, waiting?.id, "unavailable", "The publisher of this channel cannot be reached now; try again in a few seconds.");
      }
    }
    if (this.#topics.size > 0) this.#setTimer("interest", now + LIVE_LIMITS.interestRetryMs);
    return this.#done();
  }

  /** The deadline `interest` has passed. */
  interestDue(now: number): HubEffect[] {
    this.#timers.delete("interest");
    for (const publisher of this.#topics.publishers()) this.#ask(publisher, now);
    return this.#done();
  }

  /** The deadline `expiry` has passed. */
  expire(now: number): HubEffect[] {
    this.#timers.delete("expiry");
    for (const session of this.#sessions.values()) {
      if (session.held.hasExpired(now)) this.#close(session, LIVE_CLOSE.unauthorized, "the credential has ended");
    }
    this.#watchExpiry();
    return this.#done();
  }

  /** Closes the sockets of these credentials, actors or groups. @param at of `HeldCredential.isEndedBy` */
  closeCredentials(credentials: readonly string[], at?: number): { effects: HubEffect[]; closed: number } {
    const ended = new Set(credentials);
    const hit = [...this.#sessions.values()].filter(({ held }) => held.isEndedBy(ended, at));
    for (const session of hit) this.#close(session, LIVE_CLOSE.unauthorized, "the credential was revoked");
    return { effects: this.#done(), closed: hit.length };
  }

  /** The answer to `verify`: the new credential, or null when the token is worth nothing. */
  refreshed(id: string, admission: Admission | null): HubEffect[] {
    const session = this.#sessions.get(id);
    if (!session) return [];
    if (!admission) this.#fail(session, undefined, "unauthorized", "This token is not valid; the present credential stays.");
    else if (admission.actor !== session.held.actor)
      this.#fail(session, undefined, "forbidden", "Another's token cannot take over this socket.");
    else {
      session.held.replace(admission);
      this.#reply(session, {
        type: "refreshed",
        ...(session.held.expiresAt === null ? {} : { credentialExpiresAt: session.held.expiresAt }),
      });
      for (const channel of session.channels.keys()) {
        const parsed = parseChannel(channel);
        if (parsed && session.held.actions.includes(LIVE_CHANNELS[parsed.kind].action)) continue;
        this.#drop(session, channel);
        this.#fail(session, undefined, "forbidden", `This credential may no longer follow ${channel}.`);
      }
      this.#watchExpiry();
    }
    return this.#done();
  }

  /**
   * What a publisher is told that reached nobody: it stops at 0, with everything it sends here, so that must not be said while
   * other topics of its are followed.
   */
  #othersFollowed(publications: readonly Publication[]): number {
    let followed = 0;
    for (const publisher of publishersOf(publications)) {
      const topics = this.#topics.of(publisher).length;
      if (topics === 0) this.#topics.lapse(publisher);
      followed += topics;
    }
    return followed;
  }

  #handle(session: Session, frame: ClientFrame, now: number): void {
    switch (frame.type) {
      case "auth":
        return this.#fail(session, undefined, "already-authenticated", "This socket has a credential; `refresh` replaces it.");
      case "refresh":
        this.#effects.push({ type: "verify", socket: session.id, token: frame.token });
        return;
      case "subscribe":
        return this.#subscribe(session, frame, now);
      case "unsubscribe":
        this.#drop(session, frame.channel);
        return this.#reply(session, { type: "unsubscribed", id: frame.id, channel: frame.channel });
      case "ack": {
        session.acknowledge(frame.n);
        this.#dirty.add(session);
        const text = session.release();
        if (text !== undefined) this.#send(session, text);
        return;
      }
    }
  }

  #subscribe(session: Session, frame: Extract<ClientFrame, { type: "subscribe" }>, now: number): void {
    const { channel, id } = frame;
    const parsed = parseChannel(channel);
    if (!parsed)
      return this.#fail(
        session,
        id,
        "unknown-channel",
        `There is no kind of channel like that; known: ${Object.keys(LIVE_CHANNELS).join(", ")}.`,
      );
    const { action } = LIVE_CHANNELS[parsed.kind];
    if (!session.held.actions.includes(action)) return this.#fail(session, id, "forbidden", `This channel needs ${action}.`);
    if (session.channels.get(channel))
      return this.#fail(session, id, "in-progress", "A subscription to this channel is already on its way.");
    const known = session.channels.has(channel);
    if (!known && session.channels.size >= LIVE_LIMITS.channels) {
      return this.#fail(session, id, "limit-reached", `A socket follows at most ${LIVE_LIMITS.channels} channels.`);
    }
    if (!this.#topics.get(channel) && this.#topics.size >= LIVE_LIMITS.topicsPerHub) {
      return this.#fail(session, id, "limit-reached", `A hub follows at most ${LIVE_LIMITS.topicsPerHub} different channels.`);
    }
    const from = frame.epoch !== undefined && frame.offset !== undefined ? { epoch: frame.epoch, offset: frame.offset } : undefined;
    this.#flush(now); // the new subscriber starts after what is already on its way to the others
    session.channels.set(channel, { id, from });
    if (session.encode().length > LIVE_LIMITS.attachmentBytes) {
      session.drop(channel);
      return this.#fail(session, id, "limit-reached", "The names of this socket's channels are too long together.");
    }
    const topic = this.#topics.open(channel, parsed);
    topic.members.delete(session); // asked for again: starts again
    topic.startsAfter.delete(session);
    session.forget(channel);
    topic.joining.add(session);
    this.#dirty.add(session);
    const position = this.#topics.followedFrom(topic, now);
    if (position) this.#confirm(session, topic, position);
    else this.#ask(topic.publisher, now);
  }

  /** The subscription stands at `position`: says so, and passes on what has overtaken the answer. */
  #confirm(session: Session, topic: Topic, position: Position): void {
    const waiting = session.channels.get(topic.channel);
    session.channels.set(topic.channel, null);
    topic.joining.delete(session);
    topic.members.add(session);
    const recovered = isAt(waiting?.from, position) && isAt(topic.unbroken, position);
    this.#reply(session, { type: "subscribed", id: waiting?.id ?? "", channel: topic.channel, ...position, recovered });
    const later = topic.recent.filter((publication) => isNews(position, publication));
    if (isNews(topic.position, position)) topic.startsAfter.set(session, position);
    if (later.length > 0) this.#deliver(session, later, encodeEvents(later));
  }

  /** Renews the lease, for the topics followed now; one call at a time. */
  #ask(publisher: LivePublisher, now: number): void {
    const lease = this.#topics.lease(publisher);
    if (lease.asking) return;
    lease.asking = true;
    const topics = this.#topics.of(publisher).map((topic) => topic.name);
    this.#effects.push({ type: "interest", publisher, topics, untilMs: now + LIVE_LIMITS.interestMs });
  }

  #flush(now: number): void {
    for (const { session, publications, events } of this.#fanOut.take(now)) {
      if (session.held.hasExpired(now)) this.#close(session, LIVE_CLOSE.unauthorized, "the credential has ended");
      else this.#deliver(session, publications, events);
    }
  }

  #deliver(session: Session, publications: readonly EncodedPublication[], events: string): void {
    const text = session.deliver(publications, events);
    this.#dirty.add(session);
    if (text !== undefined) this.#send(session, text);
    else if (session.hopeless) this.#close(session, LIVE_CLOSE.slow, "reads too slowly");
  }

  #reply(session: Session, reply: Reply): void {
    this.#dirty.add(session);
    this.#send(session, session.reply(reply));
    if (session.hopeless) this.#close(session, LIVE_CLOSE.slow, "reads too slowly");
  }

  #fail(session: Session, id: string | undefined, code: string, detail: string): void {
    this.#reply(session, { type: "error", code, detail, ...(id === undefined ? {} : { id }) });
  }

  #send(session: Session, text: string): void {
    this.#effects.push({ type: "send", socket: session.id, text });
  }

  #close(session: Session, code: LiveCloseCode, reason: string): void {
    if (!this.#sessions.has(session.id)) return;
    this.#send(session, session.reply({ type: "goodbye", code, reason }));
    this.#effects.push({ type: "close", socket: session.id, code, reason });
    this.#forget(session);
  }

  #forget(session: Session): void {
    for (const channel of session.channels.keys()) this.#drop(session, channel);
    this.#sessions.delete(session.id);
    this.#dirty.delete(session);
    if (this.#sessions.size === 0) this.#setTimer("expiry", null);
  }

  #drop(session: Session, channel: string): void {
    session.drop(channel);
    this.#dirty.add(session);
    this.#topics.leave(channel, session);
    if (this.#topics.size === 0) this.#setTimer("interest", null);
  }

  #watchExpiry(): void {
    this.#setTimer("expiry", firstEnd(this.#sessions.values()));
  }

  #setTimer(name: HubTimer, at: number | null): void {
    if ((this.#timers.get(name) ?? null) === at) return;
    if (at === null) this.#timers.delete(name);
    else this.#timers.set(name, at);
    this.#effects.push({ type: "timer", name, at });
  }

  /** What is saved is saved before anything is sent: a number that a client saw is never used again. */
  #done(): HubEffect[] {
    const saves: HubEffect[] = [];
    for (const session of this.#dirty) {
      if (this.#sessions.has(session.id)) saves.push({ type: "save", socket: session.id, attachment: session.encode() });
    }
    this.#dirty.clear();
    const effects = saves.concat(this.#effects);
    this.#effects = [];
    return effects;
  }
}

function isAt(one: Position | undefined, other: Position): boolean {
  return one?.epoch === other.epoch && one.offset === other.offset;
}

function publishersOf(publications: readonly Publication[]): Set<LivePublisher> {
  const kinds = publications.map(({ channel }) => parseChannel(channel)?.kind);
  return new Set(kinds.flatMap((kind) => (kind ? LIVE_CHANNELS[kind].publisher : [])));
}
