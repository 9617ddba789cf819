import type { BoardStats, Entries, Entry, LookupReply, SetQuery, Standing, Submission, Top } from "../../../contract/leaderboard-reads.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import type { BoardQuestion, BoardQuestions } from "../../../contract/rpc/leaderboard.ts";
import { type Cursor, cursorText, readCursor } from "../../../core/live/leaderboard/cursors.ts";
import type { SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";
import { compareKeys, scoreOf, unscale } from "../../../core/live/leaderboard/scores.ts";
import { aroundStart, standingOf, standingsOf } from "../../../core/live/leaderboard/standings.ts";
import { figuresOf } from "./figures.ts";
import type { BoardParts } from "./parts.ts";
import { type KeyPage, pageOf } from "./read-page.ts";
import { isSubmission, submissionView } from "./submission-view.ts";
import type { BoardSet } from "./windows.ts";

type Ask<Q extends BoardQuestion> = BoardQuestions[Q]["ask"];
type ReadParts = Pick<BoardParts, "kit" | "book" | "sets" | "windows" | "log" | "players" | "reviews" | "live">;

/** A ranking that a question names: `set` is undefined while nobody is in it. */
interface Ranking {
  readonly window: string;
  readonly partition: string | null;
  readonly set: BoardSet | undefined;
}

/** A player's key in a ranking; `outside`: among the suspended, so this is where they would be. */
interface OwnKey {
  readonly key: SortKey;
  readonly where: "inside" | "outside";
}

/** Rows looked at for one that is shown, where some are left out. */
const LOOKED_AT = 4;
const NO_PAGE: KeyPage = { place: 0, keys: [], next: null, previous: null };

/** Answers the questions about ranks. Reads only; every answer is exact as of the moment that it names. */
export class ReadDesk {
  readonly #parts: ReadParts;

  constructor(parts: ReadParts) {
    this.#parts = parts;
  }

  top(ask: Ask<"top">, now: number): Outcome<Top> {
    const found = this.#ranking(ask, now);
    if (!found.ok) return found;
    const { set } = found.value;
    const keys = set ? this.#parts.sets.pageAt(set.id, 0, ask.limit) : [];
    return accept({ ...this.#head(found.value, now), items: this.#rows(set, 0, keys) });
  }

  entries({ cursor, ...ask }: Ask<"entries">, now: number): Outcome<Entries> {
    const from = cursor === undefined ? undefined : readCursor(cursor, ask.window);
    if (cursor !== undefined && !from)
      return refuse("invalid-parameter", "The cursor is not one of this ranking. Leave it out to begin anew.", {
        errors: [{ pointer: "?cursor", detail: "is not one that this list gave for this window" }],
      });
    const found = this.#ranking(from ? { ...ask, window: from.window } : ask, now);
    if (!found.ok) return found;
    const { set } = found.value;
    const page = set ? pageOf(this.#parts.sets, set.id, ask, from) : NO_PAGE;
    return accept(this.#page(found.value, page, now));
  }

  standing(ask: Ask<"standing">, now: number): Outcome<Standing> {
    const found = this.#ranking(ask, now);
    if (!found.ok) return found;
    const { set, window, partition } = found.value;
    const own = this.#keyOf(set, ask.player, ask.own);
    const common = { exactness: "exact", asOf: new Date(now).toISOString(), window, partition } as const;
    if (!set || !own) return accept({ ...common, rank: null, total: this.#total(set), percentile: 0, entry: null });
    const standing = standingOf(this.#parts.sets, set.id, own.key, this.#parts.book.config().ranking, own.where);
    const { player, name } = this.#parts.players.find(ask.player) ?? { player: ask.player, name: null };
    const names = new Map(name === null ? [] : [[player, name]]);
    return accept({ ...common, ...standing, entry: this.#entry(own.key, standing.rank, names) });
  }

  around(ask: Ask<"around">, now: number): Outcome<Entries> {
    const found = this.#ranking(ask, now);
    if (!found.ok) return found;
    const { set } = found.value;
    const own = this.#keyOf(set, ask.player, ask.own);
    if (!set || !own) return accept(this.#page(found.value, NO_PAGE, now));
    const { sets } = this.#parts;
    const outside = own.where === "outside";
    const total = sets.total(set.id) + (outside ? 1 : 0);
    const place = sets.placeOf(set.id, own.key);
    const start = aroundStart(place, ask.limit, total);
    const keys = sets.pageAt(set.id, start, ask.limit);
    // Only they themselves see a suspended player's row, where it would be.
    const shown = outside ? keys.toSpliced(place - start, 0, own.key).slice(0, ask.limit) : keys;
    const next = start + shown.length < total ? (shown.at(-1) ?? null) : null;
    const page = { place: start, keys: shown, next, previous: start > 0 ? (shown[0] ?? null) : null };
    const entries = this.#page(found.value, page, now);
    return accept({ ...entries, total });
  }

  lookup(ask: Ask<"lookup">, now: number): Outcome<LookupReply> {
    const found = this.#ranking(ask, now);
    if (!found.ok) return found;
    const { set } = found.value;
    const players = [...new Set(ask.players)];
    const keys = players.flatMap((player) => this.#keyOf(set, player, false)?.key ?? []).toSorted(compareKeys);
    const there = new Set(keys.map(({ player }) => player));
    return accept({
      ...this.#head(found.value, now),
      items: this.#scattered(set, keys, this.#parts.players.names([...there])),
      missing: players.filter((player) => !there.has(player)),
    });
  }

  search(ask: Ask<"search">, now: number): Outcome<LookupReply> {
    const found = this.#ranking(ask, now);
    if (!found.ok) return found;
    const { set } = found.value;
    const rows = this.#parts.players.byName(ask.q, ask.limit * LOOKED_AT);
    const keys = rows.flatMap(({ player }) => this.#keyOf(set, player, false)?.key ?? []).slice(0, ask.limit);
    const names = new Map(rows.flatMap(({ player, name }) => (name === null ? [] : [[player, name] as const])));
    return accept({ ...this.#head(found.value, now), items: this.#scattered(set, keys, names), missing: [] });
  }

  /** The newest scores that count. */
  feed({ limit }: Ask<"feed">): Outcome<{ items: Submission[] }> {
    const { log, players, book } = this.#parts;
    const rows = log
      .newestCounting(limit * LOOKED_AT)
      .filter(({ player }) => (players.find(player)?.state ?? "active") === "active")
      .slice(0, limit);
    const names = players.names([...new Set(rows.map(({ player }) => player))]);
    const { decimals } = book.config();
    return accept({
      items: rows.flatMap((row) =>
        isSubmission(row)
          ? submissionView(row, { id: log.idOf(row), player: row.player, name: names.get(row.player) ?? null, decimals })
          : [],
      ),
    });
  }

  figures(now: number): Outcome<BoardStats> {
    return accept(figuresOf(this.#parts, now));
  }

  #ranking({ window, partition }: SetQuery, now: number): Outcome<Ranking> {
    const { book, windows } = this.#parts;
    const config = book.config();
    const kind = window.split(":", 1)[0];
    if (!config.windows.some((known) => known === kind)) return refuse("not-found", "This board does not rank in that window.");
    if (!windows.exists(window)) return refuse("not-found", "There is no such day, week, month or season.");
    if (partition !== undefined && !config.partitions.some(({ values }) => values.includes(partition)))
      return refuse("not-found", "This board has no such partition.");
    const set = windows.named(window, partition, now);
    return accept({ window: windows.fullName(window, now), partition: partition ?? null, set });
  }

  #head({ window, partition, set }: Ranking, now: number): Omit<Top, "items"> {
    const version = set ? this.#parts.sets.version(set.id) : 0;
    return { window, partition, total: this.#total(set), exactness: "exact", asOf: new Date(now).toISOString(), version };
  }

  #total(set: BoardSet | undefined): number {
    return set ? this.#parts.sets.total(set.id) : 0;
  }

  #page(ranking: Ranking, { place, keys, next, previous }: KeyPage, now: number): Entries {
    const cursor = (key: SortKey | null) => key && cursorText({ window: ranking.window, key } satisfies Cursor);
    const items = this.#rows(ranking.set, place, keys);
    return { ...this.#head(ranking, now), items, nextCursor: cursor(next), previousCursor: cursor(previous) };
  }

  /** Neighbours, of which the first has this place. */
  #rows(set: BoardSet | undefined, place: number, keys: readonly SortKey[]): Entry[] {
    if (!set || keys.length === 0) return [];
    const { sets, book, players } = this.#parts;
    const standings = standingsOf(sets, set.id, place, keys, book.config().ranking);
    const names = players.names(keys.map(({ player }) => player));
    return keys.map((key, at) => this.#entry(key, standings[at]?.rank ?? 0, names));
  }

  /** Entries that are no neighbours: each is ranked by itself. */
  #scattered(set: BoardSet | undefined, keys: readonly SortKey[], names: ReadonlyMap<string, string>): Entry[] {
    if (!set) return [];
    const { sets, book } = this.#parts;
    const { ranking } = book.config();
    return keys.map((key) => this.#entry(key, sets.rankOf(set.id, key, ranking), names));
  }

  #entry(key: SortKey, rank: number, names: ReadonlyMap<string, string>): Entry {
    const config = this.#parts.book.config();
    const { scaled, subscore } = scoreOf(config, key);
    const { player, at } = key;
    const score = unscale(scaled, config.decimals);
    return { rank, player, name: names.get(player) ?? null, score, subscore, at: new Date(at).toISOString() };
  }

  #keyOf(set: BoardSet | undefined, player: string, own: boolean): OwnKey | undefined {
    if (!set) return undefined;
    const { sets, windows, book } = this.#parts;
    const key = sets.find(set.id, player);
    if (key) return { key, where: "inside" };
    if (!own || !book.config().shadow) return undefined;
    // Not `shadowOf`: asking opens nothing.
    const twin = windows.all().find(({ shadow, window, partition }) => shadow && window === set.window && partition === set.partition);
    const hidden = twin && sets.find(twin.id, player);
    return hidden && { key: hidden, where: "outside" };
  }
}
