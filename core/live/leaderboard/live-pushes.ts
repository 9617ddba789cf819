import { type BoardTopic, parseBoardTopic, type RankPush } from "../../../contract/leaderboard-live.ts";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { type Followed, Rankings } from "./live-rankings.ts";
import { type RankNews, RankTurns, type Watcher } from "./live-ranks.ts";
import type { BoardPush, BoardSession, Following } from "./live-session.ts";
import type { LiveNews, LiveSource, Move, RankingName } from "./live-source.ts";

const { topEveryMs, rankEveryMs } = LEADERBOARD_LIMITS;
/** Tops that are read at one time; the others' turn is 250 ms later. */
const TOPS_AT_ONCE = 100;

/** A topic with the channel that names it, and of `rank` whose it is. */
export interface BoardTopicAt extends BoardTopic {
  readonly channel: string;
  readonly player: string;
}

/** Publications by socket, in order: each gets them in one frame. */
export type Outgoing = Map<BoardSession, BoardPush[]>;

/**
 * What the followers of a board's channels get, and when: the best and the feed of a ranking, and ranks of those who scored, at most each
 * 250 ms; everybody's ranks and figures each second; windows and corrections at once. Nothing is due while nothing has changed, or nobody
 * follows what has.
 */
export class BoardPushes {
  readonly #source: LiveSource;
  readonly #rankings = new Rankings();
  readonly #turns = new RankTurns();
  /** Of every `rank/…` channel. */
  readonly #watchers = new Map<BoardSession, Map<string, Watcher>>();
  readonly #plain = { window: new Set<BoardSession>(), correction: new Set<BoardSession>(), stats: new Set<BoardSession>() };
  readonly #stirredTops = new Set<Followed>();
  readonly #stirredFeeds = new Set<Followed>();
  readonly #stirredRanks = new Set<Followed>();
  #statsStirred = false;
  /** Epoch milliseconds of the last time that tops, feeds and urgent ranks were looked at, and of the last tick. */
  #hurriedAt = Number.NEGATIVE_INFINITY;
  #tickedAt = Number.NEGATIVE_INFINITY;
  #out: Outgoing = new Map();

  constructor(source: LiveSource) {
    this.#source = source;
  }

  get isFollowed(): boolean {
    const { window, correction, stats } = this.#plain;
    return this.#rankings.size + window.size + correction.size + stats.size > 0;
  }

  follow(session: BoardSession, topic: BoardTopicAt, following: Following): void {
    if (topic.window === undefined) return void this.#setOf(topic)?.add(session);
    const followed = this.#rankings.open(rankingOf(topic));
    if (topic.kind === "top") followed.top.members.add(session);
    else if (topic.kind === "feed") followed.feed.members.add(session);
    else this.#watch(session, topic, followed, following);
  }

