import { crc32 } from "node:zlib";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RewardGrant } from "../../../contract/leaderboard-reads.ts";
import { take, WindowBoard } from "./windowing-testing.ts";

const NOON = Date.UTC(2031, 4, 14, 12); // a Wednesday
const MIDNIGHT = Date.UTC(2031, 4, 15);
const CLOSING = MIDNIGHT + 2 * 60_000;
const DAY_MS = 86_400_000;
const DAY = "daily:2031-05-14";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOON }));
afterEach(() => void vi.useRealTimers());

const players = (count: number, from = 0): [string, number][] =>
  Array.from({ length: count }, (_, n) => [`p${String(from + n).padStart(5, "0")}`, 100_000 - from - n]);

async function granted(board: WindowBoard, window = DAY): Promise<RewardGrant[]> {
  return await board.open(({ windowing }) => {
    const items: RewardGrant[] = [];
    for (let cursor: string | undefined; ;) {
      const page = windowing.askRewards({ window, limit: 700, ...(cursor === undefined ? {} : { cursor }) }, Date.now());
      if (!page.ok) throw new Error(page.problem.detail);
      items.push(...page.value.items);
      if (page.value.nextCursor === null) return items;
      cursor = page.value.nextCursor;
    }
  });
}
async function archiveOf(board: WindowBoard, window = DAY) {
  return await board.open(({ windowing }) => {
    const answer = windowing.askArchive({ window }, Date.now());
    return answer.ok ? answer.value.items : [];
  });
}
async function linesOf(key: string): Promise<{ rank: number; player: string; score: number }[]> {
  const text = await (await env.ARCHIVE.get(key))?.text();
  return (text ?? "")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
const rowsOf = async (board: WindowBoard, sql: string) => await board.open(({ kit }) => kit.sql.exec(sql).toArray());
const GOLD = { window: "daily", reward: "gold", ranks: { from: 1, to: 1 } };
const TENTH = { window: "daily", reward: "tenth", topPercent: 10 };

describe("a window after its end", () => {
  it("[LB7] closes once, by the timer, whatever comes between: rewards, archive, and the archive read back", async () => {
    const board = new WindowBoard("closing-once", { windows: ["all", "daily"], rewards: [GOLD, TENTH] });
    await board.scores(players(20), NOON);
    await board.drain();
    expect(board.events).toEqual([]);
    vi.setSystemTime(CLOSING - 1);
    expect(await board.drain()).toBe(0);
    vi.setSystemTime(CLOSING);
    expect(await board.drain()).toBeGreaterThan(0);
    expect(await board.stateOf(DAY)).toBe("archived");
    await board.evict();
    vi.setSystemTime(CLOSING + DAY_MS / 2);
    expect(await board.drain()).toBe(0);
    expect(board.events.map(({ type, data }) => [type, data.window, data.reward, data.players ?? data.count ?? data.entries])).toEqual([
      ["meridian.window.closed", DAY, undefined, 20],
      ["meridian.reward.granted", DAY, "gold", 1],
      ["meridian.reward.granted", DAY, "tenth", 2],
      ["meridian.window.archived", DAY, undefined, 20],
    ]);
    expect(board.news.map((news) => news.type === "window" && `${news.window} ${news.state}`)).toEqual([
      "all opened",
      `${DAY} opened`,
      `${DAY} closed`,
      `${DAY} archived`,
    ]);
    const [archive] = await archiveOf(board);
    const stored = await (await env.ARCHIVE.get("leaderboards/platform/closing-once/daily:2031-05-14.ndjson"))?.arrayBuffer();
    const bytes = new Uint8Array(stored ?? new ArrayBuffer());
    expect(archive).toMatchObject({ window: DAY, partition: null, objects: 1, entries: 20, bytes: bytes.byteLength });
    expect(archive?.crc32).toBe(crc32(bytes).toString(16).padStart(8, "0"));
    expect(archive?.top).toHaveLength(10);
    expect(await linesOf(archive?.key ?? "")).toEqual(
      players(20).map(([player, score], i) => ({
        rank: i + 1,
        player,
        name: null,
        score,
        subscore: null,
        at: new Date(NOON).toISOString(),
      })),
    );
  });

  it("[LB11] gives each reward once to each player of each ranking, across slices and restarts", async () => {
    const board = new WindowBoard("closing-rewards", {
      windows: ["daily"],
      partitions: [{ key: "region", values: ["eu", "us"] }],
      rewards: [{ window: "daily", reward: "all", topPercent: 100 }, GOLD],
    });
    await board.scores(players(6_000), NOON, ["eu"]);
    await board.scores(players(10, 6_000), NOON, ["us"]);
    vi.setSystemTime(CLOSING);
    for (let runs = 0; (await board.stateOf(DAY)) !== "archived"; runs++) {
      if (runs > 50) throw new Error("does not end");
      await board.tick();
      await board.evict();
    }
    const grants = await granted(board);
    const keys = grants.map(({ partition, player, reward }) => `${partition} ${player} ${reward}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBe(6_010 + 6_000 + 10 + 3);
    expect(grants.filter(({ reward }) => reward === "gold").map(({ partition, player, rank }) => [partition, player, rank])).toEqual([
      [null, "p00000", 1],
      ["eu", "p00000", 1],
      ["us", "p06000", 1],
    ]);
    const told = board.typed("meridian.reward.granted");
    const names = told.flatMap(({ data }) =>
      (data.personal as { players: { player: string }[] }).players.map(
        ({ player }) => `${String(data.partition)} ${player} ${String(data.reward)}`,
      ),
    );
    expect(names.toSorted()).toEqual(keys.toSorted());
    expect(told.every(({ data }) => Number(data.count) <= 500)).toBe(true);
    expect(await board.open(({ windowing }) => windowing.rewards.ofPlayer("p00000", 10))).toHaveLength(4);
  });

  it("[LB11] what is begun again after a crash gives nothing twice: the window's state and its rewards are one transaction", async () => {
    const board = new WindowBoard("closing-crash", { windows: ["daily"], rewards: [{ window: "daily", reward: "all", topPercent: 100 }] });
    await board.scores(players(7_000), NOON);
    vi.setSystemTime(CLOSING);
    await board.tick();
    expect(await board.stateOf(DAY)).toBe("closing");
    // The slice is undone at its very end.
    await board.open(({ windowing }) => {
      const change = vi.spyOn(windowing.desk, "change").mockImplementationOnce(() => {
        throw new Error("crash");
      });
      return change;
    });
    await board.tick();
    expect(await granted(board)).toEqual([]);
    expect(board.typed("meridian.reward.granted")).toEqual([]);
    await board.evict();
    vi.setSystemTime(CLOSING + 60_000);
    await board.drain();
    expect(await granted(board)).toHaveLength(7_000);
    const told = () => board.typed("meridian.reward.granted").reduce((sum, { data }) => sum + Number(data.count), 0);
    expect(told()).toBe(7_000);
    // A window that is closed a second time, by whatever mistake, still gives nothing twice.
    await board.open(({ kit, windowing }) => {
      const row = windowing.desk.find(DAY);
      if (row) kit.transaction(() => windowing.desk.change({ ...row, state: "closing", progress: null, dueAt: Date.now() }));
    });
    await board.drain();
    expect(await granted(board)).toHaveLength(7_000);
    expect(told()).toBe(7_000);
  });

  it("[LB65] an archive of many entries lies in several objects, is checked as a whole, and goes on after a restart", async () => {
    const board = new WindowBoard("closing-parts", { windows: ["daily"] }, { objectRows: 1_500 });
    await board.scores(players(4_000), NOON);
    vi.setSystemTime(CLOSING);
    for (let runs = 0; (await board.stateOf(DAY)) !== "archived"; runs++) {
      if (runs > 20) throw new Error("does not end");
      await board.tick();
      await board.evict();
    }
    const [archive] = await archiveOf(board);
    expect(archive).toMatchObject({ objects: 3, entries: 4_000 });
    const prefix = "leaderboards/platform/closing-parts/daily:2031-05-14";
    const objects = await Promise.all(
      [`${prefix}.ndjson`, `${prefix}.2.ndjson`, `${prefix}.3.ndjson`].map(async (key) => await (await env.ARCHIVE.get(key))?.text()),
    );
    const whole = new TextEncoder().encode(objects.join(""));
    expect([archive?.bytes, archive?.crc32]).toEqual([whole.byteLength, crc32(whole).toString(16).padStart(8, "0")]);
    const ranks = (await Promise.all([`${prefix}.ndjson`, `${prefix}.2.ndjson`, `${prefix}.3.ndjson`].map(linesOf)))
      .flat()
      .map(({ rank }) => rank);
    expect(ranks).toEqual(Array.from({ length: 4_000 }, (_, i) => i + 1));
  });

  it("[LB65] a crash at either failpoint, before each step in turn, leaves the same rewards, events and archive as none", async () => {
    const outcome = async (name: string, crashes: boolean) => {
      const config = { windows: ["daily"], rewards: [{ window: "daily", reward: "all", topPercent: 100 }] };
      vi.setSystemTime(NOON);
      const board = new WindowBoard(name, config, { objectRows: 2_500 });
      await board.scores(players(5_200), NOON);
      let steps = 0;
      for (let at = CLOSING; (await board.stateOf(DAY)) !== "archived"; at += 60_000) {
        if (++steps > 40) throw new Error("does not end");
        vi.setSystemTime(at);
        // Every other step ends where a kill would end it: what it had stored stays, what it had not is lost.
        await board.open(({ kit }) => {
          if (crashes && steps % 2 === 0)
            vi.spyOn(kit, "failpoint").mockImplementation((point) => {
              throw new Error(`killed while ${point}`);
            });
        });
        await board.tick();
        await board.evict();
      }
      const archive = (await archiveOf(board)).map(({ objects, entries, bytes, crc32: crc, top }) => ({
        objects,
        entries,
        bytes,
        crc,
        top,
      }));
      return {
        steps,
        archive,
        grants: (await granted(board)).map(({ player, rank }) => `${player} ${rank}`),
        told: board.events.map(({ type }) => type),
      };
    };
    const whole = await outcome("closing-uncrashed", false);
    const crashed = await outcome("closing-crashed", true);
    expect(crashed).toEqual({ ...whole, steps: crashed.steps });
    expect(crashed.steps).toBeGreaterThan(whole.steps + 2);
    expect(whole.archive).toMatchObject([{ objects: 3, entries: 5_200 }]);
  });

  it("[LB65] nothing is deleted while R2 is away or holds something else, and other windows go on", async () => {
    const board = new WindowBoard("closing-away", { windows: ["daily", "weekly"] });
    await board.score("ada", 5, NOON);
    board.r2.down = true;
    vi.setSystemTime(CLOSING + 5 * DAY_MS);
    await board.drain(10);
    expect([await board.stateOf(DAY), await board.stateOf("weekly:2031-W20")]).toEqual(["closed", "closed"]);
    vi.setSystemTime(CLOSING + 30 * DAY_MS);
    await board.drain(10);
    expect(await board.stateOf(DAY)).toBe("closed");
    expect(await board.open(({ parts }) => parts.windows.named(DAY, undefined, Date.now()))).toBeDefined();
    board.r2.down = false;
    board.r2.torn = true;
    vi.setSystemTime(CLOSING + 30 * DAY_MS + 61_000);
    await board.drain(10);
    expect(await board.stateOf(DAY)).toBe("closed");
    board.r2.torn = false;
    vi.setSystemTime(CLOSING + 30 * DAY_MS + 122_000);
    await board.drain();
    expect([await board.stateOf(DAY), await board.stateOf("weekly:2031-W20")]).toEqual(["gone", "gone"]);
    expect(await archiveOf(board)).toHaveLength(1);
  });

  it("[LB60] [LB61] closed windows stay rankable for their time, then leave in slices, entries, shadows, bases and all", async () => {
    const board = new WindowBoard("closing-leaves", { windows: ["all", "daily"] });
    await board.scores(players(5_500), NOON);
    await board.open(({ kit, parts: { windows, sets, log }, windowing }) =>
      kit.transaction(() => {
        const day = windows.named(DAY, undefined, NOON);
        if (!day) throw new Error("no day");
        sets.put(windows.shadowOf(day).id, { inv: -1, sub: 0, at: NOON, player: "cheat" });
        windowing.bases.put(day.id, { inv: -1, sub: 0, at: NOON, player: "p00001" });
        const row = {
          kind: "correction",
          player: "cheat",
          at: NOON,
          occurredAt: NOON,
          score: null,
          subscore: null,
          verdict: null,
        } as const;
        log.append(
          { ...row, reasons: [], durationMs: null, runId: null, partitions: [], metadata: null, removed: false },
          sets.takeChanges(),
        );
      }),
    );
    vi.setSystemTime(MIDNIGHT + 7 * DAY_MS - 1);
    await board.drain();
    const total = async () =>
      await board.open(({ parts: { windows, sets } }) => {
        const day = windows.named(DAY, undefined, Date.now());
        return day && sets.total(day.id);
      });
    expect(await total()).toBe(5_500);
    vi.setSystemTime(MIDNIGHT + 7 * DAY_MS);
    const left: unknown[] = [];
    for (let runs = 0; (await board.stateOf(DAY)) !== "gone"; runs++) {
      if (runs > 20) throw new Error("does not end");
      await board.tick();
      await board.evict();
      left.push((await rowsOf(board, "SELECT count(*) AS n FROM entries WHERE set_id <> 1"))[0]?.n);
    }
    expect([...new Set(left)]).toEqual([5_501, 501, 1, 0]);
    expect(await total()).toBeUndefined();
    expect(await rowsOf(board, "SELECT id FROM ranking_set")).toEqual([{ id: 1 }]);
    expect(await rowsOf(board, "SELECT * FROM bases")).toEqual([]);
    // The archive stays, and no id is given out again.
    expect(await archiveOf(board)).toMatchObject([{ entries: 5_500 }]);
    await board.open(({ windowing }) => {
      const gone = windowing.desk.list(Date.now()).find(({ window }) => window === DAY);
      expect(gone).toMatchObject({ state: "archived", rankable: false, total: 5_500 });
    });
    await board.score("ada", 1, Date.now());
    expect(await rowsOf(board, "SELECT max(id) AS id FROM ranking_set")).toEqual([{ id: 4 }]);
  });

  it("[LB66] rewards of a window are forgotten 400 days after it", async () => {
    const board = new WindowBoard("closing-rewards-kept", { windows: ["daily"], rewards: [GOLD] });
    await board.score("ada", 5, NOON);
    vi.setSystemTime(MIDNIGHT + 400 * DAY_MS - 1);
    await board.drain();
    expect(await granted(board)).toHaveLength(1);
    vi.setSystemTime(MIDNIGHT + 400 * DAY_MS);
    await board.drain();
    expect(await granted(board)).toEqual([]);
    expect(await archiveOf(board)).toHaveLength(1);
    expect(await board.probe.alarmAt()).toBeNull();
  });

  it("[LB64] an import into a closed window gives no rewards and is told to nobody, but the archive holds it", async () => {
    const board = new WindowBoard("closing-import", { windows: ["all", "daily"], rewards: [GOLD] });
    await board.score("ada", 5, NOON);
    vi.setSystemTime(CLOSING);
    await board.drain();
    const [events, news] = [board.events.length, board.news.length];
    expect((await board.score("bob", 9, NOON, { how: "import" })).ok).toBe(true);
    expect((await board.score("eve", 3, NOON - DAY_MS, { how: "import" })).ok).toBe(true);
    expect(await board.stateOf(DAY)).toBe("closed");
    expect(await board.drain()).toBe(0);
    vi.setSystemTime(CLOSING + 60_000);
    await board.drain();
    expect(await granted(board)).toMatchObject([{ player: "ada" }]);
    expect(board.events.slice(events).map(({ type }) => type)).toEqual(["meridian.window.archived", "meridian.window.archived"]);
    expect(board.news.slice(news).map((item) => item.type === "window" && item.window)).toEqual([DAY]);
    expect((await linesOf((await archiveOf(board))[0]?.key ?? "")).map(({ player }) => player)).toEqual(["bob", "ada"]);
    expect(await archiveOf(board, "daily:2031-05-13")).toMatchObject([{ entries: 1 }]);
  });

  it("[LB64] a window that was only imported gives no rewards and is told to nobody when it closes; one score makes it like any other", async () => {
    const board = new WindowBoard("closing-imported", { windows: ["all", "daily"], rewards: [GOLD, TENTH] });
    await board.score("ada", 5, NOON, { how: "import" });
    await board.drain();
    expect(await board.probe.alarmAt()).toBe(CLOSING);
    vi.setSystemTime(CLOSING);
    await board.drain();
    expect(await granted(board)).toEqual([]);
    expect(board.events.map(({ type }) => type)).toEqual(["meridian.window.archived"]);
    expect(board.news).toEqual([]);
    expect((await linesOf((await archiveOf(board))[0]?.key ?? "")).map(({ player }) => player)).toEqual(["ada"]);
    const played = new WindowBoard("closing-imported-played", { windows: ["daily"], rewards: [GOLD] });
    vi.setSystemTime(NOON);
    await played.score("ada", 5, NOON, { how: "import" });
    await played.score("bob", 3, NOON);
    await played.score("eve", 2, NOON);
    await played.evict();
    vi.setSystemTime(CLOSING);
    await played.drain();
    expect(await granted(played)).toMatchObject([{ player: "ada", reward: "gold" }]);
    expect(played.events.map(({ type }) => type)).toEqual([
      "meridian.window.closed",
      "meridian.reward.granted",
      "meridian.window.archived",
    ]);
    expect(played.news.map((news) => news.type === "window" && news.state)).toEqual(["opened", "closed", "archived"]);
  });

  it("[LB64] an import that comes while the archive is written makes it begin anew", async () => {
    const board = new WindowBoard("closing-import-between", { windows: ["daily"] }, { objectRows: 2 });
    await board.scores(players(5), NOON);
    vi.setSystemTime(CLOSING);
    await board.tick();
    await board.tick();
    board.r2.before = () => {
      board.r2.before = undefined;
      const { kit, parts } = board.inside;
      kit.transaction(() => take(parts, "late", 1e6, NOON, { how: "import" }));
    };
    await board.tick();
    expect(await archiveOf(board)).toEqual([]);
    vi.setSystemTime(CLOSING + 60_000);
    await board.drain();
    const [archive] = await archiveOf(board);
    expect(archive).toMatchObject({ objects: 3, entries: 6 });
    expect((await linesOf(archive?.key ?? "")).map(({ player }) => player)).toEqual(["late", "p00000"]);
  });

  it("[LB67] a board that was not touched has nothing armed but the next boundary, and one with `all` alone nothing", async () => {
    const board = new WindowBoard("closing-idle", { windows: ["all", "daily", "weekly"] });
    await board.score("ada", 5, NOON);
    await board.drain();
    expect(await board.probe.alarmAt()).toBe(CLOSING);
    const plain = new WindowBoard("closing-idle-all", { windows: ["all"] });
    await plain.score("ada", 5, NOON);
    expect(await plain.probe.alarmAt()).toBeNull();
  });
});
