import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { REVIEW_LIMITS } from "../../../core/live/leaderboard/review-cases.ts";
import { type Sampled, SeededReservoir } from "../../../core/stats/reservoir.ts";
import { quantile, type RobustSummary, summarize } from "../../../core/stats/robust.ts";
import type { BoardLog, LogRow } from "./log.ts";
import type { ReviewStore } from "./sql-reviews.ts";

/** What the population needs of the board. */
export interface PopulationParts {
  /** Of this board and no other: so that two boards draw differently, and one alike after every start. */
  readonly seed: () => number;
  readonly log: Pick<BoardLog, "after" | "lastSeq">;
  readonly store: Pick<ReviewStore, "population" | "populationThrough" | "keepPopulation">;
}

interface Memory {
  readonly sample: SeededReservoir;
  /** Changes of the sample since the figures were reckoned. */
  changes: number;
  figures:
    { readonly scores: Float64Array; readonly summary: RobustSummary | undefined; readonly typicalMs: number | undefined } | undefined;
}

/** Rows of the log that one read takes. */
const REPLAY_ROWS = 1_000;

/**
 * The board's runs as a sample of 10,000. In memory only once somebody asks; then from the kept copy and the rows of the log after it, which
 * gives the same sample as if it had always been there.
 */
export class Population {
  readonly #parts: PopulationParts;
  #memory: Memory | undefined;
  /** The newest row that the kept copy has seen. */
  #kept: number | undefined;

  constructor(parts: PopulationParts) {
    this.#parts = parts;
  }

  /** A run that counts. Its row is in the log already; writes one row in {@link REVIEW_LIMITS.keepEvery} runs. */
  add(run: Sampled): void {
    if (this.#memory?.sample.offer(run)) this.#memory.changes += 1;
    this.passed(run.seq);
  }

  /** The log went on to here: the kept copy is never far behind, so that a cold start has little to read. In a transaction. */
  passed(seq: number): void {
    this.#kept ??= this.#parts.store.populationThrough() ?? 0;
    if (seq - this.#kept >= REVIEW_LIMITS.keepEvery) this.settle();
  }

  /** What a reviewer decided: the log after the kept copy does not tell it, so it is kept at once. In a transaction. */
  correct(joining: readonly Sampled[], leaving: readonly number[]): void {
    const memory = this.#load();
    const moved = memory.sample.remove(leaving) + joining.filter((run) => memory.sample.offer(run)).length;
    memory.changes += moved;
    if (moved > 0) this.#keep(memory);
  }

  /** Brings the kept copy up to the end of the log. In a transaction. */
  settle(): void {
    this.#kept ??= this.#parts.store.populationThrough() ?? 0;
    if (this.#kept < this.#parts.log.lastSeq()) this.#keep(this.#load());
  }

  /** Forgets memory: after a transaction was undone. */
  reset(): void {
    this.#memory = undefined;
    this.#kept = undefined;
  }

  /** Scores, ascending. */
  scores(): Float64Array {
    return this.#figures().scores;
  }

  summary(): RobustSummary | undefined {
    return this.#figures().summary;
  }

  typicalDurationMs(): number | undefined {
    return this.#figures().typicalMs;
  }

  #figures(): NonNullable<Memory["figures"]> {
    const memory = this.#load();
    const stale = memory.changes > memory.sample.size * REVIEW_LIMITS.staleFraction;
    if (memory.figures === undefined || stale) {
      const [scores, durations] = [memory.sample.values(), memory.sample.extras()];
      const typicalMs = durations.length < REVIEW_LIMITS.durationsMin ? undefined : quantile(durations, 0.5);
      memory.figures = { scores, summary: summarize(scores), typicalMs };
      memory.changes = 0;
    }
    return memory.figures;
  }

  #load(): Memory {
    if (this.#memory) return this.#memory;
    const packed = this.#parts.store.population();
    const [seed, capacity] = [this.#parts.seed(), LEADERBOARD_LIMITS.reservoir];
    const sample = packed ? SeededReservoir.unpack(packed, seed, capacity) : new SeededReservoir(seed, capacity);
    for (let rows = this.#next(sample.through); rows.length > 0; rows = this.#next(sample.through)) {
      for (const row of rows) {
        const run = sampled(row);
        if (run) sample.offer(run);
        else sample.passTo(row.seq);
      }
    }
    this.#memory = { sample, changes: 0, figures: undefined };
    return this.#memory;
  }

  #keep({ sample }: Memory): void {
    sample.passTo(this.#parts.log.lastSeq());
    this.#parts.store.keepPopulation(sample.through, sample.pack());
    this.#kept = sample.through;
  }

  #next(seq: number): LogRow[] {
    return this.#parts.log.after(seq, REPLAY_ROWS);
  }
}

/** The run of a row that counts; undefined of all others. */
export function sampled(row: Pick<LogRow, "seq" | "kind" | "score" | "verdict" | "removed" | "durationMs">): Sampled | undefined {
  const counts = row.kind !== "correction" && !row.removed && (row.verdict === "accepted" || row.verdict === "flagged");
  return counts && row.score !== null ? { seq: row.seq, value: row.score, extra: row.durationMs } : undefined;
}
