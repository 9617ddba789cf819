import type { DecisionReply, Decision } from "../../../contract/leaderboard-reads.ts";
import type { Outcome } from "../../../contract/problems.ts";
import type { CallMeta } from "../../../contract/rpc/call.ts";
import { objectName } from "../../../contract/address.ts";
import { seedOf } from "../../../core/live/leaderboard/review-cases.ts";
import { Decisions } from "./decisions.ts";
import { Erasure, ERASURE_TIMER } from "./erasure.ts";
import { KeptBans } from "./kept-bans.ts";
import type { BoardParts } from "./parts.ts";
import { PlayerDesk } from "./player-desk.ts";
import { Population } from "./population.ts";
import { REVIEW_TIMER, ReviewDesk } from "./review-desk.ts";
import { ReviewStore } from "./sql-reviews.ts";
import { SUSPENSION_TIMER, Suspensions } from "./suspension.ts";

/** The reviewers' side of a board, wired: cases, decisions, suspensions, a player's figures and erasure. */
export class Reviewing {
  readonly desk: ReviewDesk;
  readonly players: PlayerDesk;
  readonly erasure: Erasure;
  /** Handlers for the kit. */
  readonly timers: Readonly<Record<string, (now: number) => void>>;
  readonly #decisions: Decisions;

  /** @param parts may be filled after this; nothing of it is used yet @param sliceRows rows of one slice of an erasure */
  constructor(parts: BoardParts, sql: SqlStorage, sliceRows?: number) {
    const store = new ReviewStore(sql);
    const seed = () => seedOf(objectName(parts.kit.address));
    const log = {
      after: (seq: number, limit: number) => parts.log.after(seq, limit),
      lastSeq: () => parts.log.lastSeq(),
    };
    const population = new Population({ seed, log, store });
    const suspensions = new Suspensions(parts, store, new KeptBans(sql, () => parts.kit.address.name));
    this.desk = new ReviewDesk(parts, store, population, suspensions);
    this.players = new PlayerDesk(parts);
    this.erasure = new Erasure(parts, store, suspensions, sliceRows);
    this.#decisions = new Decisions(parts, { store, population, desk: this.desk, suspensions });
    this.timers = {
      [SUSPENSION_TIMER]: (now) => suspensions.end(now),
      [REVIEW_TIMER]: (now) => this.desk.forget(now),
      [ERASURE_TIMER]: (now) => this.erasure.goOn(now),
    };
  }

  async decide(reviewId: string, decision: Decision, meta: CallMeta): Promise<Outcome<DecisionReply>> {
    return await this.#decisions.decide(reviewId, decision, meta);
  }
}
