import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { encodeCursor } from "../../../contract/cursor.ts";
import { type EventMessage, eventMessageSchema } from "../../../contract/events.ts";
import { standStillAt, TestBoard } from "./board-testing.ts";

// The windows of a whole board, as routes meet it.

const NOON = Date.UTC(2031, 4, 14, 12); // a Wednesday
const DAY_MS = 86_400_000;

standStillAt(NOON);

/** What was sent to the queue; each once, as a consumer sees it: a single node sends again what nobody confirmed. */
function sent(): EventMessage[] {
  const all = vi.mocked(env.EVENTS.sendBatch).mock.calls.flatMap(([messages]) => [...messages]);
  return [...new Map(all.map(({ body }) => eventMessageSchema.parse(body)).map((message) => [message.seq, message])).values()];
}

/** Types of what was sent about windows, with their names. */
function told(): { readonly seq: number; readonly line: string }[] {
  return sent()
    .filter(({ data }) => data.window !== undefined)
    .map(({ seq, type, data }) => ({ seq, line: `${type.replace("meridian.", "")} ${String(data.window)}` }));
}

describe("a board's day", () => {
  it("[LB7] closes by itself: reward, archive and events once, while the new day goes on", async () => {
    const board = await new TestBoard("day-closes").configure({
      windows: ["all", "daily"],
      decimals: 1,
      rewards: [{ window: "daily", reward: "gold", ranks: { from: 1, to: 1 } }],
    });
    await board.submit("ada", 12.5, { name: "Ada" });
    await board.submit("bob", 30);
    await board.passes(12 * 3_600_000 + 60_000);
    // In the grace: a score of yesterday still counts for yesterday.
    const late = await board.submit("ada", 40.5, { occurredAt: new Date(NOON + 11 * 3_600_000).toISOString() });
    expect(late.windows.map(({ window, rank, previousRank }) => [window, rank, previousRank])).toEqual([
      ["all", 1, 2],
      ["daily:2031-05-14", 1, 2],
    ]);
    await board.submit("bob", 5);
    await board.passes(60_000);
    await board.evict();
    await board.passes(DAY_MS / 2);
    expect(
      told()
        .map(({ line }) => line)
        .filter((line) => line.endsWith("05-14")),
    ).toEqual(["window.closed daily:2031-05-14", "reward.granted daily:2031-05-14", "window.archived daily:2031-05-14"]);
    const rewards = await board.ask("rewards", { window: "daily:2031-05-14", limit: 10 });
    expect(rewards.items.map(({ player, reward, rank }) => [player, reward, rank])).toEqual([["ada", "gold", 1]]);
    const { items } = await board.ask("archive", { window: "daily:2031-05-14" });
    expect(items).toMatchObject([
      {
        entries: 2,
        top: [
          { player: "ada", name: "Ada", score: 40.5 },
          { player: "bob", name: null, score: 30 },
        ],
      },
    ]);
    expect(await board.top("daily")).toEqual(["bob:5"]);
    expect(await board.top("daily:2031-05-14")).toEqual(["ada:40.5", "bob:30"]);
    const refused = await board.rpc.submit({ player: "ada", score: 99, occurredAt: new Date(NOON).toISOString() }, "service", {
      requestId: "r",
      actor: "key:1",
      actorName: "k",
    });
    expect(refused).toMatchObject({ ok: false, problem: { slug: "window-closed" } });
    expect(await board.top("all")).toEqual(["ada:40.5", "bob:30"]);
  });

  it("[LB132] a name of no such day, week or month is not found, by lists and by cursors", async () => {
    const board = await new TestBoard("no-such-day").configure({ windows: ["all", "daily", "weekly"] });
    await board.submit("ada", 1);
    const slug = async (window: string, cursor?: string) => {
      const asked = await board.rpc.ask("entries", { window, limit: 1, direction: "forward", ...(cursor !== undefined && { cursor }) });
      return asked.ok ? asked.value.window : asked.problem.slug;
    };
    for (const window of ["daily:2026-02-30", "daily:0000-01-01", "weekly:2025-W53", "weekly:2026-W54", "weekly:2026-W00"])
      expect([window, await slug(window)]).toEqual([window, "not-found"]);
    for (const window of ["daily:2028-02-29", "weekly:2026-W53", "daily:9999-12-31"]) expect(await slug(window)).toBe(window);
    expect(await slug("daily", encodeCursor(["daily:garbage", 0, 0, 0, ""]))).toBe("not-found");
  });

  it("[LB7] [LB61] over forty days and the turn of the year every window closes once and leaves once, and what is left is bounded", async () => {
    vi.setSystemTime(Date.UTC(2031, 11, 1, 10));
    const kinds = ["all", "daily", "weekly", "monthly", "season"] as const;
    const board = await new TestBoard("forty-days").configure({ windows: [...kinds], timeZone: "Europe/Berlin" });
    const lines = new Map<number, string>();
    for (let day = 0; day < 40; day++) {
      await board.submit(`p${day % 5}`, day);
      await board.passes(DAY_MS);
      for (const { seq, line } of told()) lines.set(seq, line);
      await board.rpc.confirmOutbox(sent().map(({ seq }) => seq));
      vi.mocked(env.EVENTS.sendBatch).mockClear();
    }
    const count = (type: string, kind: string) => [...lines.values()].filter((line) => line.startsWith(`${type} ${kind}:`)).length;
    expect(kinds.map((kind) => count("window.closed", kind))).toEqual([0, 40, 5, 1, 1]);
    expect(kinds.map((kind) => count("window.archived", kind))).toEqual([0, 40, 5, 1, 1]);
    const windows = await board.ask("windows", {});
    const rankable = windows.items.filter((window) => window.rankable && window.total > 0).map(({ kind }) => kind);
    expect(kinds.map((kind) => rankable.filter((one) => one === kind).length)).toEqual([1, 7, 2, 2, 2]);
    expect((await board.rows("SELECT count(*) AS n FROM ranking_set"))[0]?.n).toBe(rankable.length);
  });
});
