import { crc32 } from "node:zlib";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { replay } from "../../../core/live/leaderboard/rebuild.ts";
import type { LogRow } from "./log.ts";
import { type Board, WindowBoard } from "./windowing-testing.ts";

const START = Date.UTC(2031, 3, 14, 12);
const DAY_MS = 86_400_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

/** The entry of a player as it follows from the base and the rows that remain. */
function rebuilt({ parts, windowing }: Board, player: string, set: number) {
  const { book, log, windows } = parts;
  const runs = [...log.counting(player)]
    .filter((row) => windows.entered(row.occurredAt, row.partitions).some(({ id }) => id === set))
    .map(({ score, subscore, occurredAt }) => ({ score: score ?? 0, subscore, at: occurredAt }));
  return replay(book.config(), player, windowing.bases.find(set, player), runs);
}

/** As the table has it. */
type Segment = { rows: number; bytes: number; crc32: number; key: string };

const segments = async (board: WindowBoard) =>
  await board.open(({ kit }) => kit.sql.exec<Segment>("SELECT * FROM log_segments ORDER BY first_seq").toArray());
const rowsIn = async (key = ""): Promise<LogRow[]> =>
  ((await (await env.ARCHIVE.get(key))?.text()) ?? "")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe("the log's way out", () => {
  for (const operator of ["best", "latest", "sum"] as const)
    it(`[LB15] [LB68] after 30 days rows leave for R2 and fold into bases: base and rest make the entry (${operator})`, async () => {
      const board = new WindowBoard(`retention-${operator}`, { windows: ["all", "monthly", "season"], operator }, ofRows(7));
      let state = 7;
      const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
      for (let day = 0; day < 45; day++) {
        vi.setSystemTime(START + day * DAY_MS);
        for (let n = 0; n < 2; n++)
          await board.score(`p${Math.floor(random() * 4)}`, Math.floor(random() * 100) - 20, Date.now() - Math.floor(random() * 60_000));
        await board.open(({ windowing }) => windowing.retention.look(Date.now()));
        await board.drain();
        if (day % 10 === 9) await board.evict();
      }
      await board.open((opened) => {
        const { log, windows, sets } = opened.parts;
        expect(log.archivedUpTo()).toBe(30);
        for (const { id, window } of windows.all())
          for (const player of ["p0", "p1", "p2", "p3"]) {
            const entry = sets.find(id, player);
            // The season of the first days is closed and still here; its entries are as they were.
            if (entry) expect([window, rebuilt(opened, player, id)]).toEqual([window, { ok: true, key: entry }]);
          }
        expect(windowsWithBases(opened)).toBeGreaterThan(1);
        expect(log.after(0, 1_000).map(({ seq }) => seq)[0]).toBe(31);
      });
      const written = await segments(board);
      expect(written.reduce((sum, { rows }) => sum + rows, 0)).toBe(30);
      const seqs: number[] = [];
      for (const { key, crc32: crc, bytes } of written) {
        const stored = new Uint8Array((await (await env.ARCHIVE.get(key))?.arrayBuffer()) ?? new ArrayBuffer());
        expect([stored.byteLength, crc32(stored)]).toEqual([bytes, crc]);
        seqs.push(...(await rowsIn(key)).map(({ seq }) => seq));
      }
      expect(seqs).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    });

  it("[LB68] runs that do not count fold into nothing, and the best single run of a player is kept", async () => {
    const board = new WindowBoard("retention-verdicts", { windows: ["all"] }, ofRows(100));
    for (const score of [5, 9, 50, 70]) await board.score("ada", score, START);
    await board.open(({ kit, parts: { log } }) =>
      kit.transaction(() => {
        log.mark(3, { removed: true });
        log.mark(4, { verdict: "quarantined" });
      }),
    );
    vi.setSystemTime(START + 30 * DAY_MS);
    await board.open(({ windowing }) => windowing.retention.look(Date.now()));
    await board.drain();
    await board.open(({ parts: { log, windows }, windowing }) => {
      expect(log.after(0, 10)).toEqual([]);
      expect(log.lastSeq()).toBe(4);
      expect(windowing.bases.find(windows.all()[0]?.id ?? 0, "ada")).toEqual({ inv: -9, sub: 0, at: START, player: "ada" });
      expect([windowing.bases.best("ada"), windowing.bases.best("bob")]).toEqual([9, null]);
    });
    expect(await board.probe.alarmAt()).toBeNull();
  });

  it("[LB68] a log that is too large lets its oldest rows leave before their time", async () => {
    const board = new WindowBoard("retention-size", { windows: ["all"] }, { retention: { ageMs: 30 * DAY_MS, bytes: 4_000, rows: 10 } });
    for (let n = 0; n < 100; n++) await board.score(`p${n}`, n, START);
    await board.open(({ windowing }) => windowing.retention.look(Date.now()));
    await board.drain();
    await board.open(({ kit, parts: { log } }) => {
      const { rows, bytes } = log.size();
      expect(bytes).toBeLessThanOrEqual(4_000);
      expect(rows).toBeGreaterThan(10);
      expect(log.after(0, 1)[0]?.seq).toBe(101 - rows);
      expect(kit.timers.get("log-retention")).toBe(START + 30 * DAY_MS);
    });
  });

  it("[LB68] nothing leaves while R2 is away, and a row that changed while it was copied is copied anew", async () => {
    const board = new WindowBoard("retention-between", { windows: ["all"] }, ofRows(100));
    for (const score of [5, 9]) await board.score("ada", score, START);
    vi.setSystemTime(START + 30 * DAY_MS);
    board.r2.down = true;
    await board.open(({ windowing }) => windowing.retention.look(Date.now()));
    await board.tick();
    expect(await board.open(({ parts }) => parts.log.after(0, 10).length)).toBe(2);
    board.r2.down = false;
    board.r2.before = () => {
      board.r2.before = undefined;
      const { kit, parts } = board.inside;
      kit.transaction(() => parts.log.mark(2, { removed: true }));
    };
    vi.setSystemTime(START + 30 * DAY_MS + 30_000);
    await board.tick();
    expect(await board.open(({ parts }) => parts.log.after(0, 10).length)).toBe(2);
    vi.setSystemTime(START + 30 * DAY_MS + 100_000);
    await board.drain();
    await board.open(({ parts: { log, windows }, windowing }) => {
      expect(log.after(0, 10)).toEqual([]);
      expect(windowing.bases.find(windows.all()[0]?.id ?? 0, "ada")?.inv).toBe(-5);
    });
    const [segment] = await segments(board);
    expect((await rowsIn(segment?.key)).map(({ removed }) => removed)).toEqual([false, true]);
  });
});

