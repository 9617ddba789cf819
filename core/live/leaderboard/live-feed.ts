import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { BoardSession } from "./live-session.ts";
import type { SortKey } from "./ranked-sets.ts";
import { compareKeys } from "./scores.ts";

const SECOND_MS = 1_000;
const { feedPerSecond } = LEADERBOARD_LIMITS;

/** Those who follow good scores of one ranking. Of more than may be sent in a second the best are: what is kept is bounded. */
export class FeedTopic {
  readonly members = new Set<BoardSession>();
  /** The best entries since the last flush, one of each player. */
  #pending: SortKey[] = [];
  /** When the newest entries were sent, oldest first. */
  readonly #sentAt: number[] = [];

  add(key: SortKey): void {
    const worst = this.#pending[feedPerSecond - 1];
    if (worst !== undefined && compareKeys(worst, key) < 0) return;
    this.#pending = [...this.#pending.filter(({ player }) => player !== key.player), key].sort(compareKeys).slice(0, feedPerSecond);
  }

  /** Entries that may be sent now, the best first, as far as `worth` makes something of them; what is over is forgotten. */
  take<T>(now: number, worth: (key: SortKey) => T | undefined): T[] {
    // A clock that was set back must not keep the feed quiet.
    while (this.#sentAt[0] !== undefined && (this.#sentAt[0] + SECOND_MS <= now || this.#sentAt[0] > now)) this.#sentAt.shift();
    const taken: T[] = [];
    for (const key of this.#pending) {
      if (this.#sentAt.length >= feedPerSecond) break;
      const item = worth(key);
      if (item === undefined) continue;
      taken.push(item);
      this.#sentAt.push(now);
    }
    this.#pending = [];
    return taken;
  }
}
