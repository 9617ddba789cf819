import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { everyItem, Meridian, MeridianError } from "../../sdk/client.ts";
import { edgeEnv } from "../../workers/control/testing.ts";
import { app } from "../../workers/edge.ts";
import { isAtDoor } from "../../workers/http/door-routes.ts";
import { specOf } from "../../workers/http/route-table.ts";
import { seedBoards } from "./leaderboards-testing.ts";
import { nameOf } from "./access-specs.ts";

/** Routes of leaderboards but for the socket, whose client is another. */
const ROUTES = app.routes
  .flatMap(({ handler }) => specOf(handler) ?? [])
  .filter((spec) => spec.path.startsWith("/v1/leaderboard") && !isAtDoor(spec) && !/socket|ticket/.test(spec.path));

const called = new Set<string>();
let meridian: Meridian;

/** The SDK over the real app; which routes it called is noted. */
function clientOf(key: string): Meridian {
  return new Meridian({
    url: edgeEnv.PUBLIC_URL,
    key,
    sleep: async () => {},
    fetch: async (url, init) => {
      const { pathname } = new URL(url);
      const matches = ROUTES.filter((spec) => {
        const pattern = spec.path.replaceAll(/\{\w+\}/g, "[^/]+");
        return spec.method.toUpperCase() === init.method && new RegExp(`^${pattern}$`).test(pathname);
      });
      for (const spec of matches) called.add(nameOf(spec));
      const ctx = createExecutionContext();
      const { method = "GET", headers = {}, body = null } = init;
      const answer = await app.fetch(new Request(url, { method, headers, body }), { ...edgeEnv, LOG_REQUESTS: "off" }, ctx);
      await waitOnExecutionContext(ctx);
      return answer;
    },
  });
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

beforeAll(async () => {
  meridian = clientOf((await seedBoards()).key);
});

describe("the SDK's leaderboards", () => {
  it("[LB59] manage boards, modes and the document of both", async () => {
    const { leaderboards } = meridian;
    const board = await leaderboards.create({ board: "arena", mode: "deathmatch" });
    expect(await leaderboards.get("arena")).toEqual(board);
    const changed = await leaderboards.change("arena", { title: "New", rules: [] }, board.version);
    const late = leaderboards.change("arena", { title: "Late" }, board.version);
    expect(await late.catch((error: unknown) => error)).toMatchObject({ slug: "precondition-failed" });
    expect(await collected(everyItem((page) => leaderboards.list(page), 1))).toEqual([changed]);
    await leaderboards.modes.put("ours", { order: "asc" });
    expect((await leaderboards.modes.get("ours")).defaults).toEqual({ order: "asc" });
    expect((await leaderboards.modes.list()).items).toHaveLength(4);
    await leaderboards.modes.remove("ours");
    const document = await leaderboards.document.observe();
    expect((await leaderboards.document.apply({ ...document, boards: { ...document.boards, gone: {} } })).left).toBe(0);
    const removed = await leaderboards.document.remove({ boards: { gone: {} } });
    expect(removed.changes).toEqual([{ what: "board", name: "gone", change: "removed" }]);
  });

  it("[LB59] submit scores, load history, and say why a score was refused", async () => {
    const { leaderboards } = meridian;
    await leaderboards.change("arena", { rules: [{ type: "max-score", max: 100 }] });
    const run = await leaderboards.startRun("arena", { player: "ann" });
    const reply = await leaderboards.submit("arena", { player: "ann", name: "Ann", score: 50, runId: run.runId });
    expect(reply).toMatchObject({ verdict: "accepted", windows: [{ rank: 1 }, {}, {}, {}, {}] });
    const refused: unknown = await leaderboards.submit("arena", { player: "eve", score: 101 }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(MeridianError);
    expect(refused).toMatchObject({
      slug: "score-implausible",
      extra: { submissionId: expect.any(String), reasons: [{ rule: "max-score", action: "reject" }] },
    });
    const items = Array.from({ length: 30 }, (_, n) => ({ player: `p${n}`, name: `Player ${n}`, score: n }));
    expect((await leaderboards.submitBatch("arena", { batchId: "b", items })).accepted).toBe(30);
    const lines = [{ player: "old", score: 7, occurredAt: "2026-01-02T03:04:05Z" }];
    expect(await leaderboards.importScores("arena", lines)).toMatchObject({ imported: 1, duplicate: false });
    expect(await leaderboards.importScores("arena", lines)).toMatchObject({ duplicate: true });
  });

  it("[LB59] read ranks, and pages in both directions", async () => {
    const { leaderboards } = meridian;
    expect((await leaderboards.top("arena", { limit: 3 })).items.map(({ player }) => player)).toEqual(["ann", "p29", "p28"]);
    const all = await collected(everyItem((page) => leaderboards.entries("arena", { ...page, window: "all" }), 7));
    expect(all.map(({ rank }) => rank)).toEqual(all.map((_, at) => at + 1));
    const backward = { direction: "backward", limit: 10 } as const;
    const last = await leaderboards.entries("arena", backward);
    const before = await leaderboards.entries("arena", { ...backward, cursor: last.previousCursor ?? "" });
    expect([...before.items, ...last.items]).toEqual(all.slice(-20));
    expect(await leaderboards.rank("arena", "p29")).toMatchObject({ rank: 2, total: 32, exactness: "exact" });
    expect((await leaderboards.around("arena", "p29", { limit: 3 })).items.map(({ rank }) => rank)).toEqual([1, 2, 3]);
    expect((await leaderboards.lookup("arena", { players: ["p1", "nobody"] })).missing).toEqual(["nobody"]);
    expect((await leaderboards.search("arena", { q: "player 2" })).items).toHaveLength(11);
    expect((await leaderboards.windows("arena")).items.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["all", "daily"]));
    expect((await leaderboards.feed("arena", { limit: 2 })).items).toHaveLength(2);
    expect(await leaderboards.player("arena", "ann")).toMatchObject({ runs: 1, best: 50 });
    expect((await leaderboards.figures("arena")).entries).toBeGreaterThan(30);
    await leaderboards.erasePlayer("arena", "p0");
    expect(await leaderboards.rank("arena", "p0")).toMatchObject({ rank: null, total: 31 });
  });

  it("[LB59] judge, and look at closed windows; every route has its method", async () => {
    const { leaderboards } = meridian;
    await leaderboards.change("arena", { rules: [{ type: "points-per-second", max: 1 }] });
    await leaderboards.submit("arena", { player: "eve", score: 90, durationMs: 1_000 });
    const { items } = await leaderboards.reviews("arena", { state: "open" });
    const reviewId = items[0]?.reviewId ?? "";
    expect(await leaderboards.review("arena", reviewId)).toMatchObject({ player: "eve", state: "open" });
    expect((await leaderboards.decide("arena", reviewId, { decision: "clear" })).review.state).toBe("decided");
    for (const closed of [leaderboards.archive("arena", "daily:2026-01-02"), leaderboards.rewards("arena", "daily:2026-01-02")])
      expect(await closed.catch((error: unknown) => error)).toMatchObject({ items: [] });
    await leaderboards.remove("arena");
    expect([...called].toSorted()).toEqual(ROUTES.map(nameOf).toSorted());
  });
});
