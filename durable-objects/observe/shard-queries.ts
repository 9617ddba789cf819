import { type Outcome, refuse } from "../../contract/problems.ts";
import type { SelectOrder, SelectReply } from "../../contract/rpc/metric-select.ts";
import { CLOSED_AFTER_MS } from "../../core/observe/late-writes.ts";
import { select } from "../../core/observe/query/select.ts";
import type { Shard } from "../../core/observe/shard.ts";
import { type KeptMs, TierReader } from "../../core/observe/tier-reader.ts";

export interface QueryParts {
  /** The shard as it is now: another object after it was read anew. */
  readonly shard: () => Shard;
  readonly now: () => number;
  readonly kept: () => KeptMs;
  /** Lets waiting requests in between two slices. */
  readonly turn: () => Promise<void>;
}

const READ_ANEW = refuse("unavailable", "The tenant's metrics were read anew meanwhile. Try again.", { retryAfterS: 1 });
const WITHDRAWN = refuse("unavailable", "The question was withdrawn.", { retryAfterS: 1 });
/** Withdrawals of questions that have been answered already, or are still to come. */
const REMEMBERED = 100;

/** Answers selections from a shard, slice by slice: samples are taken in between, and a question that nobody waits for stops. */
export class ShardQueries {
  readonly #parts: QueryParts;
  readonly #withdrawn = new Set<string>();

  constructor(parts: QueryParts) {
    this.#parts = parts;
  }

  /** Ends the question of this ticket at its next slice. */
  withdraw(ticket: string): void {
    this.#withdrawn.add(ticket);
    for (const oldest of this.#withdrawn) {
      if (this.#withdrawn.size <= REMEMBERED) return;
      this.#withdrawn.delete(oldest);
    }
  }

  async select(order: SelectOrder): Promise<Outcome<SelectReply>> {
    const { shard: current, now, kept, turn } = this.#parts;
    const shard = current();
    const { series, labels: index, state } = shard;
    const source = new TierReader(shard, now(), kept());
    const work = select(order, { series, index, source, dictionary: state.dictionary, closedMs: now() - CLOSED_AFTER_MS });
    for (;;) {
      if (order.ticket !== undefined && this.#withdrawn.delete(order.ticket)) return WITHDRAWN;
      const slice = work.next();
      if (slice.done) return slice.value;
      await turn();
      if (current() !== shard) return READ_ANEW;
    }
  }
}
