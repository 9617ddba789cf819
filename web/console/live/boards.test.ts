import { describe, expect, it } from "vitest";
import { WINDOW_KINDS } from "../../../contract/leaderboard-limits.ts";
import type { BoardFigures, Submission, WindowView } from "../../../contract/leaderboard-reads.ts";
import { VERDICTS } from "../../../contract/leaderboard-scores.ts";
import {
  boardConfigSchema,
  boardCreateSchema,
  boardRuleSchema,
  type BoardView,
  FIXED_FIELDS,
  RULE_ACTIONS,
  SEEDED_MODES,
} from "../../../contract/leaderboards.ts";
import {
  createInput,
  FIRST_ORDERING,
  FIXED,
  orderingDraft,
  partitionsOf,
  partitionsText,
  rewardsDraft,
  rewardsOf,
  RULE_ACTIONS_SHOWN,
  RULE_FORMS,
  rulesDraft,
  rulesOf,
  wrongRule,
} from "./board-draft.ts";
import { boardHead, boardsHead, deviationWords, precisionWords, windowChoices, windowWords } from "./board-words.ts";
import { histogramPicture, historyDots, historyTop, runsOf } from "./case-pictures.ts";
import { readDocument } from "./document-words.ts";
import { addPoint, bridged, NO_TRACKS, TRACK_S } from "./live-tracks.ts";
import { VERDICTS_SHOWN } from "./verdicts.ts";

function view(board: string, state: BoardView["state"] = "live"): BoardView {
  const at = "2026-11-20T12:00:00.000Z";
  return { board, mode: null, state, config: boardConfigSchema.parse({ title: board }), version: 1, createdAt: at, updatedAt: at };
}

function figures(openReviews: number, scoresPerSecond = 0): BoardFigures {
  return {
    at: "2026-11-20T12:00:00.000Z",
    activePlayers: 0,
    scoresPerSecond,
    verdicts: { accepted: 0, flagged: 0, quarantined: 0, rejected: 0 },
    sockets: 0,
    outboxDepth: 0,
    sets: 0,
    entries: 0,
    openReviews,
    topHitRatio: null,
  };
}

describe("the top lines of leaderboards", () => {
  it("[LB110] name the cases that wait first, and where", () => {
    const known = new Map([
      ["a", { players: 3, figures: figures(2, 25.04) }],
      ["b", { players: null, figures: null }],
    ]);
    expect(boardsHead([view("a"), view("b")], known)).toEqual({
      tone: "warn",
      headline: "2 cases to review",
      detail: "on a · 2 leaderboards · 25 scores/s",
    });
    expect(boardsHead([view("a", "deleting")], new Map())).toMatchObject({ tone: "info", headline: "1 leaderboard, 1 not ready" });
    expect(boardsHead([view("b")], known)).toEqual({ tone: "ok", headline: "1 leaderboard", detail: "no case to review" });
  });

  it("[LB110] say of one board how many climb it, and nothing of what could not be read", () => {
    expect(boardHead(view("a"), { players: 1, figures: figures(1) })).toEqual({
      tone: "warn",
      headline: "a: 1 case to review",
      detail: "1 player · no score in the last minute",
    });
    expect(boardHead(view("a"), { players: null, figures: null })).toEqual({ tone: "ok", headline: "a", detail: "" });
    expect(boardHead(view("a", "creating"), { players: null, figures: null })).toMatchObject({ headline: "a is being made" });
  });

  it("[LB110] have words for windows, deviations and what rules were worth", () => {
    expect(["all", "daily", "weekly:2026-W46", "other"].map(windowWords)).toEqual(["All time", "Today", "Week 2026-W46", "other"]);
    expect([deviationWords(11.29), deviationWords(-2), deviationWords(null)]).toEqual([
      "11.3 robust deviations above the median",
      "2 robust deviations below the median",
      "too few runs to compare with",
    ]);
    expect([precisionWords({ decided: 4, upheld: 3 }), precisionWords({ decided: 0, upheld: 0 })]).toEqual([
      "3 of 4 upheld, 75 %",
      "no case decided",
    ]);
  });

  it("[LB111] offer the windows one can rank in, the present ones by kind", () => {
    const window = (kind: WindowView["kind"], name: string, state: WindowView["state"], rankable = true): WindowView => ({
      kind,
      window: name,
      opensAt: null,
      closesAt: null,
      state,
      rankable,
      total: 0,
      partitions: [],
    });
    const { now, past } = windowChoices([
      window("all", "all", "open"),
      window("daily", "daily:2026-11-20", "open"),
      window("daily", "daily:2026-11-19", "archived"),
      window("daily", "daily:2026-11-10", "archived", false),
    ]);
    expect(now.map(({ value }) => value)).toEqual(["all", "daily"]);
    expect(past).toEqual([{ value: "daily:2026-11-19", words: "Day 2026-11-19" }]);
  });
});