  unfollow(session: BoardSession, channel: string): void {
    const topic = parseBoardTopic(channel);
    if (!topic) return;
    if (topic.window === undefined) return void this.#setOf(topic)?.delete(session);
    const followed = this.#rankings.get(rankingOf(topic));
    if (!followed) return;
    if (topic.kind === "top") followed.top.leave(session);
    else if (topic.kind === "feed") followed.feed.members.delete(session);
    else this.#unwatch(session, channel, followed);
    if (!followed.isUnused) return;
    this.#rankings.close(followed);
    for (const stirred of [this.#stirredTops, this.#stirredFeeds, this.#stirredRanks]) stirred.delete(followed);
  }

  /** The first publications of a subscription. */
  begin(session: BoardSession, topic: BoardTopicAt, now: number): BoardPush[] {
    const { channel, kind } = topic;
    const ranking = rankingOf(topic);
    switch (kind) {
      case "top": {
        const data = this.#rankings.open(ranking).top.begin(session, () => this.#source.top(ranking, now));
        return [{ channel, type: "leaderboard.top", at: now, data }];
      }
      case "rank": {
        const { rank, score, total } = this.#source.standing(ranking, topic.player, session.player === topic.player, now);
        const push: RankPush = { player: topic.player, rank, previousRank: rank, score, total, cause: "self" };
        const watcher = this.#watchers.get(session)?.get(channel);
        if (watcher) watcher.pushedAt = now;
        return [{ channel, type: "leaderboard.rank", at: now, data: JSON.stringify(push), rank }];
      }
      case "stats":
        return [this.#figures(now)];
      case "feed":
      case "window":
      case "correction":
        return [];
    }
  }

  /** What a reader gets that has caught up: the newest of what has a newest, and the names of channels that have not. */
  release(session: BoardSession, channels: readonly string[], now: number): [pushes: BoardPush[], gaps: string[]] {
    const pushes: BoardPush[] = [];
    const gaps: string[] = [];
    for (const channel of channels) {
      const topic = parseBoardTopic(channel);
      const watcher = this.#watchers.get(session)?.get(channel);
      if (watcher) this.#turns.queue(watcher, []);
      else if (topic?.kind === "top" || topic?.kind === "stats")
        pushes.push(...this.begin(session, { ...topic, channel, player: "" }, now));
      else gaps.push(channel);
    }
    return [pushes, gaps];
  }

  /** @returns what goes out at once */
  tell(news: LiveNews, now: number): Outgoing {
    this.#statsStirred ||= this.#plain.stats.size > 0;
    if (news.type === "window") this.#tellWindow(news.push.window);
    else for (const move of news.moves) if (isMove(move)) this.#tellMove(news, move, now);
    if (news.type === "window") this.#toAll(this.#plain.window, "window", now, news.push);
    else if (news.type === "correction") this.#toAll(this.#plain.correction, "correction", now, news.push);
    return this.#take();
  }

  /** What is due by now goes out. */
  pump(now: number): Outgoing {
    if (now >= this.#hurriedAt + topEveryMs && this.#isHurried) {
      this.#hurriedAt = now;
      this.#pushTops(now);
      this.#pushFeeds(now);
      this.#pushRanks(
        this.#turns.hurry((watcher) => this.#look(watcher, now), now),
        now,
      );
    }
    if (now >= this.#tickedAt + rankEveryMs && this.#isTicking) {
      this.#tickedAt = now;
      for (const followed of this.#stirredRanks) followed.queueAll(this.#turns);
      this.#stirredRanks.clear();
      this.#pushRanks(
        this.#turns.tick((watcher) => this.#look(watcher, now), now),
        now,
      );
      if (this.#statsStirred) this.#pushStats(now);
    }
    return this.#take();
  }

  /** Epoch milliseconds when `pump` has something to do; undefined: never, as things are. */
  dueAt(): number | undefined {
    const hurry = this.#isHurried ? this.#hurriedAt + topEveryMs : Number.POSITIVE_INFINITY;
    const tick = this.#isTicking ? this.#tickedAt + rankEveryMs : Number.POSITIVE_INFINITY;
    const due = Math.min(hurry, tick);
    return due === Number.POSITIVE_INFINITY ? undefined : due;
  }

  get #isHurried(): boolean {
    return this.#stirredTops.size + this.#stirredFeeds.size > 0 || this.#turns.hasUrgent;
  }

  get #isTicking(): boolean {
    return this.#stirredRanks.size > 0 || this.#statsStirred || this.#turns.waiting;
  }

  #tellMove({ type, player }: Pick<Exclude<LiveNews, { type: "window" }>, "type" | "player">, move: Move, now: number): void {
    const current = () => this.#source.fullName(move.kind, now);
    for (const followed of this.#rankings.of({ window: move.window, partition: move.partition }, move.kind, current)) {
      for (const watcher of followed.watchersOf(player)) this.#turns.urge(watcher, type === "score" ? "self" : "corrected");
      if (move.shadow) continue; // nobody else sees it
      this.#stir(followed, type === "score" ? "others" : "others-corrected");
      if (type !== "score" || move.after === null || followed.feed.members.size === 0) continue;
      followed.feed.add(move.after);
      this.#stirredFeeds.add(followed);
    }
  }

  #tellWindow(window: string): void {
    for (const followed of this.#rankings.touchedBy(window)) this.#stir(followed, "others");
  }

