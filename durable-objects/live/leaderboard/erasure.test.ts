import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { ObjectsEnv } from "../../env.ts";
import { Board } from "./board.ts";
import { meta, slugOf, standStillAt, TestBoard, valueOf } from "./board-testing.ts";
import type { BoardNews } from "./live.ts";
import { decide, entries, flagged, queue, RULES } from "./review-testing.ts";
import { Reviewing } from "./reviewing.ts";

standStillAt();

const DAY_MS = 86_400_000;

/** Everything in the object's tables that names somebody, packed bytes included. */
async function traces(board: TestBoard, needle: string): Promise<string[]> {
  return await runInDurableObject(board.stub, (_, { storage: { sql } }) => {
    const names = sql
      .exec<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'")
      .toArray()
      .map(({ name }) => name);
    return names.filter((name) => {
      const rows = [...sql.exec(`SELECT * FROM "${name}"`).raw()];
      return rows.flat().some((cell) => (cell instanceof ArrayBuffer ? new TextDecoder().decode(cell) : String(cell)).includes(needle));
    });
  });
}

/** A player with rows in every table: scores, a case, a run, a reward, a base, a suspension that is over. */
async function everywhere(name: string): Promise<TestBoard> {
  const board = await new TestBoard(name).configure({
    rules: [...RULES],
    windows: ["all", "daily"],
    partitions: [{ key: "region", values: ["eu"] }],
    rewards: [{ window: "daily", reward: "gold", ranks: { from: 1, to: 1 } }],
  });
  await flagged(board, "zorro-7", 900);
  await board.passes(LEADERBOARD_LIMITS.logMs + DAY_MS);
  await board.passes(DAY_MS);
  await board.submit("ann", 700, { partition: "eu" });
  await board.submit("zorro-7", 600, { name: "Zorro-7", partition: "eu", metadata: { who: "zorro-7" } });
  await board.submit("zorro-7", 5_000);
  await board.submit("bob", 500);
  valueOf(await board.rpc.startRun("zorro-7", meta));
  return board;
}

