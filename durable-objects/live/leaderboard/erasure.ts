import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { accept, type Outcome } from "../../../contract/problems.ts";
import { parseSubject } from "../../../contract/subject-id.ts";
import { REVIEW_LIMITS } from "../../../core/live/leaderboard/review-cases.ts";
import { correctionRow } from "./correction-row.ts";
import type { BoardParts } from "./parts.ts";
import type { ReviewStore } from "./sql-reviews.ts";
import type { Corrected, Suspensions } from "./suspension.ts";

/** Named so in the shell: `timers: { erasure: … }`. */
export const ERASURE_TIMER = "erasure";

/** Players whose erasure one run of the timer goes on with. */
const PLAYERS_PER_SLICE = 1;

/**
 * Forgets players: entries and figures at once, rows of the log, cases and rewards in slices that go on by a timer. What the counts still
 * needed of the log is brought into a checkpoint first, so that nothing has to stay for them.
 */
export class Erasure {
  readonly #parts: BoardParts;
  readonly #cases: ReviewStore;
  readonly #suspensions: Suspensions;
  readonly #sliceRows: number;

  /** @param sliceRows the limit's unless a test says otherwise */
  constructor(parts: BoardParts, cases: ReviewStore, suspensions: Suspensions, sliceRows: number = LEADERBOARD_LIMITS.sliceRows) {
    this.#parts = parts;
    this.#cases = cases;
    this.#suspensions = suspensions;
    this.#sliceRows = sliceRows;
  }

  /** @param liftsBan else a ban stands, by a digest. Nothing is stored of the call: an answer kept for a repetition would outlive the player. Again it finds nothing to do. */
  async erase(player: string, liftsBan = false): Promise<Outcome<null>> {
    const { kit, live } = this.#parts;
    let changes: Corrected = [];
    const outcome = await kit.change<null>(undefined, (now) => {
      changes = this.#begin(player, now, liftsBan).changes;
      return accept(null);
    });
    if (changes.length > 0) live.tell({ type: "correction", player, changes });
    return outcome;
  }

  /** The kit's hook, in its transaction: an end user's player is their sub. @returns rows that went, the slices to come not among them */
  forgetSubject(subject: string): number {
    const player = parseSubject(subject)?.sub;
    if (player === undefined || this.#parts.book.definition() === null) return 0;
    const { rows, changes } = this.#begin(player, this.#parts.kit.now(), false);
    if (changes.length > 0) queueMicrotask(() => this.#parts.live.tell({ type: "correction", player, changes }));
    return rows;
  }

  /** The timer's handler: one slice. */
  goOn(now: number): void {
    const { kit } = this.#parts;
    kit.transaction(() => {
      for (const { player, upTo } of this.#cases.erasures(PLAYERS_PER_SLICE)) this.#slice(player, upTo);
      if (this.#cases.erasures(1).length > 0) kit.timers.set(ERASURE_TIMER, now);
    });
  }

  #begin(player: string, now: number, liftsBan: boolean): { readonly rows: number; readonly changes: Corrected } {
    const { sets, windows, log, players, runs, bases, archived, kit } = this.#parts;
    const all = windows.all();
    const held = all.filter(({ id }) => sets.find(id, player) !== undefined);
    const changes = held.map((set) => ({ set, change: sets.remove(set.id, player) }));
    for (const window of new Set(held.map((set) => set.window))) windows.disturbed(window, now);
    bases.forget(
      all.filter(({ shadow }) => !shadow).map(({ id }) => id),
      player,
    );
    archived.forget(player, now);
    let rows = held.length + runs.forget(player);
    if (players.find(player)) rows += 1;
    players.remove(player);
    this.#suspensions.forget(player, now, liftsBan); // before its cases go
    if (held.length > 0) {
      // The packed changes name the player: they go into the counts at once instead of into the log, whose new row names nobody.
      sets.takeChanges();
      sets.checkpoint(log.append(correctionRow("", now), undefined).seq, true);
    } else if (log.lastSeq() > sets.checkpointedSeq()) sets.checkpoint(log.lastSeq(), true);
    const upTo = log.lastSeq();
    const sliced = this.#slice(player, upTo);
    if (!sliced.finished) {
      this.#cases.erase(player, upTo);
      kit.timers.set(ERASURE_TIMER, now);
    }
    return { rows: rows + sliced.rows, changes: changes.filter(({ set }) => !set.shadow) };
  }

  /** Rows of the player up to a place in the log, as many as one slice may touch. */
  #slice(player: string, upTo: number): { readonly rows: number; readonly finished: boolean } {
    const { log, rewards } = this.#parts;
    let rows = 0;
    for (const caseId of this.#cases.casesOf(player, upTo, Math.ceil(this.#sliceRows / REVIEW_LIMITS.caseRuns))) {
      rows += this.#cases.delete(caseId);
    }
    if (rows < this.#sliceRows) rows += rewards.forget(player, this.#sliceRows - rows);
    if (rows < this.#sliceRows) rows += log.forget(player, this.#sliceRows - rows, upTo);
    const finished = rows < this.#sliceRows && this.#cases.casesOf(player, upTo, 1).length === 0;
    if (finished) this.#cases.erased(player);
    return { rows, finished };
  }
}
