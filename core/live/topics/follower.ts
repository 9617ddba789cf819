import type { ClientFrame } from "../../../contract/live.ts";
import { LIVE_CLOSE, type LiveCloseCode } from "../../../contract/live-codes.ts";
import type { Publication } from "../../../contract/rpc/hub.ts";
import type { TopicRecovery, TopicSince, TopicStanding } from "../../../contract/rpc/topics.ts";
import type { FanOut } from "../fan-out.ts";
import { encodePublication, type EncodedPublication, isNews, type Position, type Reply } from "../frames.ts";
import type { Joining, Session } from "../session.ts";
import { FollowedTopic } from "./followed.ts";

export type TopicEffect =
  /** Tell the topic's home that it is followed here; answer with `followed`. */
  | { readonly type: "follow"; readonly channel: string }
  /** Ask the home what a socket has missed; answer with `recalled`. */
  | { readonly type: "recall"; readonly channel: string; readonly socket: string; readonly since: TopicSince }
  /** Ask the home what this hub has missed; answer with `fetched`. */
  | { readonly type: "fetch"; readonly channel: string; readonly since: Position };

/** What following needs of the machine around it. */
export interface FollowerDeps {
  readonly fanOut: FanOut;
  /** @param asked whether the client named a place to begin from */
  reply(session: Session, reply: Reply, asked: boolean): void;
  fail(session: Session, id: string | undefined, code: string, detail: string): void;
  close(session: Session, code: LiveCloseCode, reason: string): void;
  deliver(session: Session, publications: readonly EncodedPublication[]): void;
  has(session: Session): boolean;
  find(socket: string): Session | undefined;
  touch(session: Session): void;
  push(effect: TopicEffect): void;
}

/** An answer from a topic's home: undefined when it could not be asked, null when there is no such topic. */
export type HomeAnswer<T> = T | null | undefined;

/**
 * A hub's topics: every socket gets everything that is published from its place on, in order, or is closed so that it recovers. The
 * home is told once that a topic is followed here and tells this hub from then on; nothing is renewed. A hole in what it tells is
 * fetched before anything after it is passed on.
 */
