import type { Decision, DecisionReply } from "../../../contract/leaderboard-reads.ts";
import { accept, type Outcome, type Problem, refuse } from "../../../contract/problems.ts";
import type { CallMeta } from "../../../contract/rpc/call.ts";
import { isUpheld, REVIEW_LIMITS } from "../../../core/live/leaderboard/review-cases.ts";
import { scoreOf, unscale } from "../../../core/live/leaderboard/scores.ts";
import { seqOf } from "../../../core/live/leaderboard/submission-id.ts";
import type { LogRow } from "./log.ts";
import type { BoardParts } from "./parts.ts";
import type { PlayerRow } from "./players.ts";
import { type Population, sampled } from "./population.ts";
import { openSets } from "./rebuild.ts";
import { REVIEW_TIMER, type ReviewDesk } from "./review-desk.ts";
import { caseIdOf, reviewIdOf } from "./review-views.ts";
import type { CaseDecision, CaseRow, ReviewStore } from "./sql-reviews.ts";
import type { Corrected, Suspensions } from "./suspension.ts";

export interface DecisionDeps {
  readonly store: ReviewStore;
  readonly population: Population;
  readonly desk: ReviewDesk;
  readonly suspensions: Suspensions;
}

/** Rewards that an answer lists. */
const REWARDS_LISTED = 200;

/** Runs that a decision takes from the board or gives to it. */
interface Moves {
  readonly leaving: readonly LogRow[];
  readonly joining: readonly LogRow[];
}

/**
 * What a reviewer decides: a case cleared, its player suspended or banned, runs taken back. A case can be decided again; the later decision
 * takes the place of the earlier one. The same again changes nothing and answers alike, so no answer is stored: it would outlive the player.
 */
export class Decisions {
  readonly #parts: BoardParts;
  readonly #deps: DecisionDeps;

  constructor(parts: BoardParts, deps: DecisionDeps) {
    this.#parts = parts;
    this.#deps = deps;
  }

