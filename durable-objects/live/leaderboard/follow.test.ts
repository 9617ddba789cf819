import { describe, expect, it, vi } from "vitest";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { standStillAt, START, TestBoard, valueOf } from "./board-testing.ts";

standStillAt();

const { followMs } = LEADERBOARD_LIMITS;
const told = (events: readonly { type: string; data: Record<string, unknown> }[]) =>
  events.filter(({ type }) => !type.startsWith("meridian.milestone.")).map(({ type, data }) => [type.replace("meridian.", ""), data.count]);

describe("aggregate events", () => {
  it("[LB40] come each ten seconds while the log grows, and no event with a score", async () => {
    const board = await new TestBoard("follow").configure({ rules: [{ type: "max-score", max: 100 }] });
    const scores = async () => {
      for (const [player, score] of [
        ["ann", 5],
        ["bob", 7],
        ["ann", 4],
      ] as const)
        await board.submit(player, score);
      await board.rpc.submit({ player: "cat", score: 101 }, "service", { requestId: "r", actor: "key:1", actorName: "k" });
    };
    expect(told(await board.events(scores))).toEqual([]);
    expect(await board.timers()).toMatchObject({ follow: followMs });
    const events = await board.events(async () => await board.passes(followMs));
    expect(told(events)).toEqual([
      ["score.accepted", 3],
      ["rank.changed", 2],
      ["top.changed", 2],
    ]);
    expect(events.find(({ type }) => type === "meridian.score.accepted")).toMatchObject({
      subject: "leaderboard/follow",
      data: { board: "follow", count: 3, flagged: 0, quarantined: 0, rejected: 1 },
    });
    expect(await board.timers()).not.toHaveProperty("follow");
    expect(told(await board.events(async () => await board.passes(60_000)))).toEqual([]);
    await board.submit("ann", 9);
    await board.evict();
    expect(told(await board.events(async () => await board.passes(followMs)))).toEqual([
      ["score.accepted", 1],
      ["rank.changed", 1],
      ["top.changed", 1],
    ]);
  });

  it("[LB40] count every row once over slices of 5,000, and a change below the first ten is none of the top", async () => {
    const board = await new TestBoard("follow-slices").configure();
    for (let n = 0; n < 6; n++) {
      const items = Array.from({ length: 1_000 }, (_, i) => ({ player: `p${n}-${i}`, score: 10_000 - n * 1_000 - i }));
      valueOf(await board.batch(`b${n}`, items));
    }
    const events = told(await board.events(async () => await board.passes(followMs)));
    const sum = (type: string) => events.filter(([name]) => name === type).reduce((total, [, count]) => total + Number(count), 0);
    expect([sum("score.accepted"), sum("rank.changed"), sum("top.changed")]).toEqual([6_000, 6_000, 10]);
  });
});

describe("milestones", () => {
  it("[LB40] are told once, the first time among the first 100, 10 and 1 of more players than that", async () => {
    const board = await new TestBoard("milestones").configure({ windows: ["all", "daily"] });
    const milestones = async (work: () => Promise<unknown>) =>
      (await board.events(work))
        .filter(({ type }) => type === "meridian.milestone.reached")
        .map(({ data }) => [(data.personal as { player: string }).player, data.milestone, data.rank]);
    expect(await milestones(async () => await board.submit("first", 1))).toEqual([]);
    const fill = async (from: number, to: number) =>
      await board.batch(
        `b${from}`,
        Array.from({ length: to - from }, (_, n) => ({ player: `p${from + n}`, score: 0 })),
      );
    expect(await milestones(async () => await fill(0, 4))).toEqual([]);
    expect(await milestones(async () => await board.submit("ann", 5))).toEqual([["ann", 1, 1]]);
    await fill(4, 150);
    expect(await milestones(async () => await board.submit("bob", 3))).toEqual([["bob", 10, 2]]);
    expect(await milestones(async () => await board.submit("bob", 4))).toEqual([]);
    expect(await milestones(async () => await board.submit("bob", 9))).toEqual([["bob", 1, 1]]);
    expect(await milestones(async () => await board.submit("ann", 10))).toEqual([]);
    vi.setSystemTime(START + 1_000);
    const imported = [{ player: "cat", score: 99, occurredAt: new Date(START).toISOString() }];
    expect(await milestones(async () => await board.imports("i", imported))).toEqual([]);
  });
});
