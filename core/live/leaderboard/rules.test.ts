import { describe, expect, it } from "vitest";
import { type BoardRule, boardRuleSchema } from "../../../contract/leaderboards.ts";
import { judge, type JudgedRun } from "./rules.ts";

const NOW = Date.UTC(2031, 0, 1);
const rule = (of: { type: BoardRule["type"] } & Record<string, unknown>) => boardRuleSchema.parse(of);
const run = (of: Partial<JudgedRun> = {}): JudgedRun => ({
  score: 100,
  occurredAt: NOW,
  now: NOW,
  lastAt: undefined,
  durationMs: undefined,
  run: undefined,
  typicalMs: () => undefined,
  ...of,
});
const verdictOf = (rules: readonly BoardRule[], of: Partial<JudgedRun>) => judge(rules, run(of)).verdict;

describe("rules", () => {
  it("[LB33] a score above the most of a run is rejected, one at it is not", () => {
    const rules = [rule({ type: "max-score", max: 100 })];
    expect([verdictOf(rules, { score: 100 }), verdictOf(rules, { score: 100.5 })]).toEqual(["accepted", "rejected"]);
  });

  it("[LB33] a run must be named, be the player's, and not be longer than the server's clock allows", () => {
    const rules = [rule({ type: "run" })];
    const began = { run: { startedAt: NOW - 10_000 } };
    expect(verdictOf(rules, {})).toBe("rejected");
    expect(verdictOf(rules, { run: "unknown" })).toBe("rejected");
    expect(verdictOf(rules, began)).toBe("accepted");
    expect(verdictOf(rules, { ...began, durationMs: 11_000 })).toBe("accepted"); // a second of slack
    expect(verdictOf(rules, { ...began, durationMs: 11_001 })).toBe("rejected");
  });

  it("[LB33] scores of a player need their interval, to either side", () => {
    const rules = [rule({ type: "interval" })];
    expect(verdictOf(rules, {})).toBe("accepted");
    for (const [since, verdict] of [
      [59_999, "rejected"],
      [60_000, "accepted"],
      [-59_999, "rejected"],
    ] as const)
      expect(verdictOf(rules, { lastAt: NOW - since })).toBe(verdict);
  });

  it("[LB33] a duration outside of 0.3 to 3 times the typical is quarantined; the board's own median counts where none is set", () => {
    const fixed = [rule({ type: "duration", typicalMs: 10_000 })];
    for (const [durationMs, verdict] of [
      [2_999, "quarantined"],
      [3_000, "accepted"],
      [30_000, "accepted"],
      [30_001, "quarantined"],
    ] as const)
      expect(verdictOf(fixed, { durationMs })).toBe(verdict);
    const own = [rule({ type: "duration" })];
    expect(verdictOf(own, { durationMs: 1 })).toBe("accepted");
    expect(verdictOf(own, { durationMs: 1, typicalMs: () => 10 })).toBe("quarantined");
  });

  it("[LB33] points per second above the most are flagged; without any time at all every point is too many", () => {
    const rules = [rule({ type: "points-per-second", max: 10 })];
    expect(verdictOf(rules, { durationMs: 10_000 })).toBe("accepted");
    expect(verdictOf(rules, { durationMs: 9_999 })).toBe("flagged");
    expect(verdictOf(rules, { durationMs: 0 })).toBe("flagged");
    expect(verdictOf(rules, { durationMs: 0, score: 0 })).toBe("accepted");
  });

  it("[LB33] whoever leaves the duration out is judged by the server's clock, when there is a run", () => {
    const rules = [rule({ type: "points-per-second", max: 10 })];
    expect(verdictOf(rules, { run: { startedAt: NOW - 1_000 } })).toBe("flagged");
    expect(verdictOf(rules, {})).toBe("accepted");
  });

  it("[LB33] each rule that acts gives a reason, and the worst action decides", () => {
    const rules = [
      rule({ type: "points-per-second", max: 10 }),
      rule({ type: "max-score", max: 50, action: "quarantine" }),
      rule({ type: "interval", action: "flag" }),
    ];
    const { verdict, reasons } = judge(rules, run({ durationMs: 1_000 }));
    expect([verdict, reasons.map(({ rule: type, action }) => `${type} ${action}`)]).toEqual([
      "quarantined",
      ["points-per-second flag", "max-score quarantine"],
    ]);
    expect(verdictOf([...rules, rule({ type: "run" })], {})).toBe("rejected");
  });
});
