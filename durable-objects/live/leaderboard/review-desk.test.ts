import { describe, expect, it } from "vitest";
import { REVIEW_LIMITS } from "../../../core/live/leaderboard/review-cases.ts";
import { standStillAt, START, TestBoard } from "./board-testing.ts";
import { caseOf, decide, flagged, queue, RULES } from "./review-testing.ts";

standStillAt();

/** Forty players with 100 to 139 points: a population of median 119.5 and MAD 10. */
async function populated(board: TestBoard): Promise<void> {
  await board.batch(
    "population",
    Array.from({ length: 40 }, (_, i) => ({ player: `p${i}`, score: 100 + i })),
  );
}

describe("the review queue", () => {
  it("[LB82] a suspicious run opens its player's case, the next ones extend it, and the worst case comes first", async () => {
    const board = await new TestBoard("queue").configure({ rules: [...RULES] });
    await populated(board);
    await flagged(board, "quick", 130);
    await flagged(board, "quick", 140);
    const huge = await board.submit("huge", 5_000);
    expect(huge.verdict).toBe("quarantined");
    const list = await queue(board);
    expect(list.items.map(({ player }) => player)).toEqual(["huge", "quick"]);
    expect(list.open).toBe(2);
    const [first, second] = list.items;
    expect(first).toMatchObject({ reviewId: "rv-43", state: "open", name: null, openedAt: new Date(START).toISOString(), decision: null });
    expect(first?.suspicious).toMatchObject([{ submissionId: huge.submissionId, score: 5_000, verdict: "quarantined", removed: false }]);
    expect(first?.suspicious[0]?.reasons).toMatchObject([{ rule: "max-score", action: "quarantine" }]);
    expect(second?.suspicious.map(({ score }) => score)).toEqual([140, 130]);
    expect(second?.history.map(({ score }) => score)).toEqual([140, 130]);
  });

  it("[LB80] a case shows the distance from the population, its figures and its picture; both count no quarantined run", async () => {
    const board = await new TestBoard("beside").configure({ rules: [...RULES], decimals: 1 });
    await populated(board);
    await board.submit("huge", 5_000);
    const review = await caseOf(board, "huge");
    expect(review.population).toEqual({ runs: 40, median: 119.5, p90: expect.closeTo(135.1), p99: expect.closeTo(138.61), mad: 10 });
    expect(review.robustZ).toBeCloseTo((5_000 - 119.5) / (1.4826 * 10), 6);
    expect(review.severity).toBeCloseTo((5_000 - 119.5) / (1.4826 * 10) + 1, 6);
    expect(review.histogram).toMatchObject({ from: 100, to: 139 });
    expect(review.histogram?.counts.reduce((sum, count) => sum + count, 0)).toBe(40);
  });

  it("[LB80] below thirty runs nobody says how far out one is", async () => {
    const board = await new TestBoard("few").configure({ rules: [...RULES] });
    await board.batch(
      "few",
      Array.from({ length: 29 }, (_, i) => ({ player: `p${i}`, score: i })),
    );
    await board.submit("huge", 5_000);
    expect((await caseOf(board, "huge")).robustZ).toBeNull();
    await board.submit("p29", 5);
    expect((await caseOf(board, "huge")).robustZ).toBeGreaterThan(100);
  });

  it("[LB82] where less is better, less is worse", async () => {
    const board = await new TestBoard("races").configure({ order: "asc", rules: [{ type: "duration", typicalMs: 100, action: "flag" }] });
    await populated(board);
    await board.submit("slow", 900, { durationMs: 1 });
    await board.submit("fast", 3, { durationMs: 1 });
    expect((await queue(board)).items.map(({ player }) => player)).toEqual(["fast", "slow"]);
  });

  it("[LB82] the queue comes in pages that neither repeat nor leave out a case", async () => {
    const board = await new TestBoard("pages").configure({ rules: [...RULES] });
    for (let n = 0; n < 7; n++) await board.submit(`cheat-${n}`, 2_000 + (n % 3));
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await board.ask("reviews", { state: "open", limit: 3, ...(cursor && { cursor }) });
      expect(page.open).toBe(7);
      seen.push(...page.items.map(({ player }) => player));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toHaveLength(7);
    expect(new Set(seen).size).toBe(7);
    expect(await board.rpc.ask("reviews", { state: "open", limit: 3, cursor: "nonsense" })).toMatchObject({
      problem: { slug: "invalid-parameter" },
    });
  });

  it("[LB82] a case of a thousand runs is full: the next run opens another one", async () => {
    const board = await new TestBoard("full").configure({ rules: [{ type: "max-score", max: 10, action: "flag" }] });
    const items = Array.from({ length: REVIEW_LIMITS.caseRuns }, () => ({ player: "bot", score: 11 }));
    const events = await board.events(async () => await board.batch("bot", items));
    expect((await queue(board)).items).toHaveLength(1);
    expect(events.filter(({ type }) => type === "meridian.score.flagged").map(({ data }) => data["runs"])).toEqual([
      1, 2, 4, 8, 16, 32, 64, 128, 256, 512,
    ]);
    await board.submit("bot", 12);
    expect((await queue(board)).items.map(({ suspicious }) => suspicious.length).toSorted((a, b) => a - b)).toEqual([1, 10]);
    const [full] = (await queue(board)).items.filter(({ suspicious }) => suspicious.length === 10);
    const alone = await board.ask("review", { reviewId: full?.reviewId ?? "" });
    expect([alone.suspicious.length, alone.history.length]).toEqual([200, 200]);
  });

  it("[LB82] a flagged score is told with its rules, and the player only where it is personal", async () => {
    const board = await new TestBoard("told").configure({ rules: [...RULES] });
    const [told] = await board.events(async () => await board.submit("huge", 5_000, { name: "Huge" }));
    expect(told).toMatchObject({
      type: "meridian.score.flagged",
      subject: "leaderboard/told",
      data: {
        board: "told",
        reviewId: "rv-1",
        verdict: "quarantined",
        rules: ["max-score"],
        runs: 1,
        personal: { player: "huge", name: "Huge" },
      },
    });
  });

  it("[LB82] an unknown case is not found", async () => {
    const board = await new TestBoard("unknown").configure({ rules: [...RULES] });
    for (const reviewId of ["rv-1", "rv-0", "rv-1.5", "1", "rv-99999999999999999999"]) {
      expect(await board.rpc.ask("review", { reviewId })).toMatchObject({ problem: { slug: "not-found" } });
    }
  });

  it("[LB89] a decided case is forgotten after 90 days, one whose decision still holds somebody back never", async () => {
    const board = await new TestBoard("old").configure({ rules: [...RULES] });
    for (const player of ["cleared", "banned", "waits", "open"]) await board.submit(player, 5_000);
    await decide(board, "cleared", "clear");
    await decide(board, "banned", "ban");
    const until = new Date(START + REVIEW_LIMITS.decidedMs + 10 * 86_400_000).toISOString();
    await decide(board, "waits", "suspend", { until });
    await board.passes(REVIEW_LIMITS.decidedMs - 1);
    expect((await queue(board, "decided")).items).toHaveLength(3);
    await board.passes(1);
    expect((await queue(board, "decided")).items.map(({ player }) => player).toSorted()).toEqual(["banned", "waits"]);
    await board.passes(10 * 86_400_000);
    await board.passes(86_400_000);
    expect((await queue(board, "decided")).items.map(({ player }) => player)).toEqual(["banned"]);
    expect((await queue(board)).items.map(({ player }) => player)).toEqual(["open"]);
    expect((await board.timers())["reviews"]).toBeUndefined();
    expect((await queue(board)).precision).toEqual([{ rule: "max-score", decided: 3, upheld: 2 }]);
  });
});

describe("what suspicion costs", () => {
  it("[LB82] a suspicious run writes three rows more than another, four where it opens a case, and three with each event", async () => {
    const board = await new TestBoard("cost").configure({ rules: [...RULES] });
    await board.submit("cy", 10, { name: "Cy" });
    const rowsOf = async (work: () => Promise<unknown>) => (await board.watched(work)).reduce((sum, { rows }) => sum + rows, 0);
    const plain = await rowsOf(async () => await board.submit("cy", 20));
    const more: number[] = [];
    for (const score of [100, 101, 102, 103, 104]) more.push((await rowsOf(async () => await flagged(board, "cy", score))) - plain);
    expect(more).toEqual([4 + 3, 3 + 3, 3, 3 + 3, 3]);
  });
});
