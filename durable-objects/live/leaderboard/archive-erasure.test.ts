import { crc32 } from "node:zlib";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WindowBoard } from "./windowing-testing.ts";

const NOON = Date.UTC(2031, 4, 14, 12);
const DAY_MS = 86_400_000;
const DAY = "daily:2031-05-14";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOON }));
afterEach(() => void vi.useRealTimers());

async function textsUnder(prefix: string): Promise<Record<string, string>> {
  const { objects } = await env.ARCHIVE.list({ prefix });
  const texts = await Promise.all(
    objects.map(async ({ key }) => [key.slice(prefix.length), (await (await env.ARCHIVE.get(key))?.text()) ?? ""] as const),
  );
  return Object.fromEntries(texts);
}

/** A board of which everything lies in R2: closed days of five players in objects of two, and their rows of the log. */
async function archivedBoard(name: string): Promise<WindowBoard> {
  const options = { objectRows: 2, retention: { ageMs: 10 * DAY_MS, bytes: 1e9, rows: 3 } };
  const board = new WindowBoard(name, { windows: ["all", "daily"], partitions: [{ key: "region", values: ["eu"] }] }, options);
  await board.scores(
    ["ada", "bob", "cid", "dan", "eve"].map((player, n) => [player, 100 - n]),
    NOON,
    ["eu"],
  );
  vi.setSystemTime(NOON + 20 * DAY_MS);
  await board.open(({ windowing }) => windowing.retention.look(Date.now()));
  await board.drain();
  expect(await board.stateOf(DAY)).toBe("gone");
  return board;
}

const dueAt = async (board: WindowBoard) => await board.open(({ kit }) => kit.timers.get("archive-erasure"));
const forget = async (board: WindowBoard, player: string) =>
  await board.open(({ kit, windowing }) => kit.transaction(() => windowing.erasure.forget(player, Date.now())));

describe("an erasure", () => {
  it("[LB69] takes a player out of the archives of windows and of the log, and notes their new checksums", async () => {
    const board = await archivedBoard("archive-erasure");
    const prefix = "leaderboards/platform/archive-erasure/";
    const before = await textsUnder(prefix);
    expect(Object.keys(before)).toHaveLength(2 * 3 + 2);
    await forget(board, "cid");
    vi.setSystemTime(Date.now() + 10 * 60_000);
    for (let runs = 0; (await dueAt(board)) !== undefined; runs++) {
      if (runs > 30) throw new Error("does not end");
      await board.tick();
      await board.evict();
    }
    const after = await textsUnder(prefix);
    const without = (text: string) =>
      text
        .split("\n")
        .filter((line) => !line.includes('"cid"'))
        .join("\n");
    expect(after).toEqual(Object.fromEntries(Object.entries(before).map(([key, text]) => [key, without(text)])));
    expect(Object.values(after).join("")).not.toContain("cid");
    await board.open(({ kit, windowing }) => {
      const answer = windowing.askArchive({ window: DAY }, Date.now());
      const archives = answer.ok ? answer.value.items : [];
      expect(archives.map(({ partition, entries }) => [partition, entries])).toEqual([
        [null, 4],
        ["eu", 4],
      ]);
      for (const { partition, bytes, crc32: crc, top } of archives) {
        const name = partition === null ? DAY : `${DAY}:eu`;
        const whole = new TextEncoder().encode(["", ".2", ".3"].map((part) => after[`${name}${part}.ndjson`]).join(""));
        expect([bytes, crc]).toEqual([whole.byteLength, crc32(whole).toString(16).padStart(8, "0")]);
        expect(top.map(({ player, rank }) => [player, rank])).toEqual([
          ["ada", 1],
          ["bob", 2],
          ["dan", 4],
          ["eve", 5],
        ]);
      }
      const segments = kit.sql
        .exec<{ rows: number; bytes: number; crc32: number; key: string }>("SELECT rows, bytes, crc32, key FROM log_segments")
        .toArray();
      for (const { rows, bytes, crc32: crc, key } of segments) {
        const stored = new TextEncoder().encode(after[key.slice(prefix.length)]);
        expect([rows, bytes, crc]).toEqual([2, stored.byteLength, crc32(stored)]);
      }
      expect(kit.sql.exec("SELECT * FROM archive_erasures").toArray()).toEqual([]);
    });
  });

  it("[LB69] goes on after R2 was away, and one that is asked for during a pass has a pass of its own", async () => {
    const board = await archivedBoard("archive-erasure-again");
    const prefix = "leaderboards/platform/archive-erasure-again/";
    await forget(board, "cid");
    vi.setSystemTime(Date.now() + 10 * 60_000);
    await board.tick();
    await board.tick();
    await forget(board, "ada");
    board.r2.down = true;
    await board.tick();
    board.r2.down = false;
    for (let runs = 0; (await dueAt(board)) !== undefined; runs++) {
      if (runs > 60) throw new Error("does not end");
      vi.setSystemTime(Math.max(Date.now(), (await dueAt(board)) ?? 0));
      await board.tick();
    }
    const all = Object.values(await textsUnder(prefix)).join("");
    expect([all.includes('"cid"'), all.includes('"ada"'), all.includes('"bob"')]).toEqual([false, false, true]);
  });

  it("[LB69] writes nothing where nothing lies in R2", async () => {
    const board = new WindowBoard("archive-erasure-none", { windows: ["all"] });
    await board.score("ada", 1, NOON);
    await forget(board, "ada");
    await board.open(({ kit }) => {
      expect(kit.sql.exec("SELECT * FROM archive_erasures").toArray()).toEqual([]);
      expect(kit.timers.get("archive-erasure")).toBeUndefined();
    });
  });
});
