import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { configOf, meta, slugOf, standStillAt, START, TestBoard, valueOf } from "./board-testing.ts";

standStillAt();

const DAY_MS = 86_400_000;

async function tablesOf(board: TestBoard): Promise<string[]> {
  return await runInDurableObject(board.stub, (_, state) =>
    state.storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 4) <> '_cf_'")
      .toArray()
      .map(({ name }) => name),
  );
}

describe("a board that is not there", () => {
  it("[LB38] refuses everything and writes no row", async () => {
    const board = new TestBoard("never");
    const { rpc } = board;
    const asked = [
      await rpc.submit({ player: "a", score: 1 }, "service", meta),
      await rpc.startRun("a", meta),
      await rpc.ask("top", { window: "all", limit: 1 }),
      await rpc.remove(meta),
      await rpc.decide("r", { decision: "clear", removeSubmissions: [], note: "" }, meta),
      await rpc.erasePlayer("a", meta),
      await board.batch("b", [{ player: "a", score: 1 }]),
      await board.imports("i", []),
    ];
    expect(asked.map(slugOf)).toEqual(asked.map(() => "not-found"));
    expect(await rpc.closeCredentials(["key:1"])).toEqual({ closed: 0, left: 0 });
    expect((await board.stub.fetch("https://board.internal/", { headers: { upgrade: "websocket" } })).status).toBe(404);
    expect(await tablesOf(board)).toEqual([]);
  });
});

describe("what a board is", () => {
  it("[LB38] is told by versions: one that is not newer changes nothing", async () => {
    const board = await new TestBoard("versions").configure({ title: "One" }, 3);
    for (const [version, title] of [
      [3, "Same"],
      [2, "Older"],
    ] as const)
      expect(valueOf(await board.rpc.configure({ config: configOf({ title }), version }, meta))).toEqual({ version: 3 });
    expect(await board.rows("SELECT json_extract(config, '$.title') AS title, version FROM board")).toEqual([{ title: "One", version: 3 }]);
  });

  it("[LB38] changes its ordering until the first score, then all but its ordering", async () => {
    const board = await new TestBoard("fixed").configure({ order: "asc" });
    await board.configure({ order: "desc", decimals: 2 }, 2);
    await board.submit("ann", 1.25);
    await board.evict();
    const other = configOf({ order: "asc", decimals: 2, windows: ["all", "daily"] });
    expect(await board.rpc.configure({ config: other, version: 3 }, meta)).toMatchObject({
      ok: false,
      problem: { slug: "board-fixed", errors: [{ pointer: "/order" }, { pointer: "/windows" }] },
    });
    await board.configure({ decimals: 2, title: "New", rules: [{ type: "max-score", max: 2 }] }, 3);
    expect(slugOf(await board.rpc.submit({ player: "ann", score: 2.1 }, "service", meta))).toBe("score-implausible");
    expect(await board.top()).toEqual(["ann:1.25"]);
  });

  it("[LB38] is fixed by a rejected score as well: its log is written in these numbers", async () => {
    const board = await new TestBoard("fixed-rejected").configure({ rules: [{ type: "max-score", max: 1 }] });
    await board.rpc.submit({ player: "ann", score: 2 }, "service", meta);
    expect(slugOf(await board.rpc.configure({ config: configOf({ decimals: 1 }), version: 2 }, meta))).toBe("board-fixed");
  });
});

describe("removal", () => {
  it("[LB6] takes everything, in slices and over evictions; a board of the same name begins with nothing", async () => {
    const board = await new TestBoard("removed").configure({
      windows: ["all", "daily"],
      rules: [{ type: "points-per-second", max: 0.999 }],
      rewards: [{ window: "daily", reward: "gold", ranks: { from: 1, to: 3 } }],
    });
    for (let n = 0; n < 2; n++)
      valueOf(
        await board.batch(
          `b${n}`,
          Array.from({ length: 600 }, (_, i) => ({ player: `p${n}-${i}`, score: i, durationMs: 1_000 * i, name: `N${i}` })),
        ),
      );
    await board.passes(2 * DAY_MS);
    const keyed = { ...meta, idempotency: { key: "k1", route: "POST scores", bodyHash: "h" } };
    valueOf(await board.rpc.submit({ player: "ann", score: 5 }, "service", keyed));
    await board.rpc.startRun("ann", meta);
    const archive = `leaderboards/t-boards/removed/`;
    await env.ARCHIVE.put(`${archive}more.ndjson`, "x");
    await env.ARCHIVE.put("leaderboards/t-boards/removed-not/all.ndjson", "x");
    expect((await env.ARCHIVE.list({ prefix: archive })).objects.length).toBeGreaterThan(1);

    valueOf(await board.rpc.remove(meta));
    expect(slugOf(await board.rpc.ask("top", { window: "all", limit: 1 }))).toBe("not-found");
    expect(slugOf(await board.rpc.configure({ config: configOf(), version: 9 }, meta))).toBe("unavailable");
    await board.evict();
    await board.passes(0);
    expect(await board.filled()).toEqual({});
    expect((await env.ARCHIVE.list({ prefix: archive })).objects).toEqual([]);
    expect((await env.ARCHIVE.list({ prefix: "leaderboards/t-boards/removed-not/" })).objects.length).toBe(1);
    expect(Object.keys(await board.timers()).filter((name) => !name.startsWith("kit:"))).toEqual([]);

    await board.configure({ order: "asc" }, 1);
    expect(await board.top()).toEqual([]);
    expect(valueOf(await board.rpc.submit({ player: "bob", score: 7 }, "service", keyed)).windows[0]).toMatchObject({ rank: 1, total: 1 });
    expect(await board.top()).toEqual(["bob:7"]);
    expect(await board.ask("stats", { player: "p0-1", trusted: true })).toMatchObject({ runs: 0, recent: [] });
  });

  it("[LB6] takes at most 5,000 rows a slice, and ends an import that runs", async () => {
    const board = await new TestBoard("removed-slices").configure();
    const occurredAt = new Date(START).toISOString();
    const lines = Array.from({ length: 12_000 }, (_, n) => ({ player: `p${n}`, score: n, occurredAt }));
    const running = board.imports("i1", lines);
    await vi.waitFor(async () => expect(await board.rows("SELECT count(*) AS n FROM imports")).toEqual([{ n: 1 }]));
    valueOf(await board.rpc.remove(meta));
    expect(["not-found", "ok"]).toContain(slugOf(await running));
    const statements = await board.watched(async () => await board.passes(0));
    const deleted = statements.filter(({ query }) => query.startsWith('DELETE FROM "')).map(({ params }) => Number(params[0]));
    expect(Math.max(...deleted)).toBe(5_000);
    expect(await board.filled()).toEqual({});
  });
});
