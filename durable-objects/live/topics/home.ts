import { accept, type Outcome, type Problem } from "../../../contract/problems.ts";
import type { Publication } from "../../../contract/rpc/hub.ts";
import type {
  TopicDefinition,
  TopicQuestion,
  TopicQuestions,
  TopicRecovery,
  TopicResult,
  TopicSince,
  TopicStanding,
  TopicWrite,
} from "../../../contract/rpc/topics.ts";
import { Broadcast } from "../../../core/live/topics/broadcast.ts";
import { resetOf, TopicDesk } from "../../../core/live/topics/desk.ts";
import { TopicReads } from "../../../core/live/topics/reads.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";
import { Relays, type RelayDeps } from "./relays.ts";
import { SqlTopics } from "./sql-topics.ts";

export interface HomeDeps extends Pick<RelayDeps, "relay" | "later" | "background" | "warn"> {
  readonly kit: ObjectKit;
  /** To sockets of this hub itself. */
  local(publications: readonly Publication[]): void;
  newEpoch(): string;
}

/** The timer that deletes what is too old. */
export const TOPICS_TIMER = "topics";
const EXPIRE_AT_MOST_EVERY_MS = 60_000;
const NEXT_SLICE_MS = 1_000;
/** What was published so shortly before a start may not have been told to all: it is told again. */
const TELL_AGAIN_MS = 60_000;

/** A refusal that takes back what the transaction has done. */
class Refusal extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** The topics that live at a hub: stores what is published, then tells every hub that follows. */
export class TopicHome {
  readonly store: SqlTopics;
  readonly #deps: HomeDeps;
  readonly #desk: TopicDesk;
  readonly #reads: TopicReads;
  readonly #broadcast = new Broadcast();
  readonly #relays: Relays;
  #flushAt: number | undefined;

  constructor(deps: HomeDeps) {
    const { kit } = deps;
    this.#deps = deps;
    this.store = new SqlTopics(kit.sql);
    this.#desk = new TopicDesk(this.store, deps.newEpoch);
    this.#reads = new TopicReads(this.store, this.#desk);
    const { relay, later, background, warn } = deps;
    const unfollowed = (channel: string, hub: number) => kit.transaction(() => this.store.unfollow(channel, hub));
    this.#relays = new Relays({ relay, later, background, warn, unfollowed });
  }

  /** Publications that wait for other hubs, by priority. */
  queued(): ReturnType<Relays["counts"]> {
    return this.#relays.counts();
  }

  configure(definition: TopicDefinition): Outcome<{ version: number }> {
    const { kit } = this.#deps;
    const { channel } = definition;
    const before = this.#desk.find(channel)?.settings.visibility;
    const done = kit.transaction(() => this.#desk.configure(definition));
    if (before === "public" && this.#desk.find(channel)?.settings.visibility === "private") this.#pass([resetOf(channel, kit.now())]);
    return done;
  }

  remove(channel: string, version: number): { left: boolean } {
    const { kit } = this.#deps;
    const there = this.store.find(channel);
    if (there && !there.removing && there.version <= version) this.#pass([resetOf(channel, kit.now())]);
    return { left: kit.transaction(() => this.#desk.remove(channel, version)) };
  }

  publish(channel: string, writes: readonly TopicWrite[], whole: boolean): Outcome<{ items: TopicResult[] }> {
    const { kit } = this.#deps;
    const now = kit.now();
    try {
      const { items, publications, settings } = kit.transaction(() => {
        const published = this.#desk.publish(channel, writes, whole, now);
        if (!published.ok) throw new Refusal(published.problem);
        return published.value;
      });
      this.#pass(this.#broadcast.add(channel, publications, settings.flushMs, now));
      this.#arm(now);
      if (publications.length > 0 && kit.timers.get(TOPICS_TIMER) === undefined)
        kit.timers.set(TOPICS_TIMER, now + Math.max(settings.keepSeconds * 1_000, EXPIRE_AT_MOST_EVERY_MS));
      return accept({ items });
    } catch (error) {
      if (error instanceof Refusal) return { ok: false, problem: error.problem };
      throw error;
    }
  }

  ask<Q extends TopicQuestion>(channel: string, question: Q, ask: TopicQuestions[Q]["ask"]): Outcome<TopicQuestions[Q]["answer"]> {
    return this.#reads.ask(channel, question, ask, this.#deps.kit.now());
  }

  follow(channel: string, hub: number | null): TopicStanding | null {
    if (hub !== null) this.#relays.noteFollow(channel, hub);
    return this.#deps.kit.transaction(() => this.#desk.follow(channel, hub));
  }

  since(channel: string, since: TopicSince): TopicRecovery | null {
    return this.#reads.since(channel, since, this.#deps.kit.now());
  }

  /** After a start: whoever may not have heard of the newest messages hears of them again, and fetches what was before. */
  tellAgain(): void {
    const since = this.#deps.kit.now() - TELL_AGAIN_MS;
    for (const channel of this.store.followed()) {
      const newest = this.#reads.newest(channel);
      if (newest && newest.at > since) this.#pass([newest.publication]);
    }
  }

  /** Deletes what is too old, a slice of each topic. */
  expire(now: number): void {
    const { kit } = this.#deps;
    let next: number | undefined;
    kit.transaction(() => {
      for (const channel of this.store.channels()) {
        const left = this.#desk.expire(channel, now);
        if (!left) continue;
        const at = left.more ? now + NEXT_SLICE_MS : Math.max(left.nextAt, now + EXPIRE_AT_MOST_EVERY_MS);
        next = Math.min(next ?? at, at);
      }
    });
    if (next !== undefined) kit.timers.set(TOPICS_TIMER, next);
  }

  /** A restored state is another history than the one that followers know. Inside a transaction. */
  beginAnew(): void {
    for (const channel of this.store.channels()) this.#desk.beginAnew(channel);
  }

  /** What waits, by priority, and what was left out of low priority since the start. */
  counts(): { critical: number; normal: number; low: number; shed: number } {
    const windows = this.#broadcast.counts();
    const ways = this.#relays.counts();
    return {
      critical: windows.critical + ways.critical,
      normal: windows.normal + ways.normal,
      low: windows.low + ways.low,
      shed: ways.shed,
    };
  }

  #arm(now: number): void {
    const waitMs = this.#broadcast.waitMs(now);
    if (waitMs === undefined || (this.#flushAt !== undefined && this.#flushAt <= now + waitMs && this.#flushAt > now)) return;
    this.#flushAt = now + waitMs;
    // Pacing only: what this timer loses is in the log, and told again after the next start.
    this.#deps.later(waitMs, () => {
      const at = this.#deps.kit.now();
      this.#flushAt = undefined;
      this.#pass(this.#broadcast.due(at));
      this.#arm(at);
    });
  }

  #pass(publications: readonly Publication[]): void {
    if (publications.length === 0) return;
    this.#deps.local(publications);
    const byHub = new Map<number, Publication[]>();
    const followers = new Map<string, number[]>();
    for (const publication of publications) {
      const { channel } = publication;
      const hubs = followers.get(channel) ?? this.store.followers(channel);
      followers.set(channel, hubs);
      for (const hub of hubs) {
        const theirs = byHub.get(hub);
        if (theirs) theirs.push(publication);
        else byHub.set(hub, [publication]);
      }
    }
    for (const [hub, theirs] of byHub) this.#relays.pass(hub, theirs);
  }
}