  /**
   * @returns `not-found`; `invalid-parameter` of an end that is past or a run that is not the player's; `submission-archived` of a run whose
   * row has left; `score-out-of-range` when without these runs a sum cannot be kept. A refusal changes nothing.
   */
  async decide(reviewId: string, decision: Decision, meta: CallMeta): Promise<Outcome<DecisionReply>> {
    let told: { player: string; changes: Corrected } | undefined;
    try {
      const outcome = await this.#parts.kit.change(undefined, (now) => {
        const row = this.#find(reviewId);
        if (!row) return refuse("not-found", "There is no such case.");
        const changes = this.#decide(row, decision, meta, now);
        if (!changes.ok) return changes;
        told = { player: row.player, changes: changes.value };
        return this.#reply(row, changes.value);
      });
      if (told && told.changes.length > 0) this.#parts.live.tell({ type: "correction", ...told });
      return outcome;
    } catch (error) {
      if (error instanceof Undone) return { ok: false, problem: error.problem };
      throw error;
    }
  }

  #decide(row: CaseRow, decision: Decision, meta: CallMeta, now: number): Outcome<Corrected> {
    const until = decision.until === undefined ? null : Date.parse(decision.until);
    if (until !== null && until <= now) return invalid("/until", "Send an end that is still to come.");
    const leaving = this.#leaving(row, decision.removeSubmissions);
    if (!leaving.ok) return leaving;
    const moves = { leaving: leaving.value, joining: decision.decision === "clear" ? this.#joining(row, leaving.value) : [] };
    const { note } = decision;
    const same = row.decision?.decision === decision.decision && row.decision.until === until && row.decision.note === note;
    if (same && moves.leaving.length + moves.joining.length === 0) return accept([]);
    this.#mark(row, moves);
    const removed = this.#deps.store.runs(row.caseId).filter((run) => run.removed).length;
    const upheld = isUpheld(decision.decision, removed);
    this.#put(row, { decision: decision.decision, until, by: meta.actorName, at: now, note, upheld });
    const settled = this.#settle(row.player, moves, now);
    this.#tell(row, decision, moves);
    return accept(settled);
  }

  /** The runs to take back, all of them or a refusal. One that was taken back already is none. */
  #leaving(row: CaseRow, ids: readonly string[]): Outcome<LogRow[]> {
    const { log } = this.#parts;
    const found: LogRow[] = [];
    for (const [index, id] of [...new Set(ids)].entries()) {
      const run = log.find(id);
      if (!run && (seqOf(id) ?? Number.POSITIVE_INFINITY) <= log.archivedUpTo()) {
        return refuse("submission-archived", `${id} has left for the archive and cannot be taken back.`);
      }
      if (!run || run.player !== row.player || run.score === null) {
        return invalid(`/removeSubmissions/${index}`, "Send submissions of this player only.");
      }
      if (!run.removed) found.push(run);
    }
    return accept(found);
  }

  /** Runs of the case in quarantine, which count once it is cleared. What has left for the archive cannot any more. */
  #joining(row: CaseRow, leaving: readonly LogRow[]): LogRow[] {
    const { log } = this.#parts;
    const gone = new Set(leaving.map(({ seq }) => seq));
    return this.#deps.store.runs(row.caseId).flatMap((run) => {
      if (run.verdict !== "quarantined" || gone.has(run.seq)) return [];
      const held = log.find(log.idOf(run));
      return held && !held.removed && held.verdict === "quarantined" ? [held] : [];
    });
  }

  #mark({ caseId }: CaseRow, { leaving, joining }: Moves): void {
    const { log } = this.#parts;
    const { store } = this.#deps;
    const own = new Map(store.runs(caseId).map((run) => [run.seq, run]));
    for (const { seq } of leaving) {
      log.mark(seq, { removed: true });
      const run = own.get(seq);
      if (run) store.markRun(caseId, { ...run, removed: true });
    }
    for (const { seq } of joining) {
      log.mark(seq, { verdict: "accepted" });
      const run = own.get(seq);
      if (run) store.markRun(caseId, { ...run, verdict: "accepted" });
    }
  }

  #put(row: CaseRow, decision: CaseDecision): void {
    const { store } = this.#deps;
    const { timers } = this.#parts.kit;
    store.put({ ...row, state: "decided", decision });
    const [before, after] = [Number(row.decision?.upheld ?? false), Number(decision.upheld)];
    for (const rule of row.rules) store.countRule(rule, row.decision ? 0 : 1, after - before);
    if (timers.get(REVIEW_TIMER) === undefined) timers.set(REVIEW_TIMER, decision.at + REVIEW_LIMITS.decidedMs);
  }

  /** Entries, figures and population as they follow; a quarantined run opened its rankings when it came. @throws Undone when a sum cannot be kept */
  #settle(player: string, { leaving, joining }: Moves, now: number): Corrected {
    const counted = leaving.filter((run) => sampled(run) !== undefined);
    const figures = (row: PlayerRow, best: number | null): PlayerRow => {
      const runs = row.runs + joining.length - counted.length;
      const total = runs === 0 ? 0 : row.total + sumOf(joining) - sumOf(counted);
      return { ...row, runs, total, best: runs === 0 ? null : best };
    };
    const changed = joining.length + counted.length > 0;
    const settled = this.#deps.suspensions.settle(player, now, changed, figures);
    if (!settled.ok) throw new Undone(settled.problem);
    const cleared = joining.flatMap((run) => sampled({ ...run, verdict: "accepted" }) ?? []);
    this.#deps.population.correct(
      cleared,
      counted.map(({ seq }) => seq),
    );
    return settled.value;
  }

  #tell({ caseId, player }: CaseRow, { decision, until }: Decision, { leaving, joining }: Moves): void {
    const { kit, players } = this.#parts;
    const board = kit.address.name;
    const of = { board, reviewId: reviewIdOf(caseId), removed: leaving.length };
    const personal = { player, name: players.find(player)?.name ?? null };
    kit.outbox.emit(
      decision === "clear"
        ? {
            type: "meridian.player.cleared",
            subject: `leaderboard/${board}`,
            data: { ...of, cause: "decision", counted: joining.length, personal },
          }
        : {
            type: "meridian.player.suspended",
            subject: `leaderboard/${board}`,
            data: { ...of, decision, until: until ?? null, personal },
          },
    );
  }

  #reply({ caseId, player }: CaseRow, changes: Corrected): Outcome<DecisionReply> {
    const { book, sets, windows } = this.#parts;
    const config = book.config();
    const shown = this.#deps.desk.review(reviewIdOf(caseId));
    if (!shown.ok) return shown;
    const moved = new Set(changes.map(({ set }) => set.id));
    const hidden = new Set(
      windows.open().flatMap((set) => (set.shadow && sets.find(set.id, player) ? [`${set.window} ${set.partition}`] : [])),
    );
    const corrected = openSets(windows).flatMap((set): DecisionReply["corrected"] => {
      const { window, partition } = set;
      const key = sets.find(set.id, player);
      if (key) return [{ window, partition, score: unscale(scoreOf(config, key).scaled, config.decimals) }];
      return moved.has(set.id) || hidden.has(`${window} ${partition}`) ? [{ window, partition, score: null }] : [];
    });
    const rewards = this.#parts.rewards.ofPlayer(player, REWARDS_LISTED).map(({ window, reward, rank }) => ({ window, reward, rank }));
    return accept({ review: shown.value, corrected, rewards });
  }

  #find(reviewId: string): CaseRow | undefined {
    const caseId = caseIdOf(reviewId);
    return caseId === undefined ? undefined : this.#deps.store.find(caseId);
  }
}

/** Undoes the transaction that it is thrown in, and is the answer. */
class Undone extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

function sumOf(runs: readonly LogRow[]): number {
  return runs.reduce((sum, { score }) => sum + (score ?? 0), 0);
}

function invalid(pointer: string, detail: string): Outcome<never> {
  return refuse("invalid-parameter", detail, { errors: [{ pointer, detail }] });
}
