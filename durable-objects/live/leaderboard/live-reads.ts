import type { FeedPush } from "../../../contract/leaderboard-live.ts";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { BoardStats } from "../../../contract/leaderboard-reads.ts";
import type { LiveSource, RankingName, StandingNow, TopNow } from "../../../core/live/leaderboard/live-source.ts";
import type { SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";
import { scoreOf, unscale } from "../../../core/live/leaderboard/scores.ts";
import { percentileOf, standingOf, standingsOf } from "../../../core/live/leaderboard/standings.ts";
import type { BoardParts } from "./parts.ts";
import type { BoardSet } from "./windows.ts";

type LiveParts = Pick<BoardParts, "book" | "sets" | "windows" | "players">;

/** A feed carries what is above this. */
const FEED_PERCENTILE = 90;

/** What pushes are made of, read from a board's parts. A tick asks for two thousand standings, so these read no names. */
export class LiveReads implements LiveSource {
  readonly #parts: LiveParts;
  readonly #figures: (now: number) => BoardStats;

  constructor(parts: LiveParts, figures: (now: number) => BoardStats) {
    this.#parts = parts;
    this.#figures = figures;
  }

  ranks({ window, partition }: RankingName): boolean {
    const { windows, partitions } = this.#parts.book.config();
    const kind = window.split(":", 1)[0];
    return (
      windows.some((known) => known === kind) &&
      this.#parts.windows.exists(window) &&
      (partition === undefined || partitions.some(({ values }) => values.includes(partition)))
    );
  }

  fullName(window: string, now: number): string {
    return this.#parts.windows.fullName(window, now);
  }

  top({ window, partition }: RankingName, now: number): TopNow {
    const { sets, windows, players, book } = this.#parts;
    const name = windows.fullName(window, now);
    const set = windows.named(window, partition, now);
    if (!set) return { window: name, version: 0, total: 0, items: [] };
    const keys = sets.pageAt(set.id, 0, LEADERBOARD_LIMITS.topRows);
    const standings = standingsOf(sets, set.id, 0, keys, book.config().ranking);
    const names = players.names(keys.map(({ player }) => player));
    const items = keys.map((key, place) => {
      const { score, subscore } = this.#scoreOf(key);
      const { player, at } = key;
      const rank = standings[place]?.rank ?? 0;
      return { rank, player, name: names.get(player) ?? null, score, subscore, at: new Date(at).toISOString() };
    });
    return { window: name, version: sets.version(set.id), total: sets.total(set.id), items };
  }

  standing({ window, partition }: RankingName, player: string, own: boolean, now: number): StandingNow {
    const { sets, windows, book } = this.#parts;
    const set = windows.named(window, partition, now);
    if (!set) return { rank: null, score: null, total: 0 };
    const key = sets.find(set.id, player);
    const hidden = key || !own ? undefined : this.#hiddenKey(set, player);
    const shown = key ?? hidden;
    if (!shown) return { rank: null, score: null, total: sets.total(set.id) };
    const { rank, total } = standingOf(sets, set.id, shown, book.config().ranking, key ? "inside" : "outside");
    return { rank, score: this.#scoreOf(shown).score, total };
  }

  feed({ window, partition }: RankingName, key: SortKey, now: number): FeedPush | undefined {
    const { sets, windows, players, book } = this.#parts;
    const set = windows.named(window, partition, now);
    // Who was held back or erased since then is fed to nobody.
    if (!set || !sets.find(set.id, key.player)) return undefined;
    if (percentileOf(sets.placeOf(set.id, key), sets.total(set.id)) <= FEED_PERCENTILE) return undefined;
    const { player, at } = key;
    const name = players.names([player]).get(player) ?? null;
    return { player, name, score: this.#scoreOf(key).score, rank: sets.rankOf(set.id, key, book.config().ranking), at };
  }

  figures(now: number): BoardStats {
    return this.#figures(now);
  }

  /** What a key's score is called outside. */
  #scoreOf(key: SortKey): { score: number; subscore: number | null } {
    const config = this.#parts.book.config();
    const { scaled, subscore } = scoreOf(config, key);
    return { score: unscale(scaled, config.decimals), subscore };
  }

  /** Where a suspended player would be, on boards that show it to them. */
  #hiddenKey({ window, partition }: BoardSet, player: string): SortKey | undefined {
    const { sets, windows, players, book } = this.#parts;
    if (!book.config().shadow || (players.find(player)?.state ?? "active") === "active") return undefined;
    const twin = windows.all().find((set) => set.shadow && set.window === window && set.partition === partition);
    return twin && sets.find(twin.id, player);
  }
}
