import { expect, it } from "vitest";
import { meta, slugOf, standStillAt, START, TestBoard, valueOf } from "./board-testing.ts";

standStillAt();

const at = (ms: number) => new Date(START + ms).toISOString();

it("[LB30] answers a score with rank, previous rank, total and percentile in each window", async () => {
  const board = await new TestBoard("answers").configure({ windows: ["all", "daily"] });
  await board.submit("ann", 10);
  await board.submit("bob", 20);
  const reply = await board.submit("ann", 30);
  expect(reply).toMatchObject({ verdict: "accepted", reasons: [] });
  const own = { partition: null, score: 30, subscore: null, rank: 1, previousRank: 2, total: 2, percentile: 100, exactness: "exact" };
  expect(reply.windows).toEqual([
    { window: "all", ...own, asOf: at(0) },
    { window: "daily:2031-06-11", ...own, asOf: at(0) },
  ]);
});
