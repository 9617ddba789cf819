import { describe, expect, it } from "vitest";
import type { Verdict } from "../../../contract/leaderboard-scores.ts";
import { REVIEW_LIMITS } from "../../../core/live/leaderboard/review-cases.ts";
import { standStillAt, TestBoard } from "./board-testing.ts";
import { correctionRow } from "./correction-row.ts";
import type { LogRow } from "./log.ts";
import { Population } from "./population.ts";
import { caseOf, decide, RULES } from "./review-testing.ts";

standStillAt();

/** A log and a kept copy in memory, with counts of what was read and written. */
class Bench {
  readonly rows: LogRow[] = [];
  kept: { through: number; packed: Uint8Array } | undefined;
  writes = 0;
  read = 0;
  population = this.started();

  /** The same after a cold start. */
  started(): Population {
    return new Population({
      seed: () => 7,
      log: {
        after: (seq, limit) => {
          const page = this.rows.slice(seq, seq + limit); // seqs begin at 1 and leave none out
          this.read += page.length;
          return page;
        },
        lastSeq: () => this.rows.length,
      },
      store: {
        population: () => this.kept?.packed,
        populationThrough: () => this.kept?.through,
        keepPopulation: (through, packed) => {
          this.kept = { through, packed };
          this.writes += 1;
        },
      },
    });
  }

  take(score: number, verdict: Verdict = "accepted"): void {
    const seq = this.rows.length + 1;
    this.rows.push({ ...correctionRow("p", seq), kind: "score", seq, score, verdict, durationMs: score % 2 ? 10 * score : null });
    if (verdict === "rejected" || verdict === "quarantined") this.population.passed(seq);
    else this.population.add({ seq, value: score, extra: score % 2 ? 10 * score : null });
  }
}

describe("the population", () => {
  it("[LB81] a run costs no write and an unasked board no memory; a copy is kept each five thousand rows", () => {
    const bench = new Bench();
    for (let n = 1; n < REVIEW_LIMITS.keepEvery; n++) bench.take(n);
    expect([bench.writes, bench.read]).toEqual([0, 0]);
    bench.take(0);
    expect([bench.writes, bench.read]).toEqual([1, REVIEW_LIMITS.keepEvery]);
    for (let n = 0; n < 3 * REVIEW_LIMITS.keepEvery; n++) bench.take(n);
    expect([bench.writes, bench.read]).toEqual([4, REVIEW_LIMITS.keepEvery]);
  });

  it("[LB81] it is the same after a cold start, which reads five thousand rows at most", () => {
    const bench = new Bench();
    for (let n = 0; n < 23_456; n++) bench.take((n * 7_919) % 10_007, n % 10 === 0 ? "rejected" : "flagged");
    const before = bench.population.scores();
    expect(before).toHaveLength(10_000);
    bench.read = 0;
    expect(bench.started().scores()).toEqual(before);
    expect(bench.read).toBe(23_456 % REVIEW_LIMITS.keepEvery);
  });

  it("[LB81] a flood of runs that do not count lets no cold start fall behind either", () => {
    const bench = new Bench();
    bench.take(1);
    for (let n = 0; n < 12_000; n++) bench.take(9, "rejected");
    bench.read = 0;
    expect(bench.started().scores()).toEqual(Float64Array.of(1));
    expect(bench.read).toBeLessThan(REVIEW_LIMITS.keepEvery);
  });

  it("[LB81] before rows leave the log the copy is brought to its end", () => {
    const bench = new Bench();
    for (let n = 0; n < 100; n++) bench.take(n);
    bench.population.settle();
    bench.population.settle();
    expect([bench.writes, bench.kept?.through]).toEqual([1, 100]);
    expect(bench.started().summary()?.count).toBe(100);
  });

  it("[LB81] an undone transaction's run does not stay, and its place may be taken by another", () => {
    const bench = new Bench();
    for (let n = 0; n < 40; n++) bench.take(n);
    expect(bench.population.summary()?.count).toBe(40);
    bench.take(999_999);
    bench.rows.pop();
    bench.population.reset();
    bench.take(40);
    expect(bench.population.summary()).toMatchObject({ count: 41, max: 40 });
  });

  it("[LB81] the typical duration is the median of a hundred runs that tell one", () => {
    const bench = new Bench();
    for (let n = 0; n < 199; n++) bench.take(n); // 99 odd ones tell a duration
    expect(bench.population.typicalDurationMs()).toBeUndefined();
    bench.take(199);
    expect(bench.started().typicalDurationMs()).toBe(1_000);
  });

  it("[LB81] what a reviewer takes away or lets count is kept at once", async () => {
    const board = await new TestBoard("population").configure({ rules: [...RULES] });
    await board.batch(
      "b",
      Array.from({ length: 40 }, (_, i) => ({ player: `p${i}`, score: 100 + i })),
    );
    await board.submit("cy", 2_000);
    const bad = await board.submit("cy", 3_000);
    expect((await caseOf(board, "cy")).population.runs).toBe(40);
    await decide(board, "cy", "clear", { remove: [bad.submissionId] });
    expect((await caseOf(board, "cy")).population.runs).toBe(41);
    await board.evict();
    expect((await caseOf(board, "cy")).histogram).toMatchObject({ from: 100, to: 2_000 });
  });
});
