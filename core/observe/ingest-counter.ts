import type { Outcome } from "../../contract/problems.ts";
import type { ShardIngestReply } from "../../contract/rpc/metrics.ts";

/** One aggregate event per shard at most this often: an event costs rows and a queue message. */
export const EVENT_EVERY_MS = 5 * 60_000;

export interface IngestCounts {
  readonly accepted: number;
  readonly batches: number;
}

/** Counts what was stored, for the shard's aggregate event. What an eviction forgets is not counted: the rows are the truth. */
export class IngestCounter {
  #accepted = 0;
  #batches = 0;
  #since = Number.NEGATIVE_INFINITY;

  /** Adds the outcomes of a commit. @returns the counts since the last event, when it is time for one */
  add(outcomes: readonly Outcome<ShardIngestReply>[], now: number): IngestCounts | undefined {
    for (const outcome of outcomes) {
      if (!outcome.ok || outcome.value.duplicate || outcome.value.unknown) continue;
      this.#accepted += outcome.value.accepted;
      this.#batches += 1;
    }
    if (this.#accepted === 0 || now - this.#since < EVENT_EVERY_MS) return undefined;
    const counts = { accepted: this.#accepted, batches: this.#batches };
    this.#accepted = 0;
    this.#batches = 0;
    this.#since = now;
    return counts;
  }
}
