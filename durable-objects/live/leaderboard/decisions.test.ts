import { describe, expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { slugOf, standStillAt, START, TestBoard } from "./board-testing.ts";
import { caseOf, decide, entries, flagged, queue, RULES, tryDecide } from "./review-testing.ts";

standStillAt();

const DAY_MS = 86_400_000;
const at = (ms: number) => new Date(START + ms).toISOString();

describe("clearing", () => {
  it("[LB83] quarantined runs count from now on, in every window of their time that is open", async () => {
    const board = await new TestBoard("clear").configure({
      rules: [...RULES],
      windows: ["all", "daily"],
      partitions: [{ key: "region", values: ["eu"] }],
    });
    await board.submit("ann", 700);
    await board.submit("cy", 500, { partition: "eu" });
    await board.submit("cy", 5_000, { partition: "eu" });
    expect(await board.top()).toEqual(["ann:700", "cy:500"]);
    const reply = await decide(board, "cy", "clear", { note: "saw the replay" });
    expect(await board.top()).toEqual(["cy:5000", "ann:700"]);
    expect(await board.top("daily", "eu")).toEqual(["cy:5000"]);
    const everywhere = ["all", "daily:2031-06-11"].flatMap((window) =>
      [null, "eu"].map((partition) => ({ window, partition, score: 5_000 })),
    );
    expect(reply.corrected).toHaveLength(4);
    expect(reply.corrected).toEqual(expect.arrayContaining(everywhere));
    expect(reply.review).toMatchObject({
      state: "decided",
      decision: { decision: "clear", by: "Game server", at: at(0), note: "saw the replay" },
    });
    expect(reply.review.suspicious).toMatchObject([{ score: 5_000, verdict: "accepted" }]);
    expect(await board.ask("stats", { player: "cy", trusted: true })).toMatchObject({ runs: 2, total: 5_500, best: 5_000, mean: 2_750 });
    expect((await queue(board)).items).toEqual([]);
  });

  it("[LB83] a first run that was quarantined makes the entry, with the time at which it happened", async () => {
    const board = await new TestBoard("first").configure({ rules: [...RULES], operator: "sum" });
    await board.add("cy", 5_000, { occurredAt: at(-1_000) });
    expect(await board.top()).toEqual([]);
    await decide(board, "cy", "clear");
    const standing = await board.ask("standing", { window: "all", player: "cy", own: false });
    expect(standing.entry).toMatchObject({ score: 5_000, at: at(-1_000), rank: 1 });
  });

  it("[LB83] what is closed stays as it was: a run of yesterday counts for all time only", async () => {
    const board = await new TestBoard("closed").configure({ rules: [...RULES], windows: ["all", "daily"] });
    await board.submit("ann", 700);
    await board.submit("cy", 5_000);
    await board.passes(DAY_MS);
    await decide(board, "cy", "clear");
    expect(await board.top()).toEqual(["cy:5000", "ann:700"]);
    expect(await board.top("daily:2031-06-11")).toEqual(["ann:700"]);
  });

  it("[LB83] a quarantined run whose row has left for the archive counts no more, and the case still shows it", async () => {
    const board = await new TestBoard("waited").configure({ rules: [...RULES] });
    await board.submit("cy", 5_000);
    await board.passes(LEADERBOARD_LIMITS.logMs + DAY_MS);
    await board.passes(DAY_MS);
    expect((await decide(board, "cy", "clear")).review.suspicious).toMatchObject([{ score: 5_000, verdict: "quarantined" }]);
    expect(await board.top()).toEqual([]);
  });

  it("[LB83] rules are worth what reviewers make of their cases, by the decision that stands", async () => {
    const board = await new TestBoard("precision").configure({ rules: [...RULES] });
    await board.submit("a", 5_000, { durationMs: 1_000 });
    await flagged(board, "b", 100);
    await decide(board, "a", "clear");
    await decide(board, "b", "ban");
    const rule = (name: string, upheld: number) => ({ rule: name, decided: name === "max-score" ? 1 : 2, upheld });
    expect((await queue(board)).precision).toEqual([rule("max-score", 0), rule("points-per-second", 1)]);
    await decide(board, "a", "ban");
    await decide(board, "b", "clear");
    expect((await queue(board)).precision).toEqual([rule("max-score", 1), rule("points-per-second", 1)]);
  });

  it("[LB83] the same decision again changes nothing, tells nothing and answers alike", async () => {
    const board = await new TestBoard("again").configure({ rules: [...RULES] });
    await board.submit("cy", 500);
    await board.submit("cy", 5_000);
    const { reviewId } = await caseOf(board, "cy");
    const first = await decide(board, "cy", "clear", { reviewId });
    const events = await board.events(async () => expect(await decide(board, "cy", "clear", { reviewId })).toEqual(first));
    expect(events).toEqual([]);
    expect((await board.ask("stats", { player: "cy", trusted: true })).runs).toBe(2);
  });

  it("[LB86] suspending and clearing are told, with the player only where it is personal", async () => {
    const board = await new TestBoard("events").configure({ rules: [...RULES] });
    await board.submit("cy", 5_000, { name: "Cy" });
    const { reviewId } = await caseOf(board, "cy");
    const of = { board: "events", reviewId, removed: 0, personal: { player: "cy", name: "Cy" } };
    const subject = "leaderboard/events";
    expect(await board.events(async () => await decide(board, "cy", "ban"))).toEqual([
      { type: "meridian.player.suspended", subject, data: { ...of, decision: "ban", until: null } },
    ]);
    expect(await board.events(async () => await decide(board, "cy", "suspend", { until: at(DAY_MS) }))).toEqual([
      { type: "meridian.player.suspended", subject, data: { ...of, decision: "suspend", until: at(DAY_MS) } },
    ]);
    expect(await board.events(async () => await decide(board, "cy", "clear"))).toEqual([
      { type: "meridian.player.cleared", subject, data: { ...of, cause: "decision", counted: 1 } },
    ]);
  });
});

describe("taking runs back", () => {
  it("[LB84] chosen runs go and the entry is what the others make; figures follow", async () => {
    const board = await new TestBoard("remove").configure({ rules: [...RULES], windows: ["all", "daily"] });
    await board.submit("ann", 400);
    await board.submit("cy", 300);
    const bad = await flagged(board, "cy", 900);
    await board.submit("cy", 100);
    const before = await board.ask("standing", { window: "all", player: "ann", own: false });
    expect(before.rank).toBe(2);
    const reply = await decide(board, "cy", "clear", { remove: [bad.submissionId] });
    expect(await board.top()).toEqual(["ann:400", "cy:300"]);
    expect(reply.corrected.map(({ score }) => score)).toEqual([300, 300]);
    const stats = await board.ask("stats", { player: "cy", trusted: true });
    expect(stats).toMatchObject({ runs: 2, total: 400, best: 300, mean: 200 });
    expect(stats.recent.map(({ score, removed }) => [score, removed])).toEqual([
      [100, false],
      [900, true],
      [300, false],
    ]);
    expect((await board.ask("stats", { player: "cy", trusted: false })).recent.map(({ score }) => score)).toEqual([100, 300]);
    expect((await queue(board)).precision).toEqual([{ rule: "points-per-second", decided: 1, upheld: 1 }]);
  });

  it("[LB84] with the last run the entry goes, and comes back with none", async () => {
    const board = await new TestBoard("last").configure({ rules: [...RULES] });
    const only = await flagged(board, "cy", 900);
    const reply = await decide(board, "cy", "clear", { remove: [only.submissionId] });
    expect(reply.corrected).toEqual([{ window: "all", partition: null, score: null }]);
    expect(await board.top()).toEqual([]);
    expect(await board.ask("stats", { player: "cy", trusted: true })).toMatchObject({ runs: 0, total: 0, best: null, mean: null });
  });

  it("[LB84] only the player's own runs, all or none", async () => {
    const board = await new TestBoard("own").configure({ rules: [...RULES] });
    const other = await board.submit("ann", 400);
    const own = await flagged(board, "cy", 900);
    const before = await entries(board);
    for (const foreign of [other.submissionId, "nonsense", own.submissionId.replace(/.$/, "9")]) {
      const refused = await tryDecide(board, "cy", "ban", { remove: [own.submissionId, foreign] });
      expect(refused).toMatchObject({ ok: false, problem: { slug: "invalid-parameter", errors: [{ pointer: "/removeSubmissions/1" }] } });
    }
    expect(await entries(board)).toEqual(before);
    expect((await caseOf(board, "cy")).state).toBe("open");
  });

  it("[LB84] a run whose row has left for the archive cannot be taken back, and nothing else is done", async () => {
    const board = await new TestBoard("archived").configure({ rules: [...RULES] });
    const old = await flagged(board, "cy", 900);
    await board.passes(LEADERBOARD_LIMITS.logMs + DAY_MS);
    await board.passes(DAY_MS);
    expect(await board.rows("SELECT seq FROM submissions WHERE kind = 'score'")).toEqual([]);
    expect(slugOf(await tryDecide(board, "cy", "ban", { remove: [old.submissionId] }))).toBe("submission-archived");
    expect(await board.top()).toEqual(["cy:900"]);
    expect((await caseOf(board, "cy")).suspicious).toMatchObject([{ score: 900, verdict: "flagged" }]);
    expect(slugOf(await tryDecide(board, "cy", "ban"))).toBe("ok");
    expect(await board.top()).toEqual([]);
  });

  it("[LB84] a sum that could not be kept without a run is refused, and nothing is written", async () => {
    const board = await new TestBoard("sum").configure({ operator: "sum", rules: [{ type: "points-per-second", max: 1, action: "flag" }] });
    const max = LEADERBOARD_LIMITS.scoreMax;
    await board.add("cy", max, { durationMs: 1_000 });
    const down = await board.add("cy", -10);
    await board.add("cy", 10);
    const before = await entries(board);
    const rows = await board.rows("SELECT * FROM review_case");
    expect(slugOf(await tryDecide(board, "cy", "ban", { remove: [down.submissionId] }))).toBe("score-out-of-range");
    expect(await entries(board)).toEqual(before);
    expect(await board.rows("SELECT * FROM review_case")).toEqual(rows);
    expect((await board.ask("stats", { player: "cy", trusted: true })).recent.some(({ removed }) => removed)).toBe(false);
  });

  it("[LB86] rewards that the player was given are listed, and stay", async () => {
    const board = await new TestBoard("rewards").configure({
      rules: [...RULES],
      windows: ["all", "daily"],
      rewards: [{ window: "daily", reward: "gold", ranks: { from: 1, to: 1 } }],
    });
    await flagged(board, "cy", 900);
    await board.submit("ann", 100);
    await board.passes(DAY_MS);
    const reply = await decide(board, "cy", "ban");
    expect(reply.rewards).toEqual([{ window: "daily:2031-06-11", reward: "gold", rank: 1 }]);
  });
});
