import { LEADERBOARD_LIMITS, WINDOW_KINDS } from "../../../contract/leaderboard-limits.ts";
import type { WindowView } from "../../../contract/leaderboard-reads.ts";
import type { WindowSpan } from "../../../core/live/leaderboard/windows.ts";
import type { WindowRow } from "./sql-windows.ts";

interface Counted {
  readonly partition: string | null;
  readonly total: number;
}

export interface WindowsSeen {
  /** The board's windows of this moment, whether or not anybody scored in them. */
  readonly current: readonly WindowSpan[];
  /** What the object holds. */
  readonly rows: readonly WindowRow[];
  /** The latest of which only the archive remains. */
  readonly gone: readonly WindowRow[];
  readonly totals: (window: string) => readonly Counted[];
  readonly archived: (window: string) => readonly Counted[];
  readonly now: number;
}

/** Windows as lists show them: by kind, the latest first. */
export function windowViews({ current, rows, gone, totals, archived, now }: WindowsSeen): WindowView[] {
  const ranked = rows.filter(({ state }) => state !== "gone" && state !== "leaving");
  const known = new Set(ranked.map(({ window }) => window));
  const views = [
    ...current.filter(({ window }) => !known.has(window)).map((span) => viewOf(span, "open", true, [])),
    ...ranked.map((row) => viewOf(row, stateOf(row, now), true, totals(row.window))),
    ...rows.filter(({ state }) => state === "leaving").map((row) => viewOf(row, "archived", false, archived(row.window))),
    ...gone.map((row) => viewOf(row, "archived", false, archived(row.window))),
  ];
  return views.toSorted((a, b) => WINDOW_KINDS.indexOf(a.kind) - WINDOW_KINDS.indexOf(b.kind) || (a.window < b.window ? 1 : -1));
}

function stateOf({ state, closesAt }: WindowRow, now: number): WindowView["state"] {
  switch (state) {
    case "open":
      // Time alone closes a window; the timer that writes it down may be late.
      if (now >= closesAt + LEADERBOARD_LIMITS.graceMs) return "closing";
      return now >= closesAt ? "grace" : "open";
    case "closing":
    case "closed":
      return state;
    case "archived":
    case "leaving":
    case "gone":
      return "archived";
  }
}

function viewOf(span: WindowSpan, state: WindowView["state"], rankable: boolean, counts: readonly Counted[]): WindowView {
  return {
    kind: span.kind,
    window: span.window,
    opensAt: timeOf(span.opensAt),
    closesAt: timeOf(span.closesAt),
    state,
    rankable,
    total: counts.find(({ partition }) => partition === null)?.total ?? 0,
    partitions: counts.flatMap(({ partition, total }) => (partition === null ? [] : [{ partition, total }])),
  };
}

function timeOf(at: number): string | null {
  return Number.isFinite(at) ? new Date(at).toISOString() : null;
}
