import type { WindowKind } from "../../../contract/leaderboard-limits.ts";
import { FeedTopic } from "./live-feed.ts";
import type { RankTurns, Watcher } from "./live-ranks.ts";
import type { RankingName } from "./live-source.ts";
import { TopTopic } from "./live-top.ts";

/** One ranking, under the name by which sockets follow it; there while somebody does. */
export class Followed {
  readonly name: RankingName;
  readonly top = new TopTopic();
  readonly feed = new FeedTopic();
  readonly #watchers = new Map<string, Set<Watcher>>();
  /** What moved in it since its watchers were queued. */
  readonly stirredBy = new Set<"others" | "others-corrected">();

  constructor(name: RankingName) {
    this.name = name;
  }

  get isUnused(): boolean {
    return this.top.members.size + this.feed.members.size + this.#watchers.size === 0;
  }

  /** Those who follow this player's rank. */
  watchersOf(player: string): Iterable<Watcher> {
    return this.#watchers.get(player) ?? [];
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Everybody who watches waits for a look. */
  queueAll(turns: RankTurns): void {
    for (const ofPlayer of this.#watchers.values()) for (const watcher of ofPlayer) turns.queue(watcher, this.stirredBy);
    this.stirredBy.clear();
  }

  watch(watcher: Watcher): void {
    const known = this.#watchers.get(watcher.player);
    if (known) known.add(watcher);
    else this.#watchers.set(watcher.player, new Set([watcher]));
  }

  unwatch(watcher: Watcher): void {
    const known = this.#watchers.get(watcher.player);
    if (known?.delete(watcher) === true && known.size === 0) this.#watchers.delete(watcher.player);
  }
}

/** Every ranking that is followed, by its name. */
export class Rankings {
  readonly #byKey = new Map<string, Followed>();

  get size(): number {
    return this.#byKey.size;
  }

  open(name: RankingName): Followed {
    const key = keyOf(name);
    const known = this.#byKey.get(key);
    if (known) return known;
    const followed = new Followed(name);
    this.#byKey.set(key, followed);
    return followed;
  }

  get(name: RankingName): Followed | undefined {
    return this.#byKey.get(keyOf(name));
  }

  /** Forgets one that nobody follows any more. */
  close(followed: Followed): void {
    if (followed.isUnused) this.#byKey.delete(keyOf(followed.name));
  }

  /**
   * Those under whose names this ranking is followed: its full one, and while it is the current of its kind also that (`daily`).
   * @param current the full name of the current window of this kind
   */
  *of({ window, partition }: RankingName, kind: WindowKind, current: () => string): Generator<Followed> {
    const full = this.#byKey.get(keyOf({ window, partition }));
    if (full) yield full;
    if (kind === window) return;
    const alias = this.#byKey.get(keyOf({ window: kind, partition }));
    if (alias && current() === window) yield alias;
  }

  /** Those that a change of this window is about: itself and, because the current one changes, its kind. */
  *touchedBy(window: string): Generator<Followed> {
    const [kind] = window.split(":");
    for (const followed of this.#byKey.values()) if (followed.name.window === window || followed.name.window === kind) yield followed;
  }
}

/** No partition and no window holds the separator. */
function keyOf({ window, partition }: RankingName): string {
  return `${window}|${partition ?? ""}`;
}
