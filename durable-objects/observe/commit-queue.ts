import { type Outcome, refuse } from "../../contract/problems.ts";
import type { ShardIngestReply } from "../../contract/rpc/metrics.ts";
import { afterCommit, commitDelayMs, isOverfull, NOTHING_PAID } from "../../core/observe/group-commit.ts";
import type { WaitingBatch } from "../../core/observe/shard.ts";

interface Waiting extends WaitingBatch {
  readonly resolve: (outcome: Outcome<ShardIngestReply>) => void;
  readonly reject: (error: unknown) => void;
}

export interface CommitDeps {
  readonly now: () => number;
  readonly commit: (batches: readonly WaitingBatch[], now: number) => Outcome<ShardIngestReply>[];
}

/** Seconds after which a refused sender should come again: the next row is written by then. */
const RETRY_AFTER_S = 1;

/**
 * Requests that wait to share a write-ahead row. Nothing is lost with the timer in memory: a request that waits is not
 * yet acknowledged.
 */
export class CommitQueue {
  readonly #deps: CommitDeps;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #paidTo = NOTHING_PAID;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: CommitDeps) {
    this.#deps = deps;
  }

  /** Resolves once the batch is written, or at once with `unavailable` when too many wait. */
  async add(batch: WaitingBatch): Promise<Outcome<ShardIngestReply>> {
    if (isOverfull({ requests: this.#waiting.length, bytes: this.#bytes })) {
      return refuse("unavailable", "Too many requests wait to be stored. Send it again in a second, with more samples in fewer requests.", {
        retryAfterS: RETRY_AFTER_S,
      });
    }
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ ...batch, resolve, reject });
      this.#bytes += batch.batch.length;
      const delay = commitDelayMs({ requests: this.#waiting.length, bytes: this.#bytes }, this.#paidTo, this.#deps.now());
      if (delay === 0) this.#commit();
      else this.#timer ??= setTimeout(() => this.#commit(), delay);
    });
  }

  #commit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    const now = this.#deps.now();
    this.#paidTo = afterCommit(this.#paidTo, now);
    this.#waiting = [];
    this.#bytes = 0;
    try {
      const outcomes = this.#deps.commit(waiting, now);
      for (const [i, { resolve }] of waiting.entries()) {
        const outcome = outcomes[i];
        if (outcome) resolve(outcome);
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
