import { LIVE_CHANNELS, LIVE_LIMITS, type LiveChannelKind, type LivePublisher } from "../../contract/live-codes.ts";
import type { Publication } from "../../contract/rpc/hub.ts";
import type { EncodedPublication, Position } from "./frames.ts";
import type { Session } from "./session.ts";

/** One channel of this hub, there while somebody follows it or waits to. */
export interface Topic {
  readonly channel: string;
  readonly publisher: LivePublisher;
  /** What the publisher calls it: the channel's name without its kind. */
  readonly name: string;
  /** The last publication seen here; unknown at first, and after a sleep. */
  position: Position | undefined;
  /** Where the publisher said it stands. Publications up to there may still be on their way here, so it is no `position`. */
  answered: Position | undefined;
  /** The last publication seen, as long as no later one can have missed this hub: a client that was there has missed nothing. */
  unbroken: Position | undefined;
  readonly members: Set<Session>;
  readonly joining: Set<Session>;
  /** Members that start behind publications which are still on their way here: the publisher's answer overtook those. */
  readonly startsAfter: Map<Session, Position>;
  /** What was published while somebody waits for the publisher's answer, which may overtake it. */
  readonly recent: EncodedPublication[];
}

/** A publisher's promise to tell this hub of topics. */
interface Lease {
  topics: ReadonlySet<string>;
  untilMs: number;
  asking: boolean;
}

export interface ParsedChannel {
  readonly kind: LiveChannelKind;
  readonly name: string;
}

/** The kind and name of a channel, or undefined when no such kind exists. */
export function parseChannel(channel: string): ParsedChannel | undefined {
  const slash = channel.indexOf("/");
  const kind = channel.slice(0, slash);
  return Object.hasOwn(LIVE_CHANNELS, kind) ? { kind: kind as LiveChannelKind, name: channel.slice(slash + 1) } : undefined; // just looked up
}

/** Every channel followed at a hub, and the leases behind them. */
export class Topics {
  readonly #byChannel = new Map<string, Topic>();
  readonly #leases = new Map<LivePublisher, Lease>();

  get size(): number {
    return this.#byChannel.size;
  }

  get(channel: string): Topic | undefined {
    return this.#byChannel.get(channel);
  }

  open(channel: string, { kind, name }: ParsedChannel): Topic {
    const known = this.#byChannel.get(channel);
    if (known) return known;
    const { publisher } = LIVE_CHANNELS[kind];
    const topic: Topic = {
      channel,
      publisher,
      name,
      position: undefined,
      answered: undefined,
      unbroken: undefined,
      members: new Set(),
      joining: new Set(),
      startsAfter: new Map(),
      recent: [],
    };
    this.#byChannel.set(channel, topic);
    return topic;
  }

  leave(channel: string, session: Session): void {
    const topic = this.#byChannel.get(channel);
    if (!topic) return;
    topic.members.delete(session);
    topic.joining.delete(session);
    topic.startsAfter.delete(session);
    if (topic.joining.size === 0) topic.recent.length = 0;
    if (topic.members.size + topic.joining.size === 0) this.#byChannel.delete(channel);
  }

  of(publisher: LivePublisher): Topic[] {
    return [...this.#byChannel.values()].filter((topic) => topic.publisher === publisher);
  }

  publishers(): Set<LivePublisher> {
    return new Set([...this.#byChannel.values()].map((topic) => topic.publisher));
  }

  lease(publisher: LivePublisher): Lease {
    let lease = this.#leases.get(publisher);
    if (!lease) {
      lease = { topics: new Set(), untilMs: 0, asking: false };
      this.#leases.set(publisher, lease);
    }
    return lease;
  }

  /** Where a new subscription starts when every publication of the topic reaches this hub anyway; undefined when the publisher has to be asked. */
  followedFrom(topic: Topic, now: number): Position | undefined {
    const lease = this.lease(topic.publisher);
    return now < lease.untilMs && lease.topics.has(topic.name) ? (topic.position ?? topic.answered) : undefined;
  }

  /** Takes a publisher's promise. One that had ended before was a time in which publications went elsewhere. */
  renew(publisher: LivePublisher, topics: readonly string[], untilMs: number, now: number): void {
    const lease = this.lease(publisher);
    if (now >= lease.untilMs) for (const topic of this.of(publisher)) topic.unbroken = undefined;
    lease.asking = false;
    lease.topics = new Set(topics);
    lease.untilMs = untilMs;
  }

  /** A publication has arrived. */
  advance(topic: Topic, { epoch, offset }: Position, now: number): void {
    topic.position = { epoch, offset };
    topic.unbroken = now < this.lease(topic.publisher).untilMs ? topic.position : undefined;
  }

  /**
   * What a publisher is told that reached nobody: it stops at 0, with everything it sends here, so that must not be said while
   * other topics of its are followed.
   */
  othersFollowed(publications: readonly Publication[]): number {
    let followed = 0;
    for (const publisher of publishersOf(publications)) {
      const topics = this.of(publisher).length;
      if (topics === 0) this.#lapse(publisher);
      followed += topics;
    }
    return followed;
  }

  /** Remembers a publication for those who wait; the oldest goes when there are too many, which they see as a gap. */
  remember(topic: Topic, publication: EncodedPublication): void {
    topic.recent.push(publication);
    if (topic.recent.length > LIVE_LIMITS.joiningPublications) topic.recent.shift();
  }

  /** Nobody here follows what was published: the publisher stops telling this hub. */
  #lapse(publisher: LivePublisher): void {
    this.lease(publisher).untilMs = 0;
  }
}

/** Whether it is followed at a home, rather than under a lease. */
export function isTopic({ kind }: ParsedChannel): boolean {
  return LIVE_CHANNELS[kind].publisher === "topic";
}

export function isAt(one: Position | undefined, other: Position): boolean {
  return one?.epoch === other.epoch && one.offset === other.offset;
}

function publishersOf(publications: readonly Publication[]): Set<LivePublisher> {
  const kinds = publications.map(({ channel }) => parseChannel(channel)?.kind);
  return new Set(kinds.flatMap((kind) => (kind ? LIVE_CHANNELS[kind].publisher : [])));
}
