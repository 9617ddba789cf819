import { describe, expect, it, vi } from "vitest";
import { slugOf, standStillAt, START, TestBoard, meta } from "./board-testing.ts";
import { caseOf, decide, entries, flagged, queue, RULES, tryDecide } from "./review-testing.ts";

standStillAt();

const DAY_MS = 86_400_000;
const at = (ms: number) => new Date(START + ms).toISOString();
const WIDE = { rules: [...RULES], windows: ["all", "daily", "weekly"], partitions: [{ key: "region", values: ["eu", "us"] }] } as const;

async function peopled(name: string): Promise<TestBoard> {
  const board = await new TestBoard(name).configure({
    ...WIDE,
    rules: [...RULES],
    windows: [...WIDE.windows],
    partitions: [...WIDE.partitions].map(({ key, values }) => ({ key, values: [...values] })),
  });
  await board.submit("ann", 700, { partition: "us" });
  await board.submit("cy", 600, { partition: "eu" });
  await flagged(board, "cy", 800);
  await board.submit("bob", 500, { partition: "eu" });
  return board;
}
const submits = async (board: TestBoard, player: string) => slugOf(await board.rpc.submit({ player, score: 1 }, "service", meta));

describe("holding a player back", () => {
  it("[LB12] a banned player's entries leave every ranking for its shadow: ranks, totals and counts are those of the others", async () => {
    const board = await peopled("ban");
    const reply = await decide(board, "cy", "ban");
    expect(await board.top()).toEqual(["ann:700", "bob:500"]);
    expect(await board.top("daily", "eu")).toEqual(["bob:500"]);
    expect((await board.ask("standing", { window: "all", player: "bob", own: false })).rank).toBe(2);
    expect((await board.ask("top", { window: "all", limit: 1 })).total).toBe(2);
    expect(reply.corrected.map(({ score }) => score)).toEqual(Array.from({ length: 6 }, () => null));
    expect((await entries(board)).filter((entry) => entry.includes("/shadow "))).toHaveLength(6);
    expect(await submits(board, "cy")).toBe("player-suspended");
    expect(slugOf(await board.rpc.startRun("cy", meta))).toBe("player-suspended");
  });

  it("[LB12] ban and clear end where everything began, also over a cold start and with a rebuild in between", async () => {
    const board = await peopled("there-and-back");
    const before = await entries(board);
    const stats = await board.ask("stats", { player: "cy", trusted: true });
    const { reviewId } = await caseOf(board, "cy");
    await decide(board, "cy", "ban", { reviewId });
    expect(await entries(board)).not.toEqual(before);
    await board.evict();
    await decide(board, "cy", "suspend", { reviewId, until: at(DAY_MS) });
    await decide(board, "cy", "clear", { reviewId });
    expect(await entries(board)).toEqual(before);
    expect(await board.ask("stats", { player: "cy", trusted: true })).toEqual(stats);
    await board.evict();
    expect(await board.top()).toEqual(["cy:800", "ann:700", "bob:500"]);
    expect((await board.ask("standing", { window: "all", player: "cy", own: false })).rank).toBe(1);
    expect(await submits(board, "cy")).toBe("ok");
  });

  it("[LB12] a run that is taken back while the player is banned leaves the shadow's entry rebuilt, and that is what comes back", async () => {
    const board = await peopled("shadow-rebuild");
    const { reviewId, suspicious } = await caseOf(board, "cy");
    await decide(board, "cy", "ban", { reviewId });
    await decide(board, "cy", "ban", { reviewId, remove: suspicious.map(({ submissionId }) => submissionId), note: "both" });
    expect((await entries(board)).filter((entry) => entry.includes(" cy "))[0]).toBe(`all/shadow cy -600 ${START}`);
    await decide(board, "cy", "clear", { reviewId });
    expect(await board.top()).toEqual(["ann:700", "cy:600", "bob:500"]);
    expect(await board.top("all", "eu")).toEqual(["cy:600", "bob:500"]);
  });

  it("[LB12] a suspended player sees their own row where it would be, and nobody else does", async () => {
    const board = await peopled("own-row");
    await decide(board, "cy", "ban");
    const own = await board.ask("standing", { window: "all", player: "cy", own: true });
    expect(own).toMatchObject({ rank: 1, entry: { player: "cy", score: 800 } });
    expect((await board.ask("standing", { window: "all", player: "cy", own: false })).entry).toBeNull();
  });

  it("[LB83] a player is held back by any of their cases: clearing another one does not let them go", async () => {
    const board = await peopled("two-cases");
    const first = (await caseOf(board, "cy")).reviewId;
    await decide(board, "cy", "clear", { reviewId: first });
    await board.submit("cy", 5_000);
    const second = (await caseOf(board, "cy")).reviewId;
    expect(second).not.toBe(first);
    await decide(board, "cy", "ban", { reviewId: second });
    await decide(board, "cy", "suspend", { reviewId: first, until: at(DAY_MS) });
    await decide(board, "cy", "clear", { reviewId: first });
    expect((await board.ask("stats", { player: "cy", trusted: true })).state).toBe("banned");
    await decide(board, "cy", "clear", { reviewId: second });
    expect((await board.ask("stats", { player: "cy", trusted: true })).state).toBe("active");
    expect(await board.top()).toEqual(["cy:5000", "ann:700", "bob:500"]);
  });
});

