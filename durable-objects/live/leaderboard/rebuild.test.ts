import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { BoardConfig } from "../../../contract/leaderboards.ts";
import { standStillAt, START, TestBoard } from "./board-testing.ts";
import { caseOf, decide, entries } from "./review-testing.ts";

standStillAt();

const DAY_MS = 86_400_000;
const PLAYERS = ["ann", "bob", "cy"];
const step = fc.record({
  player: fc.constantFrom(...PLAYERS),
  score: fc.integer({ min: -3, max: 6 }),
  /** Above five a run is quarantined. */
  waitMs: fc.constantFrom(0, 1, 60_000, 5 * 3_600_000, DAY_MS),
  earlierMs: fc.constantFrom(0, 0, 1, 90_000),
  partition: fc.constantFrom("eu", "us", undefined),
  take: fc.boolean(),
  wake: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Plays steps on a board; runs to take away are sent only when they are to be taken away afterwards. */
async function play(name: string, operator: BoardConfig["operator"], steps: readonly Step[], withTaken: boolean): Promise<string[]> {
  const board = await new TestBoard(name).configure({
    operator,
    windows: ["all", "daily", "monthly"],
    partitions: [{ key: "region", values: ["eu", "us"] }],
    rules: [{ type: "max-score", max: 5, action: "quarantine" }],
  });
  vi.setSystemTime(START);
  const taken = new Map<string, string[]>();
  for (const { player, score, waitMs, earlierMs, partition, take, wake } of steps) {
    await board.passes(waitMs);
    if (wake) await board.evict();
    // A player must have a case to be judged by; every such run stands in it.
    if (take && !withTaken) continue;
    const points = operator === "sum" ? { delta: score } : { score };
    const occurredAt = new Date(Math.max(START, Date.now() - earlierMs)).toISOString();
    const input = { player, ...points, occurredAt, ...(partition && { partition }) };
    const outcome = await board.rpc.submit(input, "service", { requestId: "r", actor: "key:1", actorName: "Server" });
    if (!outcome.ok) throw new Error(outcome.problem.slug);
    if (take) taken.set(player, [...(taken.get(player) ?? []), outcome.value.submissionId]);
  }
  for (const player of PLAYERS) {
    const { items } = await board.ask("reviews", { state: "open", limit: 50 });
    if (!items.some((review) => review.player === player)) {
      // The case that carries the decision: one more quarantined run, which is taken back with the others.
      const points = operator === "sum" ? { delta: 9 } : { score: 9 };
      const last = await board.rpc.submit({ player, ...points }, "service", { requestId: "r", actor: "key:1", actorName: "Server" });
      if (last.ok) taken.set(player, [...(taken.get(player) ?? []), last.value.submissionId]);
    }
    await decide(board, player, "clear", { remove: taken.get(player) ?? [], reviewId: (await caseOf(board, player)).reviewId });
  }
  return await entries(board);
}

it(
  "[LB15] taking runs back and clearing the rest ends where a board ends that never saw the runs that were taken",
  { timeout: 120_000 },
  async () => {
    let n = 0;
    let removed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("best" as const, "sum" as const),
        fc.array(step, { minLength: 5, maxLength: 14 }),
        async (operator, steps) => {
          n += 1;
          removed += steps.filter(({ take }) => take).length;
          const open = (all: readonly string[]) => all.filter((entry) => !entry.startsWith("daily"));
          const without = await play(`never-${n}`, operator, steps, false);
          expect(open(await play(`taken-${n}`, operator, steps, true))).toEqual(open(without));
        },
      ),
      { seed: 15, numRuns: 6 },
    );
    expect(removed).toBeGreaterThan(10);
  },
);

it("[LB15] a rebuild begins with what left for the archive: those runs stay in the entry", async () => {
  const board = await new TestBoard("base").configure({
    operator: "sum",
    windows: ["all"],
    rules: [{ type: "max-score", max: 1_000, action: "flag" }],
  });
  await board.add("cy", 100);
  await board.add("cy", 2_000);
  await board.passes(LEADERBOARD_LIMITS.logMs + DAY_MS);
  await board.passes(DAY_MS);
  expect(await board.rows("SELECT seq FROM submissions WHERE kind = 'score'")).toEqual([]);
  await board.add("cy", 30);
  const bad = await board.add("cy", 5_000);
  expect(await board.top()).toEqual(["cy:7130"]);
  await decide(board, "cy", "clear", { remove: [bad.submissionId] });
  expect(await board.top()).toEqual(["cy:2130"]);
  expect(await board.ask("stats", { player: "cy", trusted: true })).toMatchObject({ runs: 3, total: 2_130, best: 2_000 });
});
