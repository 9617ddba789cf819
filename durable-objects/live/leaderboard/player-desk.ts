import type { PlayerStats, Submission } from "../../../contract/leaderboard-reads.ts";
import { accept, type Outcome } from "../../../contract/problems.ts";
import type { BoardQuestions } from "../../../contract/rpc/leaderboard.ts";
import { REVIEW_LIMITS } from "../../../core/live/leaderboard/review-cases.ts";
import { unscale } from "../../../core/live/leaderboard/scores.ts";
import type { LogRow } from "./log.ts";
import type { BoardParts } from "./parts.ts";
import type { PlayerRow } from "./players.ts";
import { isSubmission, submissionView } from "./submission-view.ts";

/** Answers what is asked about one player. */
export class PlayerDesk {
  readonly #parts: BoardParts;

  constructor(parts: BoardParts) {
    this.#parts = parts;
  }

  /**
   * A player's figures over all windows, and their latest runs. Somebody who never scored has zeros. Whoever is not trusted sees the runs
   * that count and nothing of what rules or reviewers thought: it would teach a cheater what to change.
   */
  stats({ player, trusted }: BoardQuestions["stats"]["ask"], now: number): Outcome<PlayerStats> {
    const { book, players, log } = this.#parts;
    const { decimals } = book.config();
    const row = players.find(player);
    const shown = (scaled: number) => unscale(scaled, decimals);
    const runs = row?.runs ?? 0;
    const state = trusted ? stateOf(row ?? this.#parts.reviews.keptBan(player, now), now) : ACTIVE;
    const seen = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());
    const rows = log.ofPlayer(player, 2 * REVIEW_LIMITS.recent).filter((one) => trusted || counts(one));
    return accept({
      player,
      name: row?.name ?? null,
      state: state.state,
      suspendedUntil: state.until === null ? null : new Date(state.until).toISOString(),
      runs,
      total: shown(row?.total ?? 0),
      mean: row && runs > 0 ? shown(row.total / runs) : null,
      best: row && row.best !== null ? shown(row.best) : null,
      streakDays: row?.streakDays ?? 0,
      firstSeenAt: seen(row?.firstAt),
      lastSeenAt: seen(row?.lastAt),
      recent: this.#recent(rows, row?.name ?? null, trusted),
    });
  }

  #recent(rows: readonly LogRow[], name: string | null, trusted: boolean): Submission[] {
    const { book, log } = this.#parts;
    const { decimals } = book.config();
    return rows
      .flatMap((row) => {
        if (!isSubmission(row)) return [];
        const view = submissionView(row, { id: log.idOf(row), player: row.player, name, decimals });
        return [trusted ? view : { ...view, verdict: "accepted" as const, reasons: [] }];
      })
      .slice(0, REVIEW_LIMITS.recent);
  }
}

const ACTIVE = { state: "active", until: null } as const;

/** Also past an end that the timer has not come to yet. */
function stateOf(
  row: Pick<PlayerRow, "state" | "suspendedUntil"> | undefined,
  now: number,
): { readonly state: PlayerRow["state"]; readonly until: number | null } {
  if (!row || row.state === "active") return ACTIVE;
  if (row.state === "suspended" && row.suspendedUntil !== null && row.suspendedUntil <= now) return ACTIVE;
  return { state: row.state, until: row.suspendedUntil };
}

function counts({ verdict, removed }: LogRow): boolean {
  return !removed && (verdict === "accepted" || verdict === "flagged");
}
