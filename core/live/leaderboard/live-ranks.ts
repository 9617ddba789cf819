import { isRankWorthTelling, type RankPush } from "../../../contract/leaderboard-live.ts";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { BoardSession, Following } from "./live-session.ts";
import type { RankingName, StandingNow } from "./live-source.ts";

const { ranksPerTick, rankEveryMs } = LEADERBOARD_LIMITS;

/** A socket that follows one player's rank. */
export interface Watcher {
  readonly session: BoardSession;
  readonly channel: string;
  readonly ranking: RankingName;
  readonly player: string;
  /** Of the session: with the rank last sent. */
  readonly following: Following;
  /** Epoch milliseconds of the last frame. */
  pushedAt: number;
  /** What may have moved the player since the last look. */
  readonly causes: Set<Cause>;
}

/** What happened since the last look: to the player's own entry (a score, a correction), or to those of others. */
type Cause = "self" | "corrected" | "others" | "others-corrected";

/** Looks where a player stands. */
type Look = (watcher: Watcher) => StandingNow;
export interface RankNews {
  readonly watcher: Watcher;
  readonly push: RankPush;
}

/**
 * Whose rank is looked at when: whoever scored themselves soon, everybody else in turn, once a second, and never more in a second than
 * `ranksPerTick`. A watcher is in the queue once, so a busy board looks at each as often as at any other.
 */
export class RankTurns {
  /** Players whose own entry changed. */
  readonly #urgent = new Set<Watcher>();
  /** Sets keep the order in which they were filled: the first is whose turn is next. */
  readonly #queue = new Set<Watcher>();
  /** Looks left until the next tick. */
  #budget = ranksPerTick;

  /** The player's own entry changed. */
  urge(watcher: Watcher, cause: "self" | "corrected"): void {
    watcher.causes.add(cause);
    this.#urgent.add(watcher);
  }

  /** Something in the ranking changed. */
  queue(watcher: Watcher, causes: Iterable<"others" | "others-corrected">): void {
    for (const cause of causes) watcher.causes.add(cause);
    this.#queue.add(watcher);
  }

  leave(watcher: Watcher): void {
    this.#urgent.delete(watcher);
    this.#queue.delete(watcher);
  }

  get hasUrgent(): boolean {
    return this.#urgent.size > 0 && this.#budget > 0;
  }

  get waiting(): boolean {
    return this.#urgent.size + this.#queue.size > 0;
  }

  /** Those who scored themselves. */
  hurry(look: Look, now: number): RankNews[] {
    return this.#serve(this.#urgent, look, now);
  }

  /** A second has passed. */
  tick(look: Look, now: number): RankNews[] {
    this.#budget = ranksPerTick;
    return [...this.#serve(this.#urgent, look, now), ...this.#serve(this.#queue, look, now)];
  }

  #serve(waiting: Set<Watcher>, look: Look, now: number): RankNews[] {
    const news: RankNews[] = [];
    for (const watcher of waiting) {
      if (this.#budget <= 0) break;
      if (isTooSoon(watcher, now)) continue;
      this.#budget -= 1;
      this.leave(watcher);
      const push = judge(watcher, look(watcher));
      if (push) news.push({ watcher, push });
    }
    return news;
  }
}

function isTooSoon({ pushedAt }: Watcher, now: number): boolean {
  return pushedAt <= now && now < pushedAt + rankEveryMs;
}

/** The frame that this standing is worth, if any. */
function judge(watcher: Watcher, { rank, score, total }: StandingNow): RankPush | undefined {
  const { causes, following, player } = watcher;
  const cause = causeOf(causes);
  causes.clear();
  const previousRank = following.rank ?? null;
  return isRankWorthTelling(previousRank, rank) ? { player, rank, previousRank, score, total, cause } : undefined;
}

/** The nearest to the player of all that happened. */
function causeOf(causes: ReadonlySet<Cause>): RankPush["cause"] {
  if (causes.has("self")) return "self";
  if (causes.has("corrected")) return "correction";
  return causes.has("others") || !causes.has("others-corrected") ? "others" : "correction";
}