describe("erasing a player", () => {
  it("[LB88] nothing of the player is left in any table, and the ranks of others close up", async () => {
    const board = await everywhere("erase");
    await board.rpc.confirmOutbox(Array.from({ length: 100 }, (_, i) => i));
    expect(await traces(board, "orro-7")).toEqual(
      expect.arrayContaining(["entries", "players", "submissions", "review_case", "runs", "rewards", "bases", "base_runs"]),
    );
    expect(slugOf(await board.rpc.erasePlayer("zorro-7", meta))).toBe("ok");
    // What lies in R2, and the first rows of archives beside it, go some minutes later, with others who leave in that time.
    expect(await traces(board, "orro-7")).toEqual(["ranking_archive", "archive_erasures"]);
    await board.passes(11 * 60_000);
    expect(await traces(board, "orro-7")).toEqual([]);
    expect(await board.top()).toEqual(["ann:700", "bob:500"]);
    expect((await board.ask("standing", { window: "all", player: "bob", own: false })).rank).toBe(2);
    expect((await queue(board)).items).toEqual([]);
    await board.evict();
    expect(await board.top()).toEqual(["ann:700", "bob:500"]);
    expect((await board.ask("top", { window: "all", partition: "eu", limit: 1 })).total).toBe(1);
    expect(await board.rows("SELECT count(*) AS n FROM entries")).toEqual([{ n: 6 }]);
  });

  it("[LB88] a hidden player goes too, and where the ban is lifted the next score of the same id begins anew", async () => {
    const board = await everywhere("hidden");
    await decide(board, "zorro-7", "ban");
    await board.rpc.erasePlayer("zorro-7", meta, "lift");
    expect((await entries(board)).filter((entry) => entry.includes("zorro"))).toEqual([]);
    const again = await board.submit("zorro-7", 10);
    expect(again.windows[0]).toMatchObject({ score: 10, previousRank: null, rank: 3 });
    expect(await board.ask("stats", { player: "zorro-7", trusted: true })).toMatchObject({ state: "active", runs: 1, name: null });
  });

  it("[LB88] an unknown player is no mistake, and costs no row", async () => {
    const board = await new TestBoard("unknown-player").configure();
    await board.submit("ann", 1);
    await board.rpc.erasePlayer("nobody", meta);
    const before = await board.filled();
    const seen = await board.watched(async () => expect(slugOf(await board.rpc.erasePlayer("nobody", meta))).toBe("ok"));
    expect(await board.filled()).toEqual(before);
    expect(seen.reduce((sum, { rows }) => sum + rows, 0)).toBe(0);
  });

  it("[LB130] a place in the log is never given twice, also when the newest row was an erased player's", async () => {
    const board = await new TestBoard("erased-last").configure({ rules: [{ type: "max-score", max: 10, action: "reject" }] });
    await board.submit("ann", 1);
    expect(slugOf(await board.rpc.submit({ player: "eve", score: 99 }, "service", meta))).toBe("score-implausible");
    expect(slugOf(await board.rpc.erasePlayer("eve", meta))).toBe("ok");
    await board.evict();
    await board.submit("bob", 2);
    await board.evict();
    expect((await board.ask("top", { window: "all", limit: 10 })).total).toBe(2);
    expect(await board.top()).toEqual(["bob:2", "ann:1"]);
    expect((await board.ask("standing", { window: "all", player: "ann", own: false })).rank).toBe(2);
    expect(await board.rows("SELECT seq FROM submissions ORDER BY seq")).toEqual([{ seq: 1 }, { seq: 3 }]);
  });

  it("[LB88] forgetting an end user forgets the player of their sub", async () => {
    const board = await everywhere("subject");
    const { forgotten } = await board.rpc.maintain({ type: "forget-subject", subject: "hosted|zorro-7", ref: "r" });
    expect(forgotten).toBeGreaterThan(8);
    expect(await board.top()).toEqual(["ann:700", "bob:500"]);
    expect(await board.rpc.maintain({ type: "forget-subject", subject: "hosted|zorro-7", ref: "r" })).toEqual({ forgotten: 0 });
    const never = new TestBoard("subject-never");
    expect(await never.rpc.maintain({ type: "forget-subject", subject: "hosted|zorro-7", ref: "r" })).toEqual({ forgotten: 0 });
  });

  it("[LB88] a closed window that lost an entry is archived anew", async () => {
    const board = await everywhere("archive");
    await board.passes(DAY_MS);
    const window = (await board.ask("windows", {})).items.find(({ kind, state }) => kind === "daily" && state === "archived")?.window ?? "";
    const archived = async () => (await board.ask("archive", { window })).items.find(({ partition }) => partition === null);
    const before = await archived();
    expect(before?.entries).toBe(3);
    await board.rpc.erasePlayer("zorro-7", meta);
    await board.passes(61_000);
    const after = await archived();
    expect(after?.entries).toBe(2);
    const text = await (await env.ARCHIVE.get(after?.key ?? ""))?.text();
    expect(text).toContain("ann");
    expect(text).not.toContain("zorro");
  });

  it("[LB88] many rows go in slices that go on after a start, and what came meanwhile stays", async () => {
    const board = await new TestBoard("slices").configure({ rules: [{ type: "max-score", max: 10, action: "flag" }] });
    for (let n = 0; n < 3; n++) {
      await board.batch(
        `b${n}`,
        Array.from({ length: 1_000 }, (_, i) => ({ player: n === 2 && i % 2 ? "ann" : "cy", score: 11 + (i % 7) })),
      );
    }
    const news: BoardNews[] = [];
    await board.evict();
    await runInDurableObject(board.stub, async (_, state) => {
      const own = new Board(state, env as unknown as ObjectsEnv); // the same, in the runtime's own words
      Object.assign(own.live, { tell: (one: BoardNews) => void news.push(one) });
      await own.kit.ready();
      await new Reviewing(own, state.storage.sql, 100).erasure.erase("cy");
    });
    expect(news).toMatchObject([{ type: "correction", player: "cy", changes: [{ change: { after: null } }] }]);
    const left = async () => Number((await board.rows("SELECT count(*) AS n FROM submissions WHERE player = 'cy'"))[0]?.["n"]);
    expect(await left()).toBeGreaterThan(0);
    expect(await board.top()).toEqual(["ann:17"]);
    await board.evict();
    await board.submit("cy", 3);
    await board.passes(1);
    expect(await left()).toBe(1);
    expect(await board.top()).toEqual(["ann:17", "cy:3"]);
    expect((await board.timers())["erasure"]).toBeUndefined();
    expect((await queue(board)).items.map(({ player }) => player)).toEqual(["ann"]);
  });
});
