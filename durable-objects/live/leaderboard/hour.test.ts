import { runInDurableObject } from "cloudflare:test";
import { expect, it, vi } from "vitest";
import { mulberry } from "../../../tests/lib/random.ts";
import type { Leaderboard } from "../leaderboard.ts";
import { meta, standStillAt, TestBoard, valueOf } from "./board-testing.ts";

standStillAt();

const PLAYERS = 1_000;
const SUBMITS = 3_600;
const SECOND = 1_000;
const DAY_MS = 86_400_000;
const WINDOWS = ["all", "daily", "weekly", "monthly", "season"] as const;
type Cursor = SqlStorageCursor<Record<string, SqlStorageValue>>;

interface Bill {
  rows: number;
  alarms: number;
  /** Rows by what the statement begins with, so that a failure says what has become dearer. */
  readonly by: Record<string, number>;
}

/** Counts every row that SQLite says this object has written, and every alarm that it has set, which costs one as well. */
async function counted(board: TestBoard): Promise<() => Promise<Bill>> {
  const bill: Bill = { rows: 0, alarms: 0, by: {} };
  const open: { query: string; cursor: Cursor }[] = [];
  // A cursor knows its rows when its statement is done.
  const collect = () => {
    for (const { query, cursor } of open.splice(0)) {
      const { rowsWritten } = cursor;
      if (rowsWritten === 0) continue;
      bill.rows += rowsWritten;
      const name = query.replaceAll(/\s+/g, " ").slice(0, 48);
      bill.by[name] = (bill.by[name] ?? 0) + rowsWritten;
    }
  };
  await runInDurableObject(board.stub, (_, { storage }) => {
    const { sql } = storage;
    const exec = sql.exec.bind(sql);
    sql.exec = ((query: string, ...params: SqlStorageValue[]) => {
      if (open.length > 1_000) collect();
      const cursor = exec(query, ...params);
      open.push({ query, cursor });
      return cursor;
    }) as typeof sql.exec;
    const setAlarm = storage.setAlarm.bind(storage);
    storage.setAlarm = async (at, options) => {
      bill.alarms += 1;
      await setAlarm(at, options);
    };
  });
  return async () => {
    await runInDurableObject(board.stub, collect);
    return bill;
  };
}

/** What the runtime and the consumer of events do meanwhile: the alarm that is due, and the confirmation of what was sent. */
async function around(object: Leaderboard, { storage }: DurableObjectState): Promise<void> {
  const at = await storage.getAlarm();
  if (at !== null && at <= Date.now()) await object.alarm();
  const sent = storage.sql.exec<{ seq: number }>("SELECT seq FROM kit_outbox WHERE sent_at IS NOT NULL").toArray();
  await object.confirmOutbox(sent.map(({ seq }) => seq));
}

it(
  "[LB120] an hour of a score each second by 1,000 players costs at most 5 rows a score and 2 for each of its five windows; 8 and 3 to the last one that expires",
  { timeout: 240_000 },
  async () => {
    const board = await new TestBoard("hour").configure({
      windows: [...WINDOWS],
      rules: [{ type: "run" }],
      rewards: [{ window: "daily", reward: "gold", ranks: { from: 1, to: 10 } }],
    });
    const random = mulberry(120);
    const bill = await counted(board);
    await runInDurableObject(board.stub, async (object: Leaderboard, state) => {
      for (let n = 0; n < SUBMITS; n++) {
        vi.setSystemTime(Date.now() + SECOND);
        const player = `player-${Math.floor(random() * PLAYERS)}`;
        const { runId } = valueOf(await object.startRun(player, meta));
        const keyed = { ...meta, idempotency: { key: `k${n}`, route: "POST scores", bodyHash: "h" } };
        const input = { player, score: Math.floor(random() * 1e6), name: `Name of ${player}`, runId };
        valueOf(await object.submit(input, "service", keyed));
        if (n % 10 === 9) await around(object, state);
      }
    });
    const hour = { ...(await bill()) };
    const filled = await board.filled();
    expect(filled).toMatchObject({ submissions: SUBMITS });
    expect(filled["entries"]).toBeGreaterThan(4 * PLAYERS); // most players have come
    // What follows: records of a day, the day's rewards and archive, the month of the log, the ends of all windows but `all`.
    for (const ms of [DAY_MS, DAY_MS, 30 * DAY_MS, 200 * DAY_MS, 400 * DAY_MS]) {
      await board.passes(ms);
      await runInDurableObject(board.stub, around);
    }
    const whole = await bill();
    expect(await board.filled()).not.toHaveProperty("submissions");
    expect(await board.rows("SELECT count(*) AS n FROM entries")).toEqual([{ n: filled["players"] }]);
    const perScore = (whole.rows + whole.alarms) / SUBMITS;
    const told = JSON.stringify({ hour: (hour.rows + hour.alarms) / SUBMITS, perScore, alarms: whole.alarms, by: whole.by }, null, 1);
    expect((hour.rows + hour.alarms) / SUBMITS, told).toBeLessThanOrEqual(5 + 2 * WINDOWS.length);
    expect(perScore, told).toBeLessThanOrEqual(8 + 3 * WINDOWS.length);
    expect(perScore, told).toBeGreaterThan(8); // the watch saw them
  },
);