it("[LB139] a player who is erased while their rows are copied is in no object that stays", async () => {
  const board = new WindowBoard("retention-erased", { windows: ["all"] }, ofRows(100));
  for (const player of ["eve", "ada"]) await board.score(player, 5, START);
  vi.setSystemTime(START + 30 * DAY_MS);
  board.r2.before = () => {
    board.r2.before = undefined;
    const { kit, parts } = board.inside;
    kit.transaction(() => parts.log.forget("eve", 10, parts.log.lastSeq()));
  };
  await board.open(({ windowing }) => windowing.retention.look(Date.now()));
  await board.tick();
  vi.setSystemTime(START + 30 * DAY_MS + 100_000);
  await board.drain();
  expect(await board.open(({ parts: { log } }) => log.after(0, 10))).toEqual([]);
  const { objects } = await env.ARCHIVE.list({ prefix: "leaderboards/" });
  const keys = objects.map(({ key }) => key).filter((key) => key.includes("/retention-erased/"));
  expect(keys).toEqual([(await segments(board))[0]?.key]);
  expect((await rowsIn(keys[0])).map(({ player }) => player)).toEqual(["ada"]);
});

function ofRows(rows: number) {
  return { retention: { ageMs: 30 * DAY_MS, bytes: 1e9, rows } };
}

function windowsWithBases({ kit }: Board): number {
  return Number(kit.sql.exec("SELECT count(DISTINCT set_id) AS n FROM bases").one().n);
}
