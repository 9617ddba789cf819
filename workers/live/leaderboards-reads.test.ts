import { beforeAll, describe, expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import type { BoardFigures, Entries, Entry, LookupReply, Standing, Submission, Top } from "../../contract/leaderboard-reads.ts";
import { type BoardTenant, fine, refusal, seedBoards } from "../../tests/workers/leaderboards-testing.ts";

const PLAYERS = 60;
/** Many equals, so that the policies differ; `p7` and `P7` too, whose names look alike. */
const scoreOf = (n: number) => [5, 5, 5, 9, 12][n % 5] ?? 0;
const RANKINGS = ["ordinal", "competition", "dense"] as const;

let tenant: BoardTenant;
const read = async <T>(path: string) => await fine<T>(await tenant.at(path));
const rankOf = async (board: string, player: string) => await read<Standing>(`/${board}/players/${encodeURIComponent(player)}`);

/** Scores by batch, as one player each. */
async function fill(board: string, items: readonly object[]): Promise<void> {
  await fine(await tenant.at(`/${board}/score-batches`, { body: { batchId: crypto.randomUUID(), items } }));
}

beforeAll(async () => {
  tenant = await seedBoards();
  for (const ranking of RANKINGS) {
    await tenant.board(ranking, { ranking, order: ranking === "dense" ? "asc" : "desc", windows: ["all", "daily"] });
    const items = Array.from({ length: PLAYERS }, (_, n) => ({ player: `p${n}`, name: `Player ${n}`, score: scoreOf(n) }));
    await fill(ranking, items);
  }
  await tenant.board("ten", { windows: ["all"] });
  await fill(
    "ten",
    Array.from({ length: 10 }, (_, n) => ({ player: `t${n + 1}`, score: 100 - n })),
  );
});

/** Every page of a ranking, from one end to the other. */
async function walk(board: string, direction: "forward" | "backward", limit: number, between?: () => Promise<void>): Promise<Entry[][]> {
  const pages: Entry[][] = [];
  let cursor: string | null = null;
  for (;;) {
    const query: string = cursor === null ? "" : `&cursor=${cursor}`;
    const page: Entries = await read(`/${board}/entries?window=daily&direction=${direction}&limit=${limit}${query}`);
    if (page.items.length > 0) pages.push(page.items);
    cursor = direction === "forward" ? page.nextCursor : page.previousCursor;
    if (cursor === null) return pages;
    await between?.();
  }
}

describe("ranks", () => {
  it.each(RANKINGS)(
    "[LB2] %s: every listed rank is the one that is looked up, in tops, pages, lookups, searches and around",
    async (board) => {
      const listed = (await walk(board, "forward", 7)).flat();
      expect(listed).toHaveLength(PLAYERS);
      expect(listed[0]?.rank).toBe(1);
      expect(new Set(listed.map(({ rank }) => rank)).size).toBe({ ordinal: PLAYERS, competition: 3, dense: 3 }[board]);
      const top = await read<Top>(`/${board}/top?window=daily&limit=100`);
      expect(top.items).toEqual(listed);
      const ids = listed.map(({ player }) => player).toReversed();
      const lookup = await fine<LookupReply>(
        await tenant.at(`/${board}/player-lookups`, { body: { window: "daily", players: [...ids, "nobody", "p1"] } }),
      );
      expect([lookup.items, lookup.missing]).toEqual([listed, ["nobody"]]);
      for (const entry of listed.filter((_, at) => at % 9 === 0)) {
        const single = await rankOf(board, entry.player);
        expect(single).toMatchObject({ rank: entry.rank, total: PLAYERS, exactness: "exact", entry: { ...entry } });
        const around = await read<Entries>(`/${board}/players/${entry.player}/around?window=daily&limit=5`);
        expect(around.items).toContainEqual(entry);
        for (const row of around.items) expect(listed).toContainEqual(row);
      }
      const found = await read<LookupReply>(`/${board}/players?q=PLAYER%205&window=daily`);
      expect(found.items.map(({ player }) => player).toSorted()).toEqual(
        ["p5", ...Array.from({ length: 10 }, (_, n) => `p5${n}`)].toSorted(),
      );
      for (const row of found.items) expect(listed).toContainEqual(row);
    },
  );

  it("[LB1] around gives min(L, total) rows with the owner, clamped at both ends", async () => {
    const around = async (player: string, limit: number) =>
      (await read<Entries>(`/ten/players/${player}/around?limit=${limit}`)).items.map(({ rank }) => rank);
    expect(await around("t2", 4)).toEqual([1, 2, 3, 4]);
    expect(await around("t1", 3)).toEqual([1, 2, 3]);
    expect(await around("t5", 5)).toEqual([3, 4, 5, 6, 7]);
    expect(await around("t10", 4)).toEqual([7, 8, 9, 10]);
    expect(await around("t6", 100)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (let n = 1; n <= 10; n++)
      for (const limit of [1, 2, 9, 10, 11]) {
        const rows = await around(`t${n}`, limit);
        expect([rows.length, rows.includes(n)]).toEqual([Math.min(limit, 10), true]);
      }
    expect(await read<Entries>("/ten/players/nobody/around")).toMatchObject({
      items: [],
      total: 10,
      nextCursor: null,
      previousCursor: null,
    });
    expect(await rankOf("ten", "nobody")).toMatchObject({ rank: null, entry: null, total: 10 });
  });
});

describe("pages", () => {
  it("[LB4] backwards give the same ranks as forwards, in the order of ranks", async () => {
    const forward = (await walk("competition", "forward", 7)).flat();
    const backward = (await walk("competition", "backward", 7)).toReversed().flat();
    expect(backward).toEqual(forward);
  });

  it("[LB4] neither repeat nor skip who stays, while others come, go up and go down", async () => {
    await tenant.board("busy", { operator: "latest", windows: ["daily"] });
    const steady = Array.from({ length: 40 }, (_, n) => ({ player: `s${n}`, score: n * 10 }));
    await fill("busy", [...steady, { player: "mover", score: 1_000 }]);
    for (const direction of ["forward", "backward"] as const) {
      let step = 0;
      const pages = await walk("busy", direction, 6, async () => {
        step++;
        await fill("busy", [
          { player: `new-${direction}-${step}`, score: step * 55 + 1 },
          { player: "mover", score: step % 2 === 0 ? 1_000 : 3 },
        ]);
      });
      expect(step).toBeGreaterThan(5);
      const seen = (direction === "forward" ? pages : pages.toReversed()).flat().filter(({ player }) => player.startsWith("s"));
      expect(seen.map(({ player }) => player)).toEqual(steady.map(({ player }) => player).toReversed());
      for (const page of pages) expect(page.map(({ rank }) => rank)).toEqual(page.map((_, at) => (page[0]?.rank ?? 0) + at));
    }
  });

  it("[LB54] begin at a place, from both sides, and lead back from behind both ends", async () => {
    const ranks = async (query: string) => (await read<Entries>(`/ten/entries?${query}`)).items.map(({ rank }) => rank);
    expect(await ranks("rank=4&limit=3")).toEqual([4, 5, 6]);
    expect(await ranks("rank=4&limit=3&direction=backward")).toEqual([2, 3, 4]);
    expect(await ranks("limit=3&direction=backward")).toEqual([8, 9, 10]);
    expect(await ranks("rank=99&limit=3&direction=backward")).toEqual([8, 9, 10]);
    const beyond = await read<Entries>("/ten/entries?rank=11&limit=3");
    expect(beyond).toMatchObject({ items: [], nextCursor: null });
    expect(await ranks(`direction=backward&limit=3&cursor=${beyond.previousCursor}`)).toEqual([8, 9, 10]);
    const first = await read<Entries>("/ten/entries?limit=3");
    expect([first.previousCursor, first.nextCursor]).toEqual([null, expect.any(String)]);
    const second = await read<Entries>(`/ten/entries?limit=3&cursor=${first.nextCursor}`);
    expect(second.items.map(({ rank }) => rank)).toEqual([4, 5, 6]);
    const back = await read<Entries>(`/ten/entries?limit=3&direction=backward&cursor=${second.previousCursor}`);
    expect(back).toMatchObject({ items: first.items, previousCursor: null });
  });

  it("[LB54] of a day stay in that day; a cursor of another window, or none of ours, is refused", async () => {
    const page = await read<Entries>("/ordinal/entries?window=daily&limit=5");
    expect(page.window).toMatch(/^daily:\d{4}-\d{2}-\d{2}$/);
    const rest = await read<Entries>(`/ordinal/entries?window=daily&limit=5&cursor=${page.nextCursor}`);
    expect([rest.window, rest.items[0]?.rank]).toEqual([page.window, 6]);
    const all = await read<Entries>("/ordinal/entries?limit=5");
    for (const query of [
      `window=daily&cursor=${all.nextCursor}`,
      `window=daily:2020-01-01&cursor=${page.nextCursor}`,
      "cursor=bm90IG91cnM",
    ])
      expect(await refusal(await tenant.at(`/ordinal/entries?${query}`))).toEqual([400, "invalid-parameter"]);
    const both = await tenant.at(`/ordinal/entries?rank=2&cursor=${all.nextCursor}`);
    expect(await both.json()).toMatchObject({ status: 400, errors: [{ pointer: "?cursor" }] });
  });
});

describe("windows and partitions", () => {
  it("[LB55] that the board does not rank in are not found; empty ones are empty", async () => {
    await tenant.board("parts", { windows: ["all", "daily"], partitions: [{ key: "region", values: ["eu", "us"] }] });
    await tenant.submit("parts", "ann", 3, { partition: "eu" });
    await tenant.submit("parts", "bob", 9);
    const total = async (query: string) => (await read<Top>(`/parts/top?${query}`)).total;
    expect([await total("window=all"), await total("partition=eu"), await total("partition=us&window=daily")]).toEqual([2, 1, 0]);
    expect(await read<Top>("/parts/top?partition=eu")).toMatchObject({
      partition: "eu",
      window: "all",
      items: [{ player: "ann", rank: 1 }],
    });
    expect(await total("window=daily:2020-01-01")).toBe(0);
    for (const query of ["window=weekly", "window=season:2026-Q1", "partition=mars"])
      expect(await refusal(await tenant.at(`/parts/top?${query}`))).toEqual([404, "not-found"]);
    for (const query of ["window=hourly", "window=daily:today", "partition=2026"])
      expect(await refusal(await tenant.at(`/parts/top?${query}`))).toEqual([400, "invalid-parameter"]);
  });
});

describe("limits of a read", () => {
  it.each([
    ["/ten/top?limit=", 100],
    ["/ten/entries?limit=", LEADERBOARD_LIMITS.page],
    ["/ten/players/t1/around?limit=", LEADERBOARD_LIMITS.around],
    ["/ten/players?q=x&limit=", LEADERBOARD_LIMITS.search],
    ["/ten/feed?limit=", LEADERBOARD_LIMITS.feed],
    ["/ten/reviews?limit=", LEADERBOARD_LIMITS.reviews],
  ])("[LB55] %s%d passes and one more is limit-too-high", async (path, limit) => {
    expect((await tenant.at(`${path}${limit}`)).status).toBe(200);
    expect(await refusal(await tenant.at(`${path}${limit + 1}`))).toEqual([422, "limit-too-high"]);
    expect(await refusal(await tenant.at(`${path}0`))).toEqual([400, "invalid-parameter"]);
  });

  it("[LB55] a lookup takes 500 ids and no more; ids are 128 bytes without control characters", async () => {
    const lookup = async (players: readonly string[]) => await tenant.at("/ten/player-lookups", { body: { players } });
    const ids = Array.from({ length: LEADERBOARD_LIMITS.lookup }, (_, n) => `t${n}`);
    expect((await fine<LookupReply>(await lookup(ids))).items).toHaveLength(10);
    expect(await refusal(await lookup([...ids, "one-more"]))).toEqual([422, "limit-too-high"]);
    for (const id of ["é".repeat(64), "x".repeat(128)]) expect((await rankOf("ten", id)).rank).toBeNull();
    for (const id of ["é".repeat(64) + "x", "a\u0007b", "\u0085", "\ud800"])
      expect(await refusal(await lookup([id]))).toEqual([422, "invalid-id"]);
    expect(await refusal(await tenant.at(`/ten/players/${"x".repeat(129)}`))).toEqual([422, "invalid-id"]);
    for (const board of ["UPPER", "x".repeat(65), "a_b"])
      expect(await refusal(await tenant.at(`/${board}/top`))).toEqual([422, "invalid-id"]);
    expect(await refusal(await tenant.at("", { body: { board: "a b" } }))).toEqual([422, "invalid-id"]);
    expect((await tenant.at(`/${"x".repeat(64)}/top`)).status).toBe(404);
  });
});

describe("feed and figures", () => {
  it("[LB57] the feed has the newest scores that count; figures say what happened in the last minute", async () => {
    const rules = [
      { type: "max-score", max: 100, action: "reject" },
      { type: "points-per-second", max: 10, action: "flag" },
      { type: "duration", typicalMs: 1_000, action: "quarantine" },
    ];
    await tenant.board("news", { rules, windows: ["all"] });
    await tenant.submit("news", "ann", 1, { name: "Ann", durationMs: 1_000 });
    expect(await tenant.submit("news", "bob", 50, { durationMs: 1_000 })).toMatchObject({ verdict: "flagged" });
    expect(await tenant.submit("news", "eve", 5, { durationMs: 90_000 })).toMatchObject({ verdict: "quarantined" });
    expect(await refusal(await tenant.at("/news/scores", { body: { player: "max", score: 101 } }))).toEqual([422, "score-implausible"]);
    const feed = await read<{ items: Submission[] }>("/news/feed");
    expect(feed.items.map(({ player, name, verdict }) => [player, name, verdict])).toEqual([
      ["bob", null, "flagged"],
      ["ann", "Ann", "accepted"],
    ]);
    await read<Top>("/news/top");
    await read<Top>("/news/top");
    expect(await read<BoardFigures>("/news/stats")).toMatchObject({
      activePlayers: 4,
      scoresPerSecond: 4 / 60,
      verdicts: { accepted: 1, flagged: 1, quarantined: 1, rejected: 1 },
      sockets: 0,
      sets: 1,
      entries: 2,
      topHitRatio: 0.5,
    });
  });

  it("[LB57] above a thousand scores a minute the number is exact, and verdicts follow their share", async () => {
    await tenant.board("rush", { windows: ["all"] });
    const many = (from: number) => Array.from({ length: 1_000 }, (_, n) => ({ player: `r${(from + n) % 700}`, score: n }));
    await fill("rush", many(0));
    await fill("rush", many(500).slice(0, 500));
    const figures = await read<BoardFigures>("/rush/stats");
    expect(figures).toMatchObject({ scoresPerSecond: 25, entries: 700 });
    expect(figures.verdicts).toEqual({ accepted: 1_500, flagged: 0, quarantined: 0, rejected: 0 });
    expect(figures.activePlayers).toBe(500); // at least: of 700, the newest thousand are of so many
  });
});
