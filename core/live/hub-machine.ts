import { LIVE_CHANNELS, LIVE_CLOSE, LIVE_LIMITS, type LivePublisher } from "../../contract/live-codes.ts";
import type { Outcome, Problem } from "../../contract/problems.ts";
import type { Admission, Publication } from "../../contract/rpc/hub.ts";
import type { TopicPosition } from "../../contract/rpc/metrics.ts";
import type { TopicRecovery, TopicResult, TopicStanding } from "../../contract/rpc/topics.ts";
import type { HubEffect, HubTimer, SocketEffect } from "./effects.ts";
import { FanOut } from "./fan-out.ts";
import { type HubReport, HubFigures } from "./hub-figures.ts";
import { HUB_FULL, HUB_LIMITS } from "./hub-limits.ts";
import { type EncodedPublication, encodeEvents, encodePublication, isNews, type Position } from "./frames.ts";
import { Session } from "./session.ts";
import { type FollowFrame, SocketMachine } from "./socket-machine.ts";
import { judgeSubscription } from "./subscribing.ts";
import { type HomeAnswer, TopicFollower } from "./topics/follower.ts";
import { answerOf, hubFramesSchema, messageOf, type PublishFrame } from "./topics/publishing.ts";
import { isAt, isTopic, parseChannel, type Topic, Topics } from "./topics.ts";

type HubOwnEffect = Exclude<HubEffect, SocketEffect>;

/**
 * The protocol of a hub's sockets: commands in, effects out, in the order in which they are to happen. What it shares with other
 * native sockets is `socket-machine.ts`; here is who follows what. Publications go out at once when none did within
 * `LIVE_LIMITS.flushMs`, else together at its end.
 */
