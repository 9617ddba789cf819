import { LEADERBOARD_LIMITS, WINDOW_KINDS } from "../../../contract/leaderboard-limits.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import type { WindowView } from "../../../contract/leaderboard-reads.ts";
import { partitionProblem } from "../../../core/live/leaderboard/partitions.ts";
import { WindowCalendar, type WindowSpan } from "../../../core/live/leaderboard/windows.ts";
import { ArchiveStore } from "./archives.ts";
import type { BoardNews } from "./live.ts";
import type { BoardParts } from "./parts.ts";
import { WINDOW_STATES, WindowStore, type WindowRow } from "./sql-windows.ts";
import { windowViews } from "./window-views.ts";
import type { BoardSet, BoardWindows } from "./windows.ts";

/** Named so in the shell: `timers: { windows: … }`. */
export const WINDOW_TIMER = "windows";

/** An import of several parts changes closed windows again and again; their archives are made anew once it has been quiet so long. */
const IMPORT_QUIET_MS = 60_000;

interface Memory {
  readonly windows: Map<string, WindowRow>;
  readonly sets: Map<string, BoardSet>;
}

/**
 * Which rankings there are: opened by their first score, found by their names. What becomes of them after their end is `Closing`'s,
 * which goes through `change`.
 */
export class WindowDesk implements BoardWindows {
  readonly #parts: BoardParts;
  readonly #store: WindowStore;
  readonly #archives: ArchiveStore;
  #memory: Memory | undefined;
  #calendar: WindowCalendar | undefined;
  #news: BoardNews[] = [];

  constructor(parts: BoardParts, sql: SqlStorage) {
    this.#parts = parts;
    this.#store = new WindowStore(sql);
    this.#archives = new ArchiveStore(sql);
  }

