import { env, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { OBJECT_ROWS_AN_HOUR } from "../../core/observe/simulation-testing.ts";
import { batchOf } from "../../core/observe/testing.ts";
import type { MetricShard } from "./metric-shard.ts";

const AGENTS = 20;
const SERIES = 10;
const EVERY_MS = 5_000;
const MINUTE = 60_000;
type Cursor = SqlStorageCursor<Record<string, SqlStorageValue>>;
const NOON = Date.parse("2040-01-01T12:00:00.000Z");

/** Counts every row that SQLite says it has written, and every alarm that is set, whoever does it. */
function countRows(state: DurableObjectState): () => { rows: number; alarms: number; log: number } {
  const sql = Object.getPrototypeOf(state.storage.sql) as SqlStorage; // where its methods are
  const { exec } = sql;
  const counts = { rows: 0, alarms: 0, log: 0 };
  let cursors: { cursor: Cursor; log: boolean }[] = [];
  // A cursor knows its rows when its statement is done, which for the last one may be later.
  const collect = () => {
    for (const { cursor, log } of cursors) {
      counts.rows += cursor.rowsWritten;
      if (log) counts.log += cursor.rowsWritten;
    }
    cursors = [];
  };
  vi.spyOn(sql, "exec").mockImplementation(function (this: SqlStorage, query: string, ...values: never[]): Cursor {
    // Other objects live in this isolate too; their cursors may not be read from here.
    if (this !== state.storage.sql) return Reflect.apply(exec, this, [query, ...values]) as Cursor;
    if (cursors.length > 100) collect();
    const cursor: Cursor = Reflect.apply(exec, this, [query, ...values]);
    cursors.push({ cursor, log: / log /.test(query) });
    return cursor;
  } as typeof exec);
  const storage = Object.getPrototypeOf(state.storage) as DurableObjectStorage;
  const { setAlarm } = storage;
  vi.spyOn(storage, "setAlarm").mockImplementation(async function (this: DurableObjectStorage, at: number | Date) {
    if (this === state.storage) counts.alarms++;
    await Reflect.apply(setAlarm, this, [at]);
  });
  return () => {
    collect();
    return counts;
  };
}

describe("an hour of 20 agents that send every 5 seconds", () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it("[MT27] writes at most 2 write-ahead rows a second, and little besides them and the seals", { timeout: 120_000 }, async () => {
    const stub = env.METRICS.getByName(`${crypto.randomUUID()}/metrics/0`);
    await stub.status();
    await runInDurableObject(stub, async (shard: MetricShard, state) => {
      vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: NOON });
      const waits: Promise<unknown>[] = [];
      const batches = Array.from({ length: AGENTS }, (_, agent) =>
        batchOf(Array.from({ length: SERIES }, (_, i) => ({ metric: `m${i}`, labels: { host: `h${agent}` }, at: NOON, value: i }))),
      );
      const minute = async (now: number) => {
        for (let at = now; at < now + MINUTE; at += EVERY_MS / AGENTS) {
          const agent = Math.round((at - now) / (EVERY_MS / AGENTS)) % AGENTS;
          const batch = batches[agent]?.slice() ?? new Uint8Array();
          new DataView(batch.buffer).setFloat64(16, at, true);
          waits.push(shard.ingest(batch, `${at}`));
          for (let turn = 0; turn < 6; turn++) await Promise.resolve();
          vi.advanceTimersByTime(EVERY_MS / AGENTS);
        }
      };
      // Half an hour in, everything is in its rhythm: seals, free rows, the first of everything is past.
      const alarm = async (minutes: number) => {
        if (minutes % 30 !== 29) return;
        let isDone = false;
        const run = shard.alarm().finally(() => (isDone = true));
        while (!isDone) {
          await vi.advanceTimersByTimeAsync(1);
          await scheduler.wait(0); // what is asked of other objects comes in real time
        }
        await run;
      };
      for (let i = 0; i < 35; i++) {
        await minute(NOON + i * MINUTE);
        await alarm(i);
      }
      const count = countRows(state);
      const before = { ...count() };
      for (let i = 35; i < 95; i++) {
        await minute(NOON + i * MINUTE);
        await alarm(i);
      }
      await vi.advanceTimersByTimeAsync(2_000);
      await Promise.all(waits);
      const after = count();
      const rows = after.rows - before.rows;
      const log = after.log - before.log;
      const alarms = after.alarms - before.alarms;
      expect(log / 3_600).toBeLessThanOrEqual(2);
      expect(log / 3_600).toBeGreaterThan(0.5);
      // Two seals of packed rows and all that the object itself writes: `simulation-testing.ts` counts on it.
      expect(rows - log + alarms).toBeLessThanOrEqual(OBJECT_ROWS_AN_HOUR + 2 * Math.ceil((AGENTS * SERIES) / 64));
      expect(rows - log + alarms).toBeGreaterThan(OBJECT_ROWS_AN_HOUR / 4);
    });
  });
});
