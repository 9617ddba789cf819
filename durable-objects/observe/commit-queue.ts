import type { Outcome } from "../../contract/problems.ts";
import type { ShardIngestReply } from "../../contract/rpc/metrics.ts";
import { commitDelayMs, isFull, type LastCommit } from "../../core/observe/group-commit.ts";
import type { WaitingBatch } from "../../core/observe/shard.ts";

interface Waiting extends WaitingBatch {
  readonly resolve: (outcome: Outcome<ShardIngestReply>) => void;
  readonly reject: (error: unknown) => void;
}

export interface CommitDeps {
  readonly now: () => number;
  readonly commit: (batches: readonly WaitingBatch[], now: number) => Outcome<ShardIngestReply>[];
}

/**
 * Requests that wait to share a write-ahead row. Nothing is lost with the timer in memory: a request that waits is not
 * yet acknowledged.
 */
export class CommitQueue {
  readonly #deps: CommitDeps;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #last: LastCommit = { at: Number.NEGATIVE_INFINITY, full: false };
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: CommitDeps) {
    this.#deps = deps;
  }

  /** Resolves once the batch is written. */
  async add(batch: WaitingBatch): Promise<Outcome<ShardIngestReply>> {
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ ...batch, resolve, reject });
      this.#bytes += batch.batch.length;
      const delay = commitDelayMs({ requests: this.#waiting.length, bytes: this.#bytes }, this.#last, this.#deps.now());
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
    this.#last = { at: now, full: isFull({ requests: waiting.length, bytes: this.#bytes }) };
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