export class HubMachine {
  readonly #topics = new Topics();
  readonly #fanOut = new FanOut();
  readonly #figures = new HubFigures();
  /** The deadline `interest`, as the shell knows it. */
  #interestAt: number | null = null;
  readonly #sockets = new SocketMachine<Session, FollowFrame | PublishFrame, HubOwnEffect>({
    limits: HUB_LIMITS,
    full: HUB_FULL,
    frames: hubFramesSchema,
    admitted: (id, admission) => new Session(id, admission),
    decode: (attachment) => Session.decode(attachment),
    handle: (session, frame, now) => this.#handle(session, frame, now),
    acknowledged: (session, now) => this.#acknowledged(session, now),
    replaced: (session) => this.#replaced(session),
    left: (session) => {
      this.#figures.left(session);
      for (const channel of session.channels.keys()) this.#drop(session, channel);
    },
  });

  readonly #follower = new TopicFollower({
    fanOut: this.#fanOut,
    reply: (session, reply, asked) => {
      this.#figures.answered(reply, asked);
      this.#sockets.reply(session, reply);
    },
    fail: (session, id, code, detail) => this.#fail(session, id, code, detail),
    close: (session, code, reason) => this.#sockets.close(session, code, reason),
    deliver: (session, publications) => this.#deliver(session, publications, encodeEvents(publications)),
    has: (session) => this.#sockets.has(session),
    find: (socket) => this.#sockets.get(socket),
    touch: (session) => this.#sockets.touch(session),
    push: (effect) => this.#sockets.push(effect),
  });

  /** The connection an attachment belongs to; undefined when this release cannot read it. */
  static idOf(attachment: string): string | undefined {
    return Session.decode(attachment)?.id;
  }

  get sockets(): number {
    return this.#sockets.size;
  }

  /** Why one more socket cannot come in, if so. */
  refusal(): Problem | undefined {
    return this.#sockets.refusal();
  }

  /** Takes back the sockets that slept. Deadlines set before the sleep are told, so that they are not set again. */
  restore(attachments: Iterable<string>, timers: Readonly<Partial<Record<HubTimer, number>>>, now: number): HubEffect[] {
    this.#interestAt = timers.interest ?? null;
    for (const session of this.#sockets.restore(attachments, timers.expiry ?? null)) {
      this.#figures.restore(session);
      for (const [channel, waiting] of session.channels) {
        const parsed = parseChannel(channel);
        if (!parsed) continue; // a kind that this release does not know: nothing is published to it
        if (isTopic(parsed)) {
          this.#follower.restore(session, channel, waiting);
          continue;
        }
        const topic = this.#topics.open(channel, parsed);
        if (waiting) topic.joining.add(session);
        else topic.members.add(session);
      }
    }
    for (const publisher of this.#topics.publishers()) {
      const waiting = this.#topics.of(publisher).some((topic) => topic.joining.size > 0);
      if (waiting || this.#interestAt === null) this.#ask(publisher, now);
    }
    return this.#sockets.done();
  }

  join(id: string, admission: Admission, now: number): HubEffect[] {
    this.#sockets.join(id, admission, now);
    this.#figures.opened(this.#sockets.size === 1, now);
    return this.#done(now);
  }

  /** A socket is gone, whoever closed it. @param now where operators hear of it */
  leave(id: string, now?: number): HubEffect[] {
    const isHere = this.#sockets.get(id) !== undefined;
    this.#sockets.leave(id);
    if (isHere && now !== undefined) this.#figures.ended(this.#sockets.size === 0, now);
    return this.#done(now);
  }

  /** A client's message. */
  receive(id: string, message: string | ArrayBuffer, now: number): HubEffect[] {
    this.#sockets.receive(id, message, now);
    return this.#done(now);
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
    this.#pace(now);
    return { effects: this.#done(now), subscribers: reached.size > 0 ? reached.size : this.#topics.othersFollowed(publications) };
  }

  /** Publications of topics from their home. @returns the channels that nobody follows here */
  relay(publications: readonly Publication[], now: number): { effects: HubEffect[]; unknown: string[] } {
    const unknown = this.#follower.relay(publications);
    this.#pace(now);
    return { effects: this.#done(now), unknown };
  }

  /** The answer to `follow`. */
  followed(channel: string, standing: HomeAnswer<TopicStanding>, now: number): HubEffect[] {
    this.#flush(now); // those who join start after what is already on its way to the others
    this.#follower.followed(channel, standing);
    return this.#sockets.done();
  }

  /** The answer to `recall`. */
  recalled(channel: string, socket: string, answer: HomeAnswer<TopicRecovery>, now: number): HubEffect[] {
    this.#flush(now);
    this.#follower.recalled(channel, socket, answer);
    return this.#sockets.done();
  }

  /** The answer to `fetch`. */
  fetched(channel: string, answer: HomeAnswer<TopicRecovery>, now: number): HubEffect[] {
    this.#follower.fetched(channel, answer);
    this.#pace(now);
    return this.#sockets.done();
  }

  /** The answer to `publish`: what became of the message, or why nothing did. */
  published(socket: string, channel: string, ref: string, outcome: Outcome<TopicResult>): HubEffect[] {
    const session = this.#sockets.get(socket);
    if (session) this.#sockets.reply(session, answerOf(channel, ref, outcome));
    return this.#sockets.done();
  }

  /** What was pending goes out now. */
  flush(now: number): HubEffect[] {
    this.#flush(now);
    return this.#done(now);
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
    if (this.#topics.size > 0) this.#setInterest(now + LIVE_LIMITS.interestMs / 2);
    return this.#sockets.done();
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
    if (this.#topics.size > 0) this.#setInterest(now + LIVE_LIMITS.interestRetryMs);
    return this.#sockets.done();
  }

  /** The deadline `interest` has passed. */
  interestDue(now: number): HubEffect[] {
    this.#interestAt = null;
    for (const publisher of this.#topics.publishers()) this.#ask(publisher, now);
    return this.#sockets.done();
  }

  /** The deadline `expiry` has passed. */
  expire(now: number): HubEffect[] {
    this.#sockets.expire(now);
    return this.#sockets.done();
  }

  /** Closes the sockets of these credentials, actors or groups. @param at of `HeldCredential.isEndedBy` */
  closeCredentials(credentials: readonly string[], at?: number): { effects: HubEffect[]; closed: number } {
    const closed = this.#sockets.closeCredentials(credentials, at);
    return { effects: this.#done(), closed };
  }

  /** An operator ends a socket. */
  kick(id: string, now: number): { effects: HubEffect[]; found: boolean } {
    const session = this.#sockets.get(id);
    if (session) {
      this.#sockets.close(session, LIVE_CLOSE.denied, "closed by an operator");
      this.#figures.ended(this.#sockets.size === 0, now);
    }
    return { effects: this.#done(now), found: !!session };
  }

  /** What the sockets did since the last report; the next begins with this. @param object `hub/{n}` */
  takeReport(object: string, now: number): HubReport {
    return this.#figures.take(this.#sockets.all(), object, now);
  }

  /** The answer to `report`: until when somebody looks, or null. */
  watched(until: number | null): void {
    this.#figures.watched(until);
  }

  /** The answer to `verify`: the new credential, or null when the token is worth nothing. */
  refreshed(id: string, admission: Admission | null): HubEffect[] {
    this.#sockets.refreshed(id, admission);
    return this.#sockets.done();
  }

  /** @param now where the hub did something that operators hear of */
  #done(now?: number): HubEffect[] {
    if (now !== undefined && this.#figures.isDue(now)) this.#sockets.push({ type: "report" });
    const effects = this.#sockets.done();
    for (const effect of effects) if (effect.type === "close") this.#figures.closed(effect.code);
    return effects;
  }

  #handle(session: Session, frame: FollowFrame | PublishFrame, now: number): void {
    this.#figures.heard(frame.type === "publish", now);
    switch (frame.type) {
      case "publish":
        return this.#publishFrom(session, frame);
      case "subscribe":
        return this.#subscribe(session, frame, now);
      case "unsubscribe":
        this.#drop(session, frame.channel);
        return this.#sockets.reply(session, { type: "unsubscribed", id: frame.id, channel: frame.channel });
    }
  }

  #acknowledged(session: Session, now: number): void {
    this.#figures.acknowledged(session, now);
    for (const text of session.release()) this.#sockets.pass(session, text);
  }

  #replaced(session: Session): void {
    for (const channel of session.channels.keys()) {
      const parsed = parseChannel(channel);
      if (parsed && (session.held.actions.includes(LIVE_CHANNELS[parsed.kind].action) || this.#follower.isOpenTo(session, channel)))
        continue;
      this.#drop(session, channel);
      this.#fail(session, undefined, "forbidden", `This credential may no longer follow ${channel}.`);
    }
  }

  #subscribe(session: Session, frame: Extract<FollowFrame, { type: "subscribe" }>, now: number): void {
    const { channel, id } = frame;
    const judged = judgeSubscription(session, channel, {
      size: this.#topics.size + this.#follower.size,
      has: (other) => this.#topics.get(other) !== undefined || this.#follower.has(other),
    });
    if (!judged.ok) return this.#fail(session, id, judged.code, judged.detail);
    const { parsed } = judged;
    const from = frame.epoch !== undefined && frame.offset !== undefined ? { epoch: frame.epoch, offset: frame.offset } : undefined;
    this.#flush(now); // the new subscriber starts after what is already on its way to the others
    if (!this.#sockets.has(session)) return; // of which it had too much
    session.channels.set(channel, { id, from });
    if (session.encode().length > LIVE_LIMITS.attachmentBytes) {
      session.drop(channel);
      return this.#fail(session, id, "limit-reached", "The names of this socket's channels are too long together.");
    }
    if (isTopic(parsed)) return this.#follower.subscribe(session, frame);
    const topic = this.#topics.open(channel, parsed);
    topic.members.delete(session); // asked for again: starts again
    topic.startsAfter.delete(session);
    session.forget(channel);
    topic.joining.add(session);
    this.#sockets.touch(session);
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
    this.#sockets.reply(session, { type: "subscribed", id: waiting?.id ?? "", channel: topic.channel, ...position, recovered });
    if (!this.#sockets.has(session)) return; // that was one frame too many for it
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
    this.#sockets.push({ type: "interest", publisher, topics, untilMs: now + LIVE_LIMITS.interestMs });
  }

  #publishFrom(session: Session, frame: PublishFrame): void {
    const { channel, clientId } = frame;
    const message = messageOf(session.held, frame);
    if (!message.ok) return this.#sockets.reply(session, answerOf(channel, clientId, message));
    this.#sockets.push({ type: "publish", socket: session.id, channel, by: session.held.actor, message: message.value });
  }

  /** What is pending goes now or soon. */
  #pace(now: number): void {
    const inMs = this.#fanOut.waitMs(now);
    if (inMs === 0) this.#flush(now);
    else if (inMs !== undefined) this.#sockets.push({ type: "flush", inMs });
  }

  #flush(now: number): void {
    const deliveries = this.#fanOut.take(now);
    if (deliveries.length > 0) this.#figures.flushed(now);
    for (const { session, publications, events } of deliveries) {
      if (!this.#sockets.closeEnded(session, now)) this.#deliver(session, publications, events, now);
    }
  }

  #deliver(session: Session, publications: readonly EncodedPublication[], events: string, now?: number): void {
    const frames = session.deliver(publications, events);
    if (!frames) return this.#sockets.close(session, LIVE_CLOSE.gap, "publications are missing: connect again and recover");
    if (frames.length > 0) this.#figures.delivered(session, publications, events, now);
    for (const text of frames) this.#sockets.pass(session, text);
    this.#sockets.pass(session, undefined); // more may be unread than may be
  }

  #fail(session: Session, id: string | undefined, code: string, detail: string): void {
    this.#sockets.fail(session, id, code, detail);
  }

  #drop(session: Session, channel: string): void {
    session.drop(channel);
    this.#sockets.touch(session);
    this.#follower.leave(channel, session);
    this.#topics.leave(channel, session);
    if (this.#topics.size === 0) this.#setInterest(null);
  }

  #setInterest(at: number | null): void {
    if (this.#interestAt === at) return;
    this.#interestAt = at;
    this.#sockets.push({ type: "timer", name: "interest", at });
  }
}
