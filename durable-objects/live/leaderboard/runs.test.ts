import { describe, expect, it, vi } from "vitest";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { ScoreInput } from "../../../contract/leaderboard-scores.ts";
import { meta, slugOf, standStillAt, START, TestBoard, valueOf } from "./board-testing.ts";

standStillAt();

const MINUTE_MS = 60_000;
const runRule = [{ type: "run" as const }];

const begin = async (board: TestBoard, player = "ann") => valueOf(await board.rpc.startRun(player, meta)).runId;
const send = async (board: TestBoard, input: ScoreInput) => await board.rpc.submit(input, "service", meta);

describe("a run", () => {
  it("[LB34] is begun, used by one score, and not by another", async () => {
    const board = await new TestBoard("runs-once").configure({ rules: runRule });
    const reply = valueOf(await board.rpc.startRun("ann", meta));
    expect(reply).toEqual({
      runId: reply.runId,
      startedAt: new Date(START).toISOString(),
      expiresAt: new Date(START + LEADERBOARD_LIMITS.runMaxMs).toISOString(),
    });
    vi.setSystemTime(START + MINUTE_MS);
    const { runId } = reply;
    expect((await board.submit("ann", 5, { runId, durationMs: MINUTE_MS })).verdict).toBe("accepted");
    expect(slugOf(await send(board, { player: "ann", score: 6, runId }))).toBe("run-used");
    await board.evict();
    expect(slugOf(await send(board, { player: "ann", score: 7, runId }))).toBe("run-used");
    expect(await board.top()).toEqual(["ann:5"]);
  });

  it("[LB34] is used up by a rejected score as well, and not by one that was refused for another reason", async () => {
    const board = await new TestBoard("runs-rejected").configure({ rules: [...runRule, { type: "max-score", max: 100 }] });
    const runId = await begin(board);
    expect(slugOf(await send(board, { player: "ann", score: Number.POSITIVE_INFINITY, runId }))).toBe("score-out-of-range");
    expect(slugOf(await send(board, { player: "ann", score: 101, runId }))).toBe("score-implausible");
    expect(slugOf(await send(board, { player: "ann", score: 100, runId }))).toBe("run-used");
  });

  it("[LB34] is refused when it is unknown, another player's or longer than the clock allows", async () => {
    const board = await new TestBoard("runs-whose").configure({ rules: runRule });
    const runId = await begin(board);
    vi.setSystemTime(START + MINUTE_MS);
    for (const input of [
      { player: "ann", score: 1 },
      { player: "ann", score: 1, runId: "00000000-0000-7000-8000-000000000000" },
      { player: "bob", score: 1, runId },
    ])
      expect(slugOf(await send(board, input))).toBe("score-implausible");
    expect(slugOf(await send(board, { player: "ann", score: 1, runId, durationMs: MINUTE_MS + 1_001 }))).toBe("score-implausible");
    expect(await board.top()).toEqual([]);
  });

  it("[LB34] expires after a day, is told so for another one, and is then forgotten", async () => {
    const board = await new TestBoard("runs-expire").configure({ rules: runRule });
    const runId = await begin(board);
    await board.passes(LEADERBOARD_LIMITS.runMaxMs - 1);
    const other = await begin(board, "bob");
    await board.passes(1);
    expect(slugOf(await send(board, { player: "ann", score: 1, runId }))).toBe("run-expired");
    expect(slugOf(await send(board, { player: "bob", score: 1, runId: other }))).toBe("ok");
    await board.passes(2 * LEADERBOARD_LIMITS.runMaxMs);
    expect(await board.rows("SELECT * FROM runs")).toEqual([]);
    expect(await board.timers()).not.toHaveProperty("sweep");
  });

  it("[LB34] makes room for the newest ten of a player, and takes none of another's", async () => {
    const board = await new TestBoard("runs-room").configure({ rules: runRule });
    const runs: string[] = [];
    let others = "";
    for (let n = 0; n <= LEADERBOARD_LIMITS.openRuns; n++) {
      vi.setSystemTime(START + n);
      if (n === LEADERBOARD_LIMITS.openRuns) for (let i = 0; i < 3; i++) others = await begin(board, "bob");
      runs.push(await begin(board));
    }
    const [first = "", second = ""] = runs;
    expect(slugOf(await send(board, { player: "ann", score: 1, runId: first }))).toBe("score-implausible");
    expect(slugOf(await send(board, { player: "ann", score: 1, runId: second }))).toBe("ok");
    expect(slugOf(await send(board, { player: "bob", score: 1, runId: others }))).toBe("ok");
  });
});

describe("verdicts", () => {
  it("[LB33] a rejected score is a problem with its id and reasons; it is kept and counts nowhere", async () => {
    const board = await new TestBoard("verdict-rejected").configure({ rules: [{ type: "max-score", max: 100 }] });
    const refused = await send(board, { player: "ann", score: 101 });
    const reasons = [{ rule: "max-score", action: "reject", detail: "A run's score of 101 is above 100." }];
    expect(refused).toMatchObject({ ok: false, problem: { slug: "score-implausible", extra: { reasons } } });
    expect(await board.top()).toEqual([]);
    const { recent, runs } = await board.ask("stats", { player: "ann", trusted: true });
    expect([runs, recent]).toEqual([0, [expect.objectContaining({ verdict: "rejected", score: 101, reasons })]]);
    expect(refused.ok ? "" : refused.problem.extra?.submissionId).toBe(recent[0]?.submissionId);
  });

  it("[LB33] a flagged score counts, a quarantined one does not until it is cleared", async () => {
    const rules = [
      { type: "points-per-second" as const, max: 10 },
      { type: "duration" as const, typicalMs: 60_000 },
    ];
    const board = await new TestBoard("verdict-flagged").configure({ rules });
    expect(await board.submit("ann", 601, { durationMs: 60_000 })).toMatchObject({
      verdict: "flagged",
      windows: [{ score: 601, rank: 1 }],
    });
    expect(await board.submit("ann", 700, { durationMs: 1_000_000 })).toMatchObject({
      verdict: "quarantined",
      windows: [{ score: 601, rank: 1, previousRank: 1 }],
    });
    expect(await board.submit("bob", 700, { durationMs: 1_000_000 })).toMatchObject({ verdict: "quarantined", windows: [] });
    expect(await board.top()).toEqual(["ann:601"]);
  });

  it("[LB33] the interval is counted from the last score that was not rejected", async () => {
    const board = await new TestBoard("verdict-interval").configure({ rules: [{ type: "interval" }] });
    await board.submit("ann", 1);
    vi.setSystemTime(START + 59_999);
    expect(slugOf(await send(board, { player: "ann", score: 2 }))).toBe("score-implausible");
    vi.setSystemTime(START + 60_000);
    expect(slugOf(await send(board, { player: "ann", score: 3 }))).toBe("ok");
  });
});