export class TopicFollower {
  readonly #deps: FollowerDeps;
  readonly #topics = new Map<string, FollowedTopic>();

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#topics.size;
  }

  has(channel: string): boolean {
    return this.#topics.has(channel);
  }

  /** After a sleep: the home still tells this hub, from where its sockets stand at least. */
  restore(session: Session, channel: string, waiting: Joining | null): void {
    const topic = this.#open(channel);
    const place = session.placeOf(channel);
    if (waiting || !place) {
      topic.joining.set(session, { id: waiting?.id ?? "", from: undefined });
      if (!topic.asking) this.#ask(topic);
      return;
    }
    topic.followed = true;
    topic.members.add(session);
    if (!topic.position || (topic.position.epoch === place.epoch && place.offset < topic.position.offset)) topic.position = place;
  }

  subscribe(session: Session, frame: Extract<ClientFrame, { type: "subscribe" }>): void {
    const { channel, id, epoch, offset, replay = 0 } = frame;
    const from = epoch !== undefined && offset !== undefined ? { epoch, offset } : undefined;
    const topic = this.#open(channel);
    topic.members.delete(session); // asked for again: starts again
    topic.late.delete(session);
    session.forget(channel);
    const joining: Joining = { id, from, replay };
    session.channels.set(channel, joining);
    topic.joining.set(session, joining);
    this.#deps.touch(session);
    // Whether everybody may read it only the home knows.
    const granted = session.held.mayTopic("read", channel);
    if (granted && topic.followed && topic.position) this.#start(session, topic, topic.position);
    else if (!topic.asking) this.#ask(topic);
  }

  leave(channel: string, session: Session): void {
    const topic = this.#topics.get(channel);
    if (!topic) return;
    topic.members.delete(session);
    topic.joining.delete(session);
    topic.late.delete(session);
    if (topic.isEmpty) this.#topics.delete(channel);
  }

  /** The home knows of this hub, and says where the topic stands. */
  followed(channel: string, standing: HomeAnswer<TopicStanding>): void {
    const topic = this.#topics.get(channel);
    if (!topic) return;
    topic.asking = false;
    if (!standing) return this.#refuseJoining(topic, standing);
    topic.followed = true;
    topic.isPublic = standing.isPublic;
    const { epoch, offset } = standing;
    if (topic.position && topic.position.epoch !== epoch) this.#beginAnew(topic, { epoch, offset });
    // What was published while the home did not tell this hub never comes by itself.
    else if (topic.members.size + topic.late.size === 0) topic.position = topic.laterOf({ epoch, offset });
    else if (topic.position && isNews(topic.position, standing)) this.#fetch(topic, topic.position);
    // What was told meanwhile may be later than the answer.
    for (const session of topic.joining.keys()) this.#start(session, topic, topic.laterOf({ epoch, offset }));
  }

  /** What a socket that joins has missed. */
  recalled(channel: string, socket: string, answer: HomeAnswer<TopicRecovery>): void {
    const session = this.#deps.find(socket);
    const topic = this.#topics.get(channel);
    if (!session || !topic) return;
    if (topic.late.has(session)) return this.#catchUp(session, topic, answer);
    const waiting = topic.joining.get(session);
    if (!waiting) return;
    if (!answer) return this.#refuse(session, topic, waiting, answer);
    const publications = answer.ok ? answer.publications.map(encodePublication) : [];
    const head = { epoch: answer.epoch, offset: publications.at(-1)?.offset ?? answer.offset };
    const reason = answer.ok ? (session.hasRoomFor(publications) ? undefined : "too-many") : answer.reason;
    if (reason !== undefined) return this.#confirm(session, topic, topic.laterOf(head), waiting.from ? { recovered: false, reason } : NOT);
    this.#confirm(session, topic, { epoch: answer.epoch, offset: answer.offset }, { recovered: waiting.from !== undefined }, publications);
  }

  /** The rest of what was passed on while the answer before was on its way. */
  #catchUp(session: Session, topic: FollowedTopic, answer: HomeAnswer<TopicRecovery>): void {
    if (!answer?.ok) return this.#deps.close(session, LIVE_CLOSE.gap, MISSING);
    this.#deps.deliver(session, answer.publications.map(encodePublication));
    if (this.#deps.has(session)) this.#settle(session, topic);
  }

  /** Publications from a home. @returns the channels that nobody follows here */
  relay(publications: readonly Publication[]): string[] {
    const unknown = new Set<string>();
    for (const publication of publications) {
      const topic = this.#topics.get(publication.channel);
      if (topic) this.#take(topic, publication);
      else unknown.add(publication.channel);
    }
    return [...unknown];
  }

  /** What this hub had missed. */
  fetched(channel: string, answer: HomeAnswer<TopicRecovery>): void {
    const topic = this.#topics.get(channel);
    if (!topic) return;
    topic.fetching = false;
    const ahead = topic.ahead.splice(0);
    // Each socket finds out for itself what it can have of what is missing.
    if (!answer?.ok || answer.publications.length === 0) return this.#beginAnew(topic, answer ?? undefined);
    for (const publication of [...answer.publications, ...ahead]) this.#take(topic, publication);
  }

  /** The credential may not read what it could: only what everybody may. */
  isOpenTo(session: Session, channel: string): boolean {
    return session.held.mayTopic("read", channel) || this.#topics.get(channel)?.isPublic === true;
  }

  #take(topic: FollowedTopic, publication: Publication): void {
    const { epoch, offset, after = offset - 1 } = publication;
    if (!topic.position) {
      // Whoever joins is told by the home where to start: before this or behind it.
      topic.position = { epoch, offset };
      return;
    }
    if (topic.fetching) return topic.keepAhead(publication);
    if (offset === 0) return this.#beginAnew(topic, undefined); // the home wants everybody to ask again
    if (topic.position.epoch !== epoch) return this.#beginAnew(topic, { epoch, offset });
    if (offset <= topic.position.offset) return;
    if (after > topic.position.offset) {
      topic.keepAhead(publication);
      return this.#fetch(topic, topic.position);
    }
    topic.position = { epoch, offset };
    if (topic.members.size > 0) this.#deps.fanOut.add(topic, encodePublication(publication), publication.priority === "critical");
  }

  #fetch(topic: FollowedTopic, { epoch, offset }: Position): void {
    if (topic.fetching) return;
    topic.fetching = true;
    this.#deps.push({ type: "fetch", channel: topic.channel, since: { epoch, offset } });
  }

  /** The log is another one, or what is missing cannot be had: who follows has to recover. */
  #beginAnew(topic: FollowedTopic, position: Position | undefined): void {
    topic.position = position && { epoch: position.epoch, offset: position.offset };
    topic.followed &&= position !== undefined;
    for (const session of [...topic.members, ...topic.late.keys()]) this.#deps.close(session, LIVE_CLOSE.gap, MISSING);
  }

  #start(session: Session, topic: FollowedTopic, { epoch, offset }: Position): void {
    const waiting = topic.joining.get(session);
    if (!waiting) return;
    const { from, replay = 0 } = waiting;
    if (!this.isOpenTo(session, topic.channel)) return this.#refuse(session, topic, waiting, null);
    if (from?.epoch === epoch && from.offset === offset) return this.#confirm(session, topic, from, { recovered: true });
    const since = from ?? (replay > 0 ? { replay } : undefined);
    if (since) this.#deps.push({ type: "recall", channel: topic.channel, socket: session.id, since });
    else this.#confirm(session, topic, { epoch, offset }, NOT);
  }

  /** The subscription stands: whatever is published behind `position` follows, these first. */
  #confirm(
    session: Session,
    topic: FollowedTopic,
    position: Position,
    how: Pick<SubscribedReply, "recovered" | "reason">,
    publications: readonly EncodedPublication[] = [],
  ): void {
    const { channel } = topic;
    const { epoch, offset } = position;
    const waiting = topic.joining.get(session);
    topic.joining.delete(session);
    topic.late.set(session, 0);
    session.channels.set(channel, null);
    session.stand(channel, position);
    this.#deps.reply(session, { type: "subscribed", id: waiting?.id ?? "", channel, epoch, offset, ...how }, waiting?.from !== undefined);
    if (publications.length > 0) this.#deps.deliver(session, publications);
    if (!this.#deps.has(session)) return;
    // Whatever was lost before this is behind it: a hole after it is seen.
    topic.position ??= session.placeOf(channel);
    if (!topic.followed && !topic.asking) this.#ask(topic);
    this.#settle(session, topic);
  }

  /** What this hub has passed on to the others already is asked for once more; who has it all is one of them. */
  #settle(session: Session, topic: FollowedTopic): void {
    const place = session.placeOf(topic.channel);
    const tries = topic.late.get(session) ?? 0;
    topic.late.delete(session);
    if (!place || topic.laterOf(place) === place) topic.members.add(session);
    else if (tries === CATCH_UPS) this.#deps.close(session, LIVE_CLOSE.gap, MISSING);
    else {
      topic.late.set(session, tries + 1);
      this.#deps.push({ type: "recall", channel: topic.channel, socket: session.id, since: place });
    }
  }

  #refuseJoining(topic: FollowedTopic, why: null | undefined): void {
    for (const [session, waiting] of topic.joining) this.#refuse(session, topic, waiting, why);
  }

  #refuse(session: Session, topic: FollowedTopic, { id }: Joining, why: null | undefined): void {
    const { channel } = topic;
    session.drop(channel);
    this.#deps.touch(session);
    this.leave(channel, session);
    if (why === undefined) return this.#deps.fail(session, id, "unavailable", AWAY);
    // Who may not read it does not learn whether there is such a topic.
    if (session.held.mayTopic("read", channel)) return this.#deps.fail(session, id, "not-found", "There is no such topic.");
    this.#deps.fail(session, id, "forbidden", "This channel needs topics:read.");
  }

  #ask(topic: FollowedTopic): void {
    topic.asking = true;
    this.#deps.push({ type: "follow", channel: topic.channel });
  }

  #open(channel: string): FollowedTopic {
    let topic = this.#topics.get(channel);
    if (!topic) {
      topic = new FollowedTopic(channel);
      this.#topics.set(channel, topic);
    }
    return topic;
  }
}

type SubscribedReply = Extract<Reply, { type: "subscribed" }>;

/** Times that a socket is given the rest, before it has to begin anew. */
const CATCH_UPS = 5;
const MISSING = "publications are missing: connect again and recover";
const NOT = { recovered: false } as const;
const AWAY = "The home of this topic cannot be reached now; try again in a few seconds.";
