import { describe, expect, it } from "vitest";
import { importLineSchema, type ImportLine } from "../../contract/leaderboard-scores.ts";
import { boardConfigSchema, SEEDED_MODES } from "../../contract/leaderboards.ts";
import { judge } from "../../core/live/leaderboard/rules.ts";
import { mulberry } from "../../tests/lib/random.ts";
import { BOARD_SIZES, cheatersRun, SEEDED_BOARDS, seededPlayer, seededRuns } from "./leaderboards.ts";

const NOW = Date.UTC(2026, 10, 20, 12);
const PLAYERS = 20_000;
const people = Array.from({ length: PLAYERS }, (_, n) => seededPlayer(n));
const share = (count: number, of: number): number => Math.round((1_000 * count) / of) / 10;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const runsOf = (board: (typeof SEEDED_BOARDS)[number], seed = 1): ImportLine[] => {
  const random = mulberry(seed);
  return people.flatMap((who) => [...seededRuns(board, who, NOW, random)]);
};
const rulesOf = (mode: string | undefined) => boardConfigSchema.parse({ title: "t", ...SEEDED_MODES[mode ?? ""] }).rules;
/** What the rules of the board's mode say of a run. */
const verdictOf = (mode: string | undefined, score: number, durationMs: number) =>
  judge(rulesOf(mode), { score, occurredAt: NOW, now: NOW, lastAt: undefined, durationMs, run: undefined, typicalMs: () => undefined })
    .verdict;

describe("the seeded boards", () => {
  it("[LB124] have 60 % casual, 30 % regular, 9 % strong players and 1 % pros, each the same whoever asks", () => {
    const count = (tier: string) => share(people.filter((who) => who.tier === tier).length, PLAYERS);
    expect(count("casual")).toBeCloseTo(60, -0.3);
    expect(count("regular")).toBeCloseTo(30, -0.3);
    expect(count("strong")).toBeCloseTo(9, 0);
    expect(count("pro")).toBeCloseTo(1, 0);
    expect(new Set(people.map(({ name }) => name)).size).toBe(PLAYERS);
    expect(seededPlayer(7)).toEqual(people[7]);
    expect(Object.values(BOARD_SIZES)).toEqual([20_000, 1_000_000, 10_000_000]);
  });

  it("[LB124] have means near 3,000, 5,000 and 8,000 a run, pros above casual players, half of the runs in the evening", () => {
    const means = [3_000, 5_000, 8_000];
    expect(SEEDED_BOARDS.map(({ mean: middle }) => middle)).toEqual(means);
    for (const board of SEEDED_BOARDS) {
      const runs = runsOf(board);
      const of = (tier: string) =>
        mean(runs.filter(({ player }) => people[Number(player.slice(7))]?.tier === tier).map(({ score }) => score ?? 0)) / board.mean;
      expect(mean(runs.map(({ score }) => score ?? 0)) / board.mean).toBeCloseTo(1, 1);
      expect(of("casual")).toBeLessThan(of("regular") - 0.3);
      expect(of("regular")).toBeLessThan(of("strong") - 0.3);
      expect(of("pro")).toBeGreaterThan(2 * of("regular"));
      const evening = runs.filter(({ occurredAt }) => {
        const hour = new Date(occurredAt).getUTCHours();
        return hour >= 18 && hour < 23;
      });
      // Half of all on purpose, and five in twenty-four of the rest.
      expect(share(evening.length, runs.length)).toBeGreaterThan(50);
      expect(share(evening.length, runs.length)).toBeLessThan(65);
    }
  });

  it("[LB124] have runs that an import takes, of the last week, and that no rule of their mode finds fault with", () => {
    for (const board of SEEDED_BOARDS) {
      const runs = runsOf(board, 2);
      const faults = runs.filter((run) => !importLineSchema.safeParse(run).success);
      expect(faults).toEqual([]);
      const ages = runs.map(({ occurredAt }) => (NOW - Date.parse(occurredAt)) / 86_400_000);
      expect(Math.min(...ages.map((age) => Math.floor(age * 1e6)))).toBeGreaterThanOrEqual(0);
      expect(ages.every((age) => age <= 9)).toBe(true);
      const wrong = runs.filter(({ score, durationMs }) => verdictOf(board.create.mode, score ?? 0, durationMs ?? 0) !== "accepted");
      expect(share(wrong.length, runs.length)).toBeLessThan(1);
    }
  });

  it("[LB124] have cheaters, half of whom the rules quarantine and half of whom they flag", () => {
    for (const board of SEEDED_BOARDS) {
      const verdicts = Array.from({ length: 12 }, (_, n) => {
        const run = cheatersRun(board, n);
        return verdictOf(board.create.mode, run.score ?? 0, run.durationMs ?? 0);
      });
      expect(verdicts.toSorted()).toEqual([...Array<string>(6).fill("flagged"), ...Array<string>(6).fill("quarantined")]);
    }
  });
});
