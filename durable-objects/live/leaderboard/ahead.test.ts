import { expect, it } from "vitest";
import type { PlayerQuestion } from "../../../contract/rpc/leaderboard.ts";
import { meta, slugOf, standStillAt, TestBoard, valueOf } from "./board-testing.ts";

standStillAt();

const SINGLE = ["FROM players WHERE player = ?", "FROM entries WHERE set_id = ? AND player = ?"];
const question = (player: string, window = "all"): PlayerQuestion => ({ question: "standing", ask: { player, window, own: false } });
const sent = (player: string, delta: number) => ({ input: { player, delta }, by: "service" as const, meta });

/** How many of these statements asked for a single row. */
function singles(statements: readonly { query: string }[]): number {
  return statements.filter(({ query }) => SINGLE.some((part) => query.includes(part))).length;
}

it("[LB144] questions that cross together are answered as each would be alone, from one statement for each ranking", async () => {
  const board = await new TestBoard("ahead-questions").configure({ windows: ["all", "daily"] });
  for (let n = 0; n < 20; n++) await board.submit(`p${n}`, n, { name: `N${n}` });
  const questions = [
    question("p3"),
    question("p4", "daily"),
    question("nobody"),
    question("p3"),
    question("p5", "weekly"),
    question("\ud800"),
  ];
  const alone = [];
  for (const { ask } of questions) alone.push(await board.rpc.ask("standing", ask));
  const together: unknown[] = [];
  const statements = await board.watched(async () => void together.push(...(await board.rpc.askMany(questions))));
  expect(together).toEqual(alone);
  expect(singles(statements)).toBe(1); // half a character is not read ahead
  // What was read is not kept.
  await board.submit("p3", 50);
  expect(valueOf(await board.rpc.ask("standing", question("p3").ask))).toMatchObject({ rank: 1, entry: { score: 50 } });
});

it("[LB144] scores that cross together see each other, and what one of them undoes is read anew by the next", async () => {
  const board = await new TestBoard("ahead-scores").configure({ operator: "sum" });
  for (let n = 0; n < 5; n++) await board.add(`p${n}`, 10);
  await board.rows("CREATE TRIGGER broken BEFORE INSERT ON submissions WHEN NEW.score = 666 BEGIN SELECT RAISE(ABORT, 'broken'); END");
  const scores = [sent("p0", 1), sent("p0", 4), sent("new", 3), sent("p1", 666), sent("p1", 2), sent("new", 3)];
  const answers = await board.rpc.submitMany(scores);
  expect(answers.map(slugOf)).toEqual(["ok", "ok", "ok", "internal", "ok", "ok"]);
  expect(await board.top()).toEqual(["p0:15", "p1:12", "p2:10", "p3:10", "p4:10", "new:6"]);
  expect(await board.ask("stats", { player: "p0", trusted: true })).toMatchObject({ runs: 3, total: 15 });
  expect(await board.ask("stats", { player: "new", trusted: true })).toMatchObject({ runs: 2, total: 6 });
  const statements = await board.watched(async () => await board.rpc.submitMany(["p0", "p1", "p2", "p3"].map((player) => sent(player, 1))));
  expect(singles(statements)).toBe(0);
});
