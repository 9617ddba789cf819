import type { BoardConfig } from "../../../contract/leaderboards.ts";

/** Figures of a player over all windows, as far as a run changes them. Scores are scaled, times epoch milliseconds. */
export interface PlayerFigures {
  readonly runs: number;
  readonly total: number;
  readonly best: number | null;
  readonly streakDays: number;
  /** Days since 1970 in the board's zone. */
  readonly lastDay: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** A run that counts. */
export interface FigureRun {
  /** Scaled; of a `sum` board the delta. */
  readonly score: number;
  readonly occurredAt: number;
  /** The day of `occurredAt`: days since 1970 in the board's zone. */
  readonly day: number;
}

/** A player's figures after one more run. */
export function figuresAfter(held: PlayerFigures | undefined, run: FigureRun, order: BoardConfig["order"]): PlayerFigures {
  const { score, occurredAt, day } = run;
  if (held === undefined || held.runs === 0) {
    const firstAt = Math.min(held?.firstAt ?? occurredAt, occurredAt);
    const lastAt = Math.max(held?.lastAt ?? occurredAt, occurredAt);
    return { runs: 1, total: score, best: score, streakDays: 1, lastDay: day, firstAt, lastAt };
  }
  const better = held.best === null || (order === "desc" ? score > held.best : score < held.best);
  return {
    runs: held.runs + 1,
    total: held.total + score,
    best: better ? score : held.best,
    ...streakAfter(held, day),
    firstAt: Math.min(held.firstAt, occurredAt),
    lastAt: Math.max(held.lastAt, occurredAt),
  };
}

/** A run of an earlier day, such as an imported one, changes no streak: the days between are not known any more. */
function streakAfter({ streakDays, lastDay }: PlayerFigures, day: number): Pick<PlayerFigures, "streakDays" | "lastDay"> {
  if (day <= lastDay) return { streakDays, lastDay };
  return { streakDays: day === lastDay + 1 ? streakDays + 1 : 1, lastDay: day };
}

/** The day of a daily window's full name, `daily:2026-11-20`, as days since 1970. */
export function dayOfWindow(name: string): number {
  return Date.parse(`${name.slice("daily:".length)}T00:00:00Z`) / 86_400_000;
}
