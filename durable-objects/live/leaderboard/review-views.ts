import type { Review } from "../../../contract/leaderboard-reads.ts";
import { populationOf, REVIEW_LIMITS } from "../../../core/live/leaderboard/review-cases.ts";
import { unscale } from "../../../core/live/leaderboard/scores.ts";
import { histogram, robustZ } from "../../../core/stats/robust.ts";
import type { BoardParts } from "./parts.ts";
import type { Population } from "./population.ts";
import type { CaseRow, ReviewStore } from "./sql-reviews.ts";
import { isSubmission, submissionView } from "./submission-view.ts";

/** A case's id: the place in the log of its first run. */
export function reviewIdOf(caseId: number): string {
  return `rv-${caseId}`;
}

/** The reverse of {@link reviewIdOf}; undefined when it is none. */
export function caseIdOf(reviewId: string): number | undefined {
  const digits = /^rv-([1-9]\d{0,15})$/.exec(reviewId)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Shows cases beside one population, which is reckoned once for all of them. */
export class CaseViewer {
  readonly #parts: BoardParts;
  readonly #store: ReviewStore;
  readonly #decimals: number;
  readonly #population: Review["population"];
  readonly #histogram: Review["histogram"];
  readonly #distance: (score: number) => number | null;

  constructor(parts: BoardParts, store: ReviewStore, population: Population) {
    const { decimals } = parts.book.config();
    const shown = (scaled: number) => unscale(scaled, decimals);
    const summary = population.summary();
    const picture = histogram(population.scores(), REVIEW_LIMITS.bins);
    this.#parts = parts;
    this.#store = store;
    this.#decimals = decimals;
    this.#population = populationOf(summary, shown);
    this.#histogram = picture ? { from: shown(picture.from), to: shown(picture.to), counts: picture.counts } : null;
    this.#distance = (score) => (summary && summary.count >= REVIEW_LIMITS.populationMin ? robustZ(score, summary) : null);
  }

  /** @param shows how many runs of each kind, newest first */
  show(row: CaseRow, shows: { readonly suspicious: number; readonly history: number }): Review {
    const { log, players } = this.#parts;
    const { player, decision } = row;
    const name = players.find(player)?.name ?? null;
    const view = (run: Parameters<typeof submissionView>[0]) =>
      submissionView(run, { id: log.idOf(run), player, name, decimals: this.#decimals });
    return {
      reviewId: reviewIdOf(row.caseId),
      player,
      name,
      state: row.state,
      severity: row.severity,
      openedAt: new Date(row.openedAt).toISOString(),
      suspicious: this.#store.newestRuns(row.caseId, shows.suspicious).map(view),
      history: log.ofPlayer(player, shows.history).flatMap((run) => (isSubmission(run) ? [view(run)] : [])),
      robustZ: this.#distance(row.worst),
      population: this.#population,
      histogram: this.#histogram,
      decision: decision && { decision: decision.decision, by: decision.by, at: new Date(decision.at).toISOString(), note: decision.note },
    };
  }
}