describe("the forms of a board", () => {
  it("[LB116] begin with what the contract gives a board, and know what the first score fixes", () => {
    expect([...FIXED].toSorted()).toEqual([...FIXED_FIELDS].toSorted());
    expect(boardConfigSchema.parse({ title: "t" })).toMatchObject(FIRST_ORDERING);
    expect(VERDICTS_SHOWN).toEqual(VERDICTS);
    expect(RULE_ACTIONS_SHOWN.map(({ id }) => id)).toEqual(RULE_ACTIONS);
    expect(RULE_FORMS.map(({ type }) => type)).toEqual(boardRuleSchema.options.map(({ shape }) => shape.type.value));
  });

  it("[LB116] send a board that the contract takes, with what its mode gives", () => {
    const draft = { ...orderingDraft(SEEDED_MODES["raid"]), partitions: "region: eu us\n\nplatform: pc, console" };
    const sent = createInput(" my-raid ", "raid", "", draft);
    expect(boardCreateSchema.parse(sent)).toMatchObject({ board: "my-raid", mode: "raid", operator: "sum", windows: [...WINDOW_KINDS] });
    expect(sent).not.toHaveProperty("title");
    expect(createInput("solo", "", "", draft)).toMatchObject({ title: "solo" });
    const partitions = [
      { key: "region", values: ["eu", "us"] },
      { key: "platform", values: ["pc", "console"] },
    ];
    expect(sent.partitions).toEqual(partitions);
    expect(partitionsOf(partitionsText(partitions))).toEqual(partitions);
  });

  it("[LB116] keep every rule through the form, and name the field that is no number", () => {
    const rules = [
      boardRuleSchema.parse({ type: "max-score", max: 5, action: "flag" }),
      boardRuleSchema.parse({ type: "duration" }),
      boardRuleSchema.parse({ type: "points-per-second", max: 0.5 }),
    ];
    const draft = rulesDraft(rules);
    expect(rulesOf(draft)).toEqual({ rules });
    const wrong = { ...draft, duration: { ...draft.duration, values: { ...draft.duration.values, max: "many" } } };
    expect(rulesOf(wrong)).toEqual({ wrong: "duration.max" });
    expect(wrongRule("/rules/1/max", draft)).toBe("duration.max");
    expect(wrongRule("/title", draft)).toBeUndefined();
    const all = rulesOf(
      rulesDraft(RULE_FORMS.map(({ type }) => boardRuleSchema.parse(type.match(/max|points/) ? { type, max: 1 } : { type }))),
    );
    expect("rules" in all && all.rules).toHaveLength(RULE_FORMS.length);
  });

  it("[LB116] read rewards as ranks or a part of the players", () => {
    const rewards = [
      { window: "daily", reward: "first", ranks: { from: 1, to: 1 } },
      { window: "weekly", reward: "ten", ranks: { from: 2, to: 10 } },
      { window: "season", reward: "best", topPercent: 2.5 },
    ] as const;
    expect(rewardsDraft(rewards).map(({ who }) => who)).toEqual(["1", "2-10", "2.5%"]);
    expect(rewardsOf(rewardsDraft(rewards))).toEqual({ rewards });
    expect(rewardsOf([{ window: "daily", reward: "x", who: "everybody" }])).toEqual({ wrong: 0 });
  });

  it("[LB117] read a document, or say why it is none", () => {
    expect(readDocument('{"boards":{}}')).toEqual({ document: { boards: {} } });
    expect(readDocument("{")).toMatchObject({ wrong: expect.stringContaining("This is no JSON") });
    expect(readDocument("[]")).toEqual({ wrong: "Write an object with boards and modes." });
  });
});

describe("the pictures of a case", () => {
  const run = (score: number, at: string, id = at): Submission => ({
    submissionId: id,
    player: "p",
    name: null,
    score,
    verdict: "accepted",
    reasons: [],
    durationMs: null,
    at,
    removed: false,
  });

  it("[LB115] lay runs out over time below the best, one alone in the middle", () => {
    const runs = [run(10, "2026-11-20T00:00:00Z"), run(40, "2026-11-20T01:00:00Z")];
    const top = historyTop(runs, { p99: 100 });
    expect(top).toBeCloseTo(108);
    expect(historyDots(runs, 40).map(({ x, y }) => [x, y])).toEqual([
      [0, 0.25],
      [1, 1],
    ]);
    expect(historyDots(runs.slice(0, 1), 40)[0]?.x).toBe(0.5);
  });

  it("[LB115] reach to a run beyond the population, and show one run beside thousands", () => {
    const { low, high, bars, marks } = histogramPicture({ from: 0, to: 100, counts: [9_999, 0, 0, 1] }, [200]);
    expect([low, high, marks]).toEqual([0, 200, [1]]);
    expect(bars.map(({ x, width }) => [x, width])).toEqual([0, 0.125, 0.25, 0.375].map((x) => [x, 0.125]));
    expect(bars[0]?.height).toBe(1);
    expect(bars[1]?.height).toBe(0);
    expect(bars[3]?.height).toBeGreaterThan(0.05);
  });

  it("[LB115] list suspicious runs first, each once, the newest first", () => {
    const [a, b, c] = [run(1, "2026-11-20T01:00:00Z", "a"), run(2, "2026-11-20T02:00:00Z", "b"), run(3, "2026-11-20T03:00:00Z", "c")];
    expect(runsOf({ suspicious: [a, b], history: [c, b, a] }).map(({ submissionId }) => submissionId)).toEqual(["b", "a", "c"]);
  });
});

describe("the lines of the live panel", () => {
  const at = (second: number) => ({ at: new Date(second * 1_000).toISOString(), scoresPerSecond: second, activePlayers: 1 });

  it("[LB118] hold two minutes, leave out what comes late, and carry a value over short silences only", () => {
    const first = addPoint(NO_TRACKS, at(1_000), 5);
    expect(first.scores).toHaveLength(TRACK_S);
    expect(first.scores.at(-1)).toBe(1_000);
    const later = addPoint(addPoint(first, at(1_003), undefined), at(1_003), undefined);
    expect(later.scores.slice(-4)).toEqual([1_000, null, null, 1_003]);
    expect(addPoint(later, at(1_002), 1)).toBe(later);
    expect(addPoint(later, at(9_000), 1).scores.filter((value) => value !== null)).toEqual([9_000]);
    expect(bridged([null, 1, null, null, null, null, null, null, 2])).toEqual([null, 1, 1, 1, 1, 1, 1, null, 2]);
  });
});