  #stir(followed: Followed, by: "others" | "others-corrected"): void {
    if (followed.top.members.size > 0) this.#stirredTops.add(followed);
    if (!followed.isWatched) return;
    followed.stirredBy.add(by);
    this.#stirredRanks.add(followed);
  }

  #pushTops(now: number): void {
    let left = TOPS_AT_ONCE;
    for (const followed of this.#stirredTops) {
      if (left-- === 0) break;
      this.#stirredTops.delete(followed);
      if (followed.top.members.size === 0) continue;
      const channel = channelOf("top", followed.name);
      for (const { session, data } of followed.top.show(this.#source.top(followed.name, now))) {
        this.#put(session, { channel, type: "leaderboard.top", at: now, data });
      }
    }
  }

  #pushFeeds(now: number): void {
    for (const followed of this.#stirredFeeds) {
      const channel = channelOf("feed", followed.name);
      for (const item of followed.feed.take(now, (key) => this.#source.feed(followed.name, key, now))) {
        const push: BoardPush = { channel, type: "leaderboard.feed", at: now, data: JSON.stringify(item) };
        for (const session of followed.feed.members) this.#put(session, push);
      }
    }
    this.#stirredFeeds.clear();
  }

  #pushRanks(news: readonly RankNews[], now: number): void {
    for (const { watcher, push } of news) {
      watcher.pushedAt = now;
      const { session, channel } = watcher;
      this.#put(session, { channel, type: "leaderboard.rank", at: now, data: JSON.stringify(push), rank: push.rank });
    }
  }

  /** While the figures of the last minute have something in them they change by themselves. */
  #pushStats(now: number): void {
    this.#statsStirred = false;
    if (this.#plain.stats.size === 0) return;
    const push = this.#figures(now);
    for (const session of this.#plain.stats) this.#put(session, push);
  }

  #figures(now: number): BoardPush {
    const figures = this.#source.figures(now);
    this.#statsStirred ||= figures.activePlayers > 0 || figures.scoresPerSecond > 0;
    return { channel: "stats/live", type: "leaderboard.stats", at: now, data: JSON.stringify(figures) };
  }

  #toAll(sessions: ReadonlySet<BoardSession>, kind: "window" | "correction", now: number, data: object): void {
    if (sessions.size === 0) return;
    const push: BoardPush = { channel: `${kind}/all`, type: `leaderboard.${kind}`, at: now, data: JSON.stringify(data) };
    for (const session of sessions) this.#put(session, push);
  }

  #put(session: BoardSession, push: BoardPush): void {
    const of = this.#out.get(session);
    if (of) of.push(push);
    else this.#out.set(session, [push]);
  }

  #take(): Outgoing {
    const out = this.#out;
    this.#out = new Map();
    return out;
  }

  #look({ session, ranking, player }: Watcher, now: number) {
    return this.#source.standing(ranking, player, session.player === player, now);
  }

  #setOf({ kind }: BoardTopic): Set<BoardSession> | undefined {
    return kind === "window" || kind === "correction" || kind === "stats" ? this.#plain[kind] : undefined;
  }

  #watch(session: BoardSession, { channel, player }: BoardTopicAt, followed: Followed, following: Following): void {
    const watcher: Watcher = {
      session,
      channel,
      ranking: followed.name,
      player,
      following,
      pushedAt: Number.NEGATIVE_INFINITY,
      causes: new Set(),
    };
    const known = this.#watchers.get(session);
    if (known) known.set(channel, watcher);
    else this.#watchers.set(session, new Map([[channel, watcher]]));
    followed.watch(watcher);
  }

  #unwatch(session: BoardSession, channel: string, followed: Followed): void {
    const of = this.#watchers.get(session);
    const watcher = of?.get(channel);
    if (!of || !watcher) return;
    of.delete(channel);
    if (of.size === 0) this.#watchers.delete(session);
    followed.unwatch(watcher);
    this.#turns.leave(watcher);
  }
}

function rankingOf({ window = "all", partition }: BoardTopic): RankingName {
  return { window, partition };
}

function channelOf(kind: "top" | "feed", { window, partition }: RankingName): string {
  return `${kind}/${window}${partition === undefined ? "" : `:${partition}`}`;
}

/** A score that came to nothing is none. */
function isMove({ before, after }: Move): boolean {
  return before?.inv !== after?.inv || before?.sub !== after?.sub || before?.at !== after?.at || before?.player !== after?.player;
}
