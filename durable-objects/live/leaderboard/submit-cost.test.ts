import { expect, it, vi } from "vitest";
import { meta, standStillAt, type TestBoard as Board, TestBoard, valueOf } from "./board-testing.ts";

standStillAt();

const DAY_MS = 86_400_000;
const PLAYERS = 20;
const SUBMITS = 200;
/** Ten scores a second, as on a board that is played. */
const EVERY_MS = 100;

type Statements = Awaited<ReturnType<Board["watched"]>>;

/** Rows by statement, so that a failure says what has become dearer. */
function bill(statements: Statements): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { query, rows } of statements) {
    const name = query.replaceAll(/\s+/g, " ").slice(0, 50);
    if (rows > 0) sums[name] = (sums[name] ?? 0) + rows;
  }
  return sums;
}

it.each([1, 5])(
  "[LB41] a score costs at most 8 rows and 3 of each of %i windows, with index, record, run, expiry and archive",
  async (count) => {
    const windows = (["all", "daily", "weekly", "monthly", "season"] as const).slice(0, count);
    const board = await new TestBoard(`cost-${count}`).configure({ windows, rules: [{ type: "run" }] });
    const start = async (player: string) => valueOf(await board.rpc.startRun(player, meta)).runId;
    for (let n = 0; n < PLAYERS; n++) await board.submit(`p${n}`, 0, { name: `N${n}`, runId: await start(`p${n}`) });
    await board.passes(60_000);
    const runs: string[] = [];
    for (let n = 0; n < SUBMITS; n++) runs.push(await start(`p${n % PLAYERS}`));
    const submits = await board.watched(async () => {
      for (const [n, runId] of runs.entries()) {
        vi.setSystemTime(Date.now() + EVERY_MS);
        const keyed = { ...meta, idempotency: { key: `k${n}`, route: "POST scores", bodyHash: "h" } };
        const input = { player: `p${n % PLAYERS}`, score: n, name: `N${n % PLAYERS}`, runId };
        expect(valueOf(await board.rpc.submit(input, "service", keyed)).verdict).toBe("accepted");
      }
    });
    // The event of ten seconds, the records of a day, and the log of a month.
    const later = await board.watched(async () => {
      for (const ms of [60_000, 2 * DAY_MS, 31 * DAY_MS]) await board.passes(ms);
    });
    expect(await board.rows("SELECT count(*) AS n FROM submissions")).toEqual([{ n: 0 }]);
    const rows = [...submits, ...later].reduce((sum, statement) => sum + statement.rows, 0);
    expect(rows / SUBMITS, JSON.stringify([bill(submits), bill(later)], null, 1)).toBeLessThanOrEqual(8 + 3 * count);
    expect(rows / SUBMITS).toBeGreaterThan(5 + 2 * count); // the watch saw them all
  },
);

it("[LB41] a score that changes no entry writes none, and one without name writes no name", async () => {
  const board = await new TestBoard("cost-worse").configure({ windows: ["all", "daily"] });
  await board.submit("ann", 5, { name: "Ann" });
  const written = bill(await board.watched(async () => await board.submit("ann", 4)));
  expect(Object.values(written).reduce((sum, rows) => sum + rows, 0)).toBe(3); // the log's row and its index entry, the player's figures
});
