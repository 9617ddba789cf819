import type { BoardFigures, Review, WindowView } from "../../../contract/leaderboard-reads.ts";
import type { BoardView } from "../../../contract/leaderboards.ts";
import type { WindowKind } from "../../../contract/leaderboard-limits.ts";
import type { Verdict } from "../../../contract/leaderboard-scores.ts";
import { formatValue, plural, threeDigits } from "../../lib/format.ts";
import type { Tone } from "../../ui/state-badge.tsx";

/** How the console speaks of leaderboards. */

export const BOARDS = "/console/live/leaderboards";

export function boardAddress(board: string, query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString();
  return `${BOARDS}/${encodeURIComponent(board)}${text ? `?${text}` : ""}`;
}

export const BOARD_TONES: Record<BoardView["state"], Tone> = { live: "ok", creating: "info", deleting: "warn" };
export const VERDICT_TONES: Record<Verdict, Tone> = { accepted: "ok", flagged: "info", quarantined: "warn", rejected: "critical" };
export const WINDOW_TONES: Record<WindowView["state"], Tone> = {
  open: "ok",
  grace: "info",
  closing: "info",
  closed: "warn",
  archived: "muted",
};

/** What a player scored, with the decimals the board keeps. */
export function scoreWords(score: number): string {
  return score.toLocaleString("en", { maximumFractionDigits: 6 });
}

/** A player as lists call them: by name, else by id. */
export function nameOf({ name, player }: { readonly name: string | null; readonly player: string }): string {
  return name ?? player;
}

/** What is known of one board beyond its definition; null where it could not be read or may not be. */
export interface BoardKnown {
  readonly players: number | null;
  readonly figures: BoardFigures | null;
}

/** The top line of the list: cases that wait, then boards that are not ready, then how many there are. */
export function boardsHead(
  boards: readonly BoardView[],
  known: ReadonlyMap<string, BoardKnown>,
): { tone: Tone; headline: string; detail: string } {
  const open = boards.reduce((sum, { board }) => sum + (known.get(board)?.figures?.openReviews ?? 0), 0);
  const perSecond = boards.reduce((sum, { board }) => sum + (known.get(board)?.figures?.scoresPerSecond ?? 0), 0);
  const unready = boards.filter(({ state }) => state !== "live").length;
  const count = plural(boards.length, "leaderboard");
  const pace = perSecond > 0 ? ` · ${paceWords(perSecond)}` : "";
  if (open > 0) {
    const where = boards.filter(({ board }) => (known.get(board)?.figures?.openReviews ?? 0) > 0).map(({ board }) => board);
    const some = `${where.slice(0, 3).join(", ")}${where.length > 3 ? ` and ${where.length - 3} more` : ""}`;
    return { tone: "warn", headline: `${plural(open, "case")} to review`, detail: `on ${some} · ${count}${pace}` };
  }
  if (unready > 0) return { tone: "info", headline: `${count}, ${unready} not ready`, detail: `being made or deleted${pace}` };
  return { tone: "ok", headline: count, detail: `no case to review${pace}` };
}

/** The top line of one board. */
export function boardHead(
  { config, state }: Pick<BoardView, "config" | "state">,
  { players, figures }: BoardKnown,
): { tone: Tone; headline: string; detail: string } {
  const many = players === null ? [] : [plural(players, "player")];
  if (state !== "live") return { tone: BOARD_TONES[state], headline: `${config.title} is ${stateWords(state)}`, detail: many.join("") };
  const open = figures?.openReviews ?? 0;
  const pace = figures ? [paceWords(figures.scoresPerSecond)] : [];
  const detail = [...many, ...pace, ...(figures && open === 0 ? ["no case to review"] : [])].join(" · ");
  if (open > 0) return { tone: "warn", headline: `${config.title}: ${plural(open, "case")} to review`, detail };
  return { tone: "ok", headline: config.title, detail };
}

function paceWords(perSecond: number): string {
  const text = threeDigits(perSecond);
  return perSecond === 0 ? "no score in the last minute" : `${text} ${text === "1" ? "score" : "scores"}/s`;
}

export function stateWords(state: BoardView["state"]): string {
  return state === "live" ? "live" : state === "creating" ? "being made" : "being deleted";
}

const KINDS: Record<WindowKind, string> = { all: "All time", daily: "Day", weekly: "Week", monthly: "Month", season: "Season" };
const CURRENT: Record<WindowKind, string> = {
  all: "All time",
  daily: "Today",
  weekly: "This week",
  monthly: "This month",
  season: "This season",
};

/** `Today`, `Day 2026-11-19`, `Week 2026-W46`: a window by its name; kinds alone are the present ones. */
export function windowWords(window: string): string {
  const [kind = "", name] = window.split(":");
  if (!isKind(kind)) return window;
  return name === undefined ? CURRENT[kind] : `${KINDS[kind]} ${name}`;
}

/** `Day`: a kind of window, whichever it is. */
export function kindWords(kind: WindowKind): string {
  return KINDS[kind];
}

function isKind(kind: string): kind is WindowKind {
  return Object.hasOwn(KINDS, kind);
}

export interface WindowChoice {
  readonly value: string;
  readonly words: string;
}

/** Windows one can rank in: the present ones by kind, then the past ones, the newest first. */
export function windowChoices(windows: readonly WindowView[]): { now: WindowChoice[]; past: WindowChoice[] } {
  const now = windows.filter(({ state }) => state === "open").map(({ kind }) => ({ value: kind, words: windowWords(kind) }));
  const past = windows
    .filter(({ state, rankable }) => state !== "open" && rankable)
    .map(({ window }) => ({ value: window, words: windowWords(window) }));
  return { now: now.filter(({ value }, i) => now.findIndex((one) => one.value === value) === i), past };
}

/** `12.3 robust deviations above the median`, or why there is no such figure. */
export function deviationWords(z: number | null): string {
  if (z === null) return "too few runs to compare with";
  const size = Math.abs(z).toLocaleString("en", { maximumFractionDigits: 1 });
  return `${size} robust deviations ${z < 0 ? "below" : "above"} the median`;
}

/** What a decision in the past says: `banned by …`. */
export function decisionWords(decision: NonNullable<Review["decision"]>["decision"]): string {
  const words: Record<string, string> = { clear: "cleared", suspend: "suspended", ban: "banned" };
  return words[decision] ?? decision;
}

/** `flagged by 3 of 4`: what a rule was worth. */
export function precisionWords({ decided, upheld }: { readonly decided: number; readonly upheld: number }): string {
  return decided === 0 ? "no case decided" : `${upheld} of ${decided} upheld, ${formatValue(upheld / decided, "ratio")}`;
}
