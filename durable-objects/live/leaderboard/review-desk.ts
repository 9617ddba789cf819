import { decodeCursor, encodeCursor } from "../../../contract/cursor.ts";
import type { Review, ReviewList } from "../../../contract/leaderboard-reads.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import type { BoardQuestions } from "../../../contract/rpc/leaderboard.ts";
import { isWorthTelling, REVIEW_LIMITS, severityOf, worse } from "../../../core/live/leaderboard/review-cases.ts";
import type { Sampled } from "../../../core/stats/reservoir.ts";
import { robustZ } from "../../../core/stats/robust.ts";
import type { BoardParts } from "./parts.ts";
import type { PlayerRow } from "./players.ts";
import type { Population } from "./population.ts";
import { CaseViewer, caseIdOf, reviewIdOf } from "./review-views.ts";
import type { Reviews, Suspicion } from "./reviews.ts";
import { type CaseRow, placeOf, type ReviewStore } from "./sql-reviews.ts";
import type { Suspensions } from "./suspension.ts";

/** Named so in the shell: `timers: { reviews: … }`. */
export const REVIEW_TIMER = "reviews";

const DAY_MS = 86_400_000;

/** The queue of suspicious players: opens and extends cases, shows them beside the population, forgets decided ones in time. */
export class ReviewDesk implements Reviews {
  readonly #parts: BoardParts;
  readonly #store: ReviewStore;
  readonly #population: Population;
  readonly #suspensions: Suspensions;

  constructor(parts: BoardParts, store: ReviewStore, population: Population, suspensions: Suspensions) {
    this.#parts = parts;
    this.#store = store;
    this.#population = population;
    this.#suspensions = suspensions;
  }

  suspect(suspicion: Suspicion): void {
    const { order } = this.#parts.book.config();
    const { player, score, seq, at } = suspicion;
    this.#population.passed(seq);
    const newest = this.#store.newestOf(player);
    const held = newest?.state === "open" && newest.runs < REVIEW_LIMITS.caseRuns ? newest : undefined;
    const runs = (held?.runs ?? 0) + 1;
    const worst = held ? worse(order, held.worst, score) : score;
    const severity = severityOf(order, this.#distance(worst), runs);
    const rules = [...new Set([...(held?.rules ?? []), ...suspicion.reasons.map(({ rule }) => rule)])];
    const row: CaseRow = {
      caseId: held?.caseId ?? seq,
      player,
      state: "open",
      severity,
      openedAt: held?.openedAt ?? at,
      runs,
      worst,
      rules,
      decision: null,
    };
    this.#store.put(row);
    const { verdict, reasons, durationMs } = suspicion;
    this.#store.addRun(row.caseId, { seq, at, score, verdict, reasons, durationMs, removed: false });
    if (isWorthTelling(runs)) this.#tell(row, suspicion);
  }

  sample(run: { readonly seq: number; readonly score: number; readonly durationMs: number | null }): void {
    const sampled: Sampled = { seq: run.seq, value: run.score, extra: run.durationMs };
    this.#population.add(sampled);
  }

  passed(seq: number): void {
    this.#population.passed(seq);
  }

  settle(): void {
    this.#population.settle();
  }

  lift(player: string, now: number): void {
    const changes = this.#suspensions.lift(player, now);
    if (changes.length > 0) queueMicrotask(() => this.#parts.live.tell({ type: "correction", player, changes }));
  }

  keptBan(player: string, now: number): Pick<PlayerRow, "state" | "suspendedUntil"> | undefined {
    return this.#suspensions.keptBan(player, now);
  }

  typicalDurationMs(): number | undefined {
    return this.#population.typicalDurationMs();
  }

  openCases(): number {
    return this.#store.open();
  }

  reset(): void {
    this.#population.reset();
  }

  /** The queue, worst first; of decided cases the latest decision first. */
  list({ state, limit, cursor }: BoardQuestions["reviews"]["ask"]): Outcome<ReviewList> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor, ["number", "number"]);
    if (cursor !== undefined && after === undefined) {
      return refuse("invalid-parameter", "Send a cursor that this list gave.", { errors: [NO_CURSOR] });
    }
    const place = after && { place: Number(after[0]), caseId: Number(after[1]) };
    const rows = this.#store.queue(state, place, limit + 1);
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const viewer = this.#viewer();
    return accept({
      items: shown.map((row) => viewer.show(row, REVIEW_LIMITS.listed)),
      nextCursor: rows.length > limit && last ? encodeCursor([placeOf(last), last.caseId]) : null,
      open: this.#store.open(),
      precision: this.#store.rules(),
    });
  }

  /** One case, with more of its runs than in the list. */
  review(reviewId: string): Outcome<Review> {
    const caseId = caseIdOf(reviewId);
    const row = caseId === undefined ? undefined : this.#store.find(caseId);
    return row ? accept(this.#viewer().show(row, REVIEW_LIMITS.alone)) : refuse("not-found", "There is no such case.");
  }

  /** Forgets decided cases whose time is over, but none whose decision still holds somebody back: the timer's handler. */
  forget(now: number): void {
    const { kit } = this.#parts;
    kit.transaction(() => {
      const old = this.#store.forgettable(now - REVIEW_LIMITS.decidedMs, now, REVIEW_LIMITS.forgotten);
      for (const caseId of old) this.#store.delete(caseId);
      const oldest = this.#store.oldestDecided();
      if (old.length === REVIEW_LIMITS.forgotten) kit.timers.set(REVIEW_TIMER, now);
      // The oldest may be a suspension that runs on: then a look a day is enough.
      else if (oldest !== undefined) kit.timers.set(REVIEW_TIMER, Math.max(now + DAY_MS, oldest + REVIEW_LIMITS.decidedMs));
    });
  }

  #viewer(): CaseViewer {
    return new CaseViewer(this.#parts, this.#store, this.#population);
  }

  #distance(score: number): number | null {
    const summary = this.#population.summary();
    return summary && summary.count >= REVIEW_LIMITS.populationMin ? robustZ(score, summary) : null;
  }

  #tell({ caseId, player, runs, severity }: CaseRow, { seq, at, verdict, reasons }: Suspicion): void {
    const { kit, log, players } = this.#parts;
    const board = kit.address.name;
    kit.outbox.emit({
      type: "meridian.score.flagged",
      subject: `leaderboard/${board}`,
      data: {
        board,
        reviewId: reviewIdOf(caseId),
        submissionId: log.idOf({ seq, at }),
        verdict,
        rules: reasons.map(({ rule }) => rule),
        /** Of this case so far: told at 1, 2, 4, 8, … */
        runs,
        severity,
        personal: { player, name: players.find(player)?.name ?? null },
      },
    });
  }
}

const NO_CURSOR = { pointer: "?cursor", detail: "not a cursor of this list" };