  get calendar(): WindowCalendar {
    const { timeZone } = this.#parts.book.config();
    if (this.#calendar?.timeZone !== timeZone) this.#calendar = new WindowCalendar(timeZone);
    return this.#calendar;
  }

  entering(occurredAt: number, partitions: readonly string[], now: number, how: "score" | "import"): Outcome<readonly BoardSet[]> {
    const problem = partitionProblem(this.#parts.book.config(), partitions);
    if (problem !== undefined) return refuse("invalid-parameter", problem, { errors: [{ pointer: "/partition", detail: problem }] });
    if (occurredAt > now + LEADERBOARD_LIMITS.graceMs) return refuse("invalid-parameter", "Send a time that is not in the future.", WHEN);
    if (occurredAt < 0) return refuse("invalid-parameter", "Send a time after 1970.", WHEN);
    // What a clock that runs ahead calls tomorrow is still today.
    const spans = this.#spansAt(Math.min(occurredAt, now));
    const open = how === "score" ? spans : spans.filter((span) => this.#canBeRanked(span, now));
    const over = how === "score" ? spans.find((span) => !this.#takesScores(span, now)) : undefined;
    if (over || open.length === 0) return refuse("window-closed", `${(over ?? spans[0])?.window} takes no more scores.`);
    return accept(open.flatMap((span) => this.#enter(span, partitions, now, how)));
  }

  entered(occurredAt: number, partitions: readonly string[]): readonly BoardSet[] {
    const { windows, sets } = this.#held();
    const here = this.#spansAt(occurredAt).filter(({ window }) => isRanked(windows.get(window)));
    return here.flatMap(({ window }) => partsOf(partitions).flatMap((partition) => sets.get(keyOf(window, partition, false)) ?? []));
  }

  named(window: string, partition: string | undefined, now: number): BoardSet | undefined {
    const { windows, sets } = this.#held();
    const name = this.fullName(window, now);
    return isRanked(windows.get(name)) ? sets.get(keyOf(name, partition ?? null, false)) : undefined;
  }

  exists(window: string): boolean {
    return WINDOW_KINDS.some((kind) => kind === window) || this.calendar.spanNamed(window) !== undefined;
  }

  fullName(window: string, now: number): string {
    const kind = WINDOW_KINDS.find((candidate) => candidate === window);
    return kind === undefined ? window : this.calendar.spanAt(kind, now).window;
  }

  shadowOf(set: BoardSet): BoardSet {
    if (set.shadow) return set;
    return this.#held().sets.get(keyOf(set.window, set.partition, true)) ?? this.#addSet({ ...set, shadow: true });
  }

  disturbed(window: string, now: number): void {
    const row = this.#held().windows.get(window);
    // One that is being deleted has lost entries already: an archive of the rest would not be the window.
    if (row && row.state !== "open" && isRanked(row)) this.#disturb(row, now);
  }

  open(): readonly BoardSet[] {
    const { windows, sets } = this.#held();
    return [...sets.values()].filter(({ window }) => windows.get(window)?.state === "open");
  }

  all(): readonly BoardSet[] {
    return [...this.#held().sets.values()];
  }

  /** Rankings of a window, shadows last. */
  setsOf(window: string): readonly BoardSet[] {
    return this.all()
      .filter((set) => set.window === window)
      .toSorted((a, b) => Number(a.shadow) - Number(b.shadow) || a.id - b.id);
  }

  list(now: number): readonly WindowView[] {
    const { sets, book } = this.#parts;
    return windowViews({
      current: book.config().windows.map((kind) => this.calendar.spanAt(kind, now)),
      rows: [...this.#held().windows.values()],
      gone: this.#store.gone(GONE_LISTED),
      totals: (window) =>
        this.setsOf(window).flatMap((set) => (set.shadow ? [] : [{ partition: set.partition, total: sets.total(set.id) }])),
      archived: (window) => this.#archives.of(window).map(({ partition, entries }) => ({ partition, total: entries })),
      now,
    });
  }

  reset(): void {
    this.#memory = undefined;
    this.#news = [];
  }

  /** Windows that something is to be done with by now: first those to close, then in the order of their further way. */
  due(now: number): readonly WindowRow[] {
    return [...this.#held().windows.values()]
      .filter(({ dueAt }) => dueAt !== null && dueAt <= now)
      .toSorted((a, b) => WINDOW_STATES.indexOf(a.state) - WINDOW_STATES.indexOf(b.state) || (a.dueAt ?? 0) - (b.dueAt ?? 0));
  }

  find(window: string): WindowRow | undefined {
    return this.#held().windows.get(window);
  }

  /** Writes a window's row, and moves the timer. In a transaction. */
  change(row: WindowRow): void {
    const { windows } = this.#held();
    this.#store.put(row);
    if (row.state === "gone" && row.dueAt === null) windows.delete(row.window);
    else windows.set(row.window, row);
    this.arm();
  }

  /** Holds the timer at the first thing to do. */
  arm(): void {
    const { timers } = this.#parts.kit;
    let first = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#held().windows.values()) first = Math.min(first, dueAt ?? Number.POSITIVE_INFINITY);
    if (first === Number.POSITIVE_INFINITY) timers.clear(WINDOW_TIMER);
    else timers.set(WINDOW_TIMER, first);
  }

  removeSet(set: BoardSet): void {
    this.#store.removeSet(set.id);
    this.#held().sets.delete(keyOf(set.window, set.partition, set.shadow));
  }

  /** Tells those who listen, once the running transaction is over; never when it was undone. */
  tell(news: BoardNews): void {
    this.#news.push(news);
    if (this.#news.length > 1) return;
    queueMicrotask(() => {
      for (const one of this.#news.splice(0)) this.#parts.live.tell(one);
    });
  }

  #spansAt(at: number): WindowSpan[] {
    return this.#parts.book.config().windows.map((kind) => this.calendar.spanAt(kind, at));
  }

  #takesScores(span: WindowSpan, now: number): boolean {
    const state = this.#held().windows.get(span.window)?.state ?? "open";
    // Safety never waits for the timer: time alone closes a window.
    return state === "open" && now < span.closesAt + LEADERBOARD_LIMITS.graceMs;
  }

  #canBeRanked(span: WindowSpan, now: number): boolean {
    const row = this.#held().windows.get(span.window) ?? this.#store.find(span.window);
    return row === undefined ? now < this.calendar.keptUntil(span) : isRanked(row);
  }

  #enter(span: WindowSpan, partitions: readonly string[], now: number, how: "score" | "import"): BoardSet[] {
    const { windows, sets } = this.#held();
    const row = windows.get(span.window);
    if (!row) this.#openWindow(span, now, how);
    else if (row.state !== "open") this.#disturb(row, now);
    else if (row.quiet && how === "score") this.#play({ ...row, quiet: false });
    return partsOf(partitions).map(
      (partition) =>
        sets.get(keyOf(span.window, partition, false)) ?? this.#addSet({ kind: span.kind, window: span.window, partition, shadow: false }),
    );
  }

  #openWindow(span: WindowSpan, now: number, how: "score" | "import"): void {
    const isOver = now >= span.closesAt + LEADERBOARD_LIMITS.graceMs;
    const row = { ...span, state: "open", run: 0, progress: null, dueAt: isOver ? now + IMPORT_QUIET_MS : closingAt(span) } as const;
    if (how === "import") this.change({ ...row, quiet: true });
    else this.#play({ ...row, quiet: false });
  }

  /** The first score that is none of an import: what had only been imported is a window like any other from here on. */
  #play(row: WindowRow): void {
    this.change(row);
    this.tell({ type: "window", window: row.window, state: "opened" });
  }

  /** An import came into a closed window: what was archived of it no longer is all. */
  #disturb(row: WindowRow, now: number): void {
    if (row.state === "closing") return;
    if (row.state === "closed" && row.progress === null && (row.dueAt ?? 0) > now) return;
    this.change({ ...row, state: "closed", run: row.run + 1, progress: null, dueAt: now + IMPORT_QUIET_MS });
  }

  #addSet(of: Omit<BoardSet, "id">): BoardSet {
    const { kind, window, partition, shadow } = of;
    const set = this.#store.addSet({ kind, window, partition, shadow });
    this.#held().sets.set(keyOf(window, partition, shadow), set);
    return set;
  }

  #held(): Memory {
    this.#memory ??= {
      windows: new Map(this.#store.kept().map((row) => [row.window, row])),
      sets: new Map(this.#store.sets().map((set) => [keyOf(set.window, set.partition, set.shadow), set])),
    };
    return this.#memory;
  }
}

/** Windows whose archive alone remains, in a list of windows. */
const GONE_LISTED = 90;
const WHEN = { errors: [{ pointer: "/occurredAt", detail: "Send a time between 1970 and now" }] };

/** When a window's closing begins. */
export function closingAt({ closesAt }: Pick<WindowSpan, "closesAt">): number | null {
  return Number.isFinite(closesAt) ? closesAt + LEADERBOARD_LIMITS.graceMs : null;
}

function isRanked(row: WindowRow | undefined): boolean {
  return row !== undefined && row.state !== "leaving" && row.state !== "gone";
}

function partsOf(partitions: readonly string[]): (string | null)[] {
  return [null, ...partitions];
}

/** Names of windows and partitions have neither a blank nor a slash. */
function keyOf(window: string, partition: string | null, shadow: boolean): string {
  return `${window} ${partition ?? ""}${shadow ? "/shadow" : ""}`;
}