describe("the end of a suspension", () => {
  it("[LB85] a timer brings the entries back at its time and says so", async () => {
    const board = await peopled("timer");
    const before = await entries(board);
    await decide(board, "cy", "suspend", { until: at(1_000) });
    expect((await board.ask("stats", { player: "cy", trusted: true })).suspendedUntil).toBe(at(1_000));
    await board.passes(999);
    expect(await board.top()).toEqual(["ann:700", "bob:500"]);
    const events = await board.events(async () => await board.passes(1));
    expect(await entries(board)).toEqual(before);
    expect(events.filter(({ type }) => type === "meridian.player.cleared")).toEqual([
      {
        type: "meridian.player.cleared",
        subject: "leaderboard/timer",
        data: { board: "timer", reviewId: null, cause: "ended", personal: { player: "cy", name: null } },
      },
    ]);
    expect((await board.timers())["suspensions"]).toBeUndefined();
    expect(await board.rows("SELECT * FROM review_suspension")).toEqual([]);
  });

  it("[LB85] a late timer holds nobody back: a score after the end counts, and beside the entry that was hidden", async () => {
    const board = await peopled("late");
    await decide(board, "cy", "suspend", { until: at(1_000) });
    vi.setSystemTime(START + 1_000);
    expect(await board.ask("stats", { player: "cy", trusted: true })).toMatchObject({ state: "active", suspendedUntil: null });
    await board.submit("cy", 10);
    expect(await board.top()).toEqual(["cy:800", "ann:700", "bob:500"]);
    const events = await board.events(async () => await board.passes(1));
    expect(events.filter(({ type }) => type === "meridian.player.cleared")).toEqual([]);
  });

  it("[LB85] of many ends each comes at its own time, in slices of fifty", async () => {
    const board = await new TestBoard("many").configure({ rules: [...RULES] });
    for (let n = 0; n < 60; n++) {
      await flagged(board, `c${n}`, 100 + n);
      await decide(board, `c${n}`, "suspend", { until: at(n < 55 ? 1_000 : 2_000) });
    }
    expect(await board.top()).toEqual([]);
    await board.passes(1_000);
    expect(await board.top()).toHaveLength(55);
    await board.passes(1_000);
    expect(await board.top()).toHaveLength(60);
  });

  it("[LB85] an end that is past is refused, a moment ahead is not", async () => {
    const board = await peopled("past");
    const refused = await tryDecide(board, "cy", "suspend", { until: at(0) });
    expect(refused).toMatchObject({ problem: { slug: "invalid-parameter", errors: [{ pointer: "/until" }] } });
    expect(slugOf(await tryDecide(board, "cy", "suspend", { until: at(1) }))).toBe("ok");
  });

  it("[LB85] a window that began while the player was away has no entry of theirs, one that closed keeps it hidden", async () => {
    const board = await peopled("windows");
    await decide(board, "cy", "suspend", { until: at(DAY_MS) });
    await board.passes(DAY_MS - 1);
    await board.submit("ann", 650);
    await board.passes(1);
    expect(await board.top("daily")).toEqual(["ann:650"]);
    expect(await board.top("daily:2031-06-11")).toEqual(["ann:700", "bob:500"]);
    expect(await board.top("weekly")).toEqual(["cy:800", "ann:700", "bob:500"]);
    expect((await queue(board)).items).toEqual([]);
  });
});
