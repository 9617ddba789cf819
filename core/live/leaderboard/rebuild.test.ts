import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { BoardConfig } from "../../../contract/leaderboards.ts";
import { applyRun, type CountedRun, replay } from "./rebuild.ts";
import { scoreOf } from "./scores.ts";

type Rules = Pick<BoardConfig, "order" | "subscore" | "operator">;
const rules = (operator: Rules["operator"], order: Rules["order"] = "desc", subscore: Rules["subscore"] = null): Rules => ({
  operator,
  order,
  subscore,
});
const run = (score: number, at: number, subscore: number | null = null): CountedRun => ({ score, at, subscore });
function entryOf(of: Rules, runs: readonly CountedRun[]) {
  const rebuilt = replay(of, "p", undefined, runs);
  if (!rebuilt.ok || !rebuilt.key) throw new Error("no entry");
  return { ...scoreOf(of, rebuilt.key), at: rebuilt.key.at };
}

const anyRules: fc.Arbitrary<Rules> = fc.record({
  operator: fc.constantFrom("best", "latest", "sum"),
  order: fc.constantFrom("asc", "desc"),
  subscore: fc.constantFrom(null, "asc", "desc"),
});
const anyRuns = fc.array(
  fc.record({
    score: fc.integer({ min: -5, max: 5 }),
    subscore: fc.option(fc.integer({ min: 0, max: 3 })),
    at: fc.integer({ min: 0, max: 9 }),
  }),
  { maxLength: 30 },
);

describe("what runs make of an entry", () => {
  it("[LB15] the best of all, and of equals the earliest, whichever came in first", () => {
    expect(entryOf(rules("best"), [run(5, 2), run(9, 4), run(9, 3), run(7, 9)])).toEqual({ scaled: 9, subscore: null, at: 3 });
    expect(entryOf(rules("best", "asc"), [run(5, 2), run(9, 4)])).toEqual({ scaled: 5, subscore: null, at: 2 });
    expect(entryOf(rules("best", "desc", "asc"), [run(5, 2, 7), run(5, 4, 6)])).toEqual({ scaled: 5, subscore: 6, at: 4 });
  });

  it("[LB15] the latest by its own time, and of one moment the one taken last", () => {
    expect(entryOf(rules("latest"), [run(5, 2), run(9, 8), run(1, 4)])).toEqual({ scaled: 9, subscore: null, at: 8 });
    expect(entryOf(rules("latest"), [run(5, 8), run(1, 8)])).toEqual({ scaled: 1, subscore: null, at: 8 });
  });

  it("[LB15] the sum of all, with the time and subscore of the newest that changed it", () => {
    const of = rules("sum", "desc", "desc");
    expect(entryOf(of, [run(5, 2, 1), run(4, 8, 2), run(3, 4, 3)])).toEqual({ scaled: 12, subscore: 2, at: 8 });
    expect(entryOf(of, [run(5, 2, 1), run(0, 9, 4)])).toEqual({ scaled: 5, subscore: 1, at: 2 });
    expect(entryOf(of, [run(0, 9, 4)])).toEqual({ scaled: 0, subscore: 4, at: 9 });
  });

  it("[LB15] a sum that cannot be kept is no entry but a refusal, exactly at the limit not yet", () => {
    const max = LEADERBOARD_LIMITS.scoreMax;
    expect(entryOf(rules("sum"), [run(max - 1, 1), run(1, 2)]).scaled).toBe(max);
    expect(replay(rules("sum"), "p", undefined, [run(max - 1, 1), run(2, 2)])).toEqual({ ok: false });
    expect(replay(rules("sum"), "p", undefined, [run(1 - max, 1), run(-2, 2)])).toEqual({ ok: false });
  });

  it("[LB15] folding any beginning of the runs into a base and replaying the rest ends where all runs end", () => {
    fc.assert(
      fc.property(anyRules, anyRuns, fc.nat(30), (of, runs, cut) => {
        const base = replay(of, "p", undefined, runs.slice(0, cut));
        expect(replay(of, "p", base.ok ? base.key : undefined, runs.slice(cut))).toEqual(replay(of, "p", undefined, runs));
      }),
      { seed: 15, numRuns: 1_000 },
    );
  });

  it("[LB15] an entry is what a look at all runs at once says", () => {
    fc.assert(
      fc.property(anyRules, anyRuns, (of, runs) => {
        fc.pre(runs.length > 0);
        const sign = (direction: "asc" | "desc" | null) => (direction === "desc" ? -1 : 1);
        const sub = ({ subscore }: CountedRun) => (of.subscore === null ? 0 : (subscore ?? 0));
        const better = (a: CountedRun, b: CountedRun) =>
          sign(of.order) * (a.score - b.score) || sign(of.subscore) * (sub(a) - sub(b)) || a.at - b.at;
        const entry = entryOf(of, runs);
        if (of.operator === "best")
          expect(entry).toMatchObject({ scaled: runs.toSorted(better)[0]?.score, at: runs.toSorted(better)[0]?.at });
        if (of.operator === "latest") expect(entry.scaled).toBe(runs.toSorted((a, b) => a.at - b.at).at(-1)?.score);
        if (of.operator === "sum") expect(entry.scaled).toBe(runs.reduce((sum, { score }) => sum + score, 0));
      }),
      { seed: 15, numRuns: 1_000 },
    );
  });

  it("[LB15] a run that changes nothing gives back the very same entry", () => {
    const before = applyRun(rules("best"), "p", undefined, run(9, 1));
    expect(applyRun(rules("best"), "p", before, run(8, 2))).toBe(before);
    expect(applyRun(rules("latest"), "p", before, run(8, 0))).toBe(before);
    expect(applyRun(rules("sum"), "p", before, run(0, 2))).toBe(before);
  });
});
