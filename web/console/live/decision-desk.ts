import type { DecisionReply } from "../../../contract/leaderboard-reads.ts";
import type { DecisionInput } from "../../../sdk/api/leaderboards.ts";

/** A decision that can still be taken back. */
export interface HeldDecision {
  readonly board: string;
  readonly reviewId: string;
  readonly player: string;
  readonly input: DecisionInput;
}

/** How long a decision can be taken back; as long as its notice stands. */
export const HOLD_MS = 10_000;

export interface DecisionDeps {
  readonly send: (decision: HeldDecision) => Promise<DecisionReply>;
  readonly sent: (decision: HeldDecision, reply: DecisionReply) => void;
  readonly failed: (decision: HeldDecision, failure: unknown) => void;
  /** Runs work later; the answer cancels it. */
  readonly after: (ms: number, work: () => void) => () => void;
}

/**
 * Holds a decision back for ten seconds. Ranks are corrected and rewards told of at once when it is in force, and nothing takes that
 * back, so taking it back has to come before. One is held at a time: the next decision, or leaving, sends the one before.
 */
export class DecisionDesk {
  readonly #deps: DecisionDeps;
  #held: { readonly decision: HeldDecision; readonly cancel: () => void } | undefined;

  constructor(deps: DecisionDeps) {
    this.#deps = deps;
  }

  hold(decision: HeldDecision): void {
    this.flush();
    this.#held = { decision, cancel: this.#deps.after(HOLD_MS, () => this.flush()) };
  }

  /** Takes the last decision back. @returns it, or undefined when it is out already */
  undo(reviewId?: string): HeldDecision | undefined {
    const held = this.#held;
    if (!held || (reviewId !== undefined && held.decision.reviewId !== reviewId)) return undefined;
    held.cancel();
    this.#held = undefined;
    return held.decision;
  }

  /** Sends what is held, now. */
  flush(): void {
    const decision = this.undo();
    if (!decision) return;
    this.#deps.send(decision).then(
      (reply) => this.#deps.sent(decision, reply),
      (failure: unknown) => this.#deps.failed(decision, failure),
    );
  }
}
