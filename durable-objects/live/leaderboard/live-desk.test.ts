import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { RankPush, TopPush } from "../../../contract/leaderboard-live.ts";
import type { Decision } from "../../../contract/leaderboard-reads.ts";
import { LIVE_PING, LIVE_PONG } from "../../../contract/live-codes.ts";
import type { Envelope } from "../../../contract/live.ts";
import type { Admission } from "../../../contract/rpc/hub.ts";
import { BoardMachine } from "../../../core/live/leaderboard/live-machine.ts";
import { Leaderboard } from "../leaderboard.ts";
import { admission, closeAll, connect, knock, statusOf, type TestSocket } from "../testing.ts";
import { meta, standStillAt, START, TestBoard } from "./board-testing.ts";

standStillAt();
afterEach(closeAll);

const reader = (changed: Partial<Admission> = {}) =>
  admission({ actions: ["leaderboards:read", "leaderboards:manage"], checkedAt: START, ...changed });
const subject = (player: string) => reader({ actor: `subject:${player}`, credential: `token:${player}`, groups: ["subjects"], player });

async function follow(board: TestBoard, channels: readonly string[], who = reader()): Promise<TestSocket> {
  const client = await connect(board.stub, who);
  for (const channel of channels) {
    client.send({ type: "subscribe", id: channel, channel });
    await client.next("subscribed");
  }
  return client;
}

/** Longer than anything that is paced in memory waits. */
const PACING_MS = 1_300;

/** The next publication of a channel. */
async function event(client: TestSocket, channel: string): Promise<Envelope> {
  for (;;) {
    const found = (await client.next("batch")).events.find((one) => one.channel === channel);
    if (found) return found;
  }
}
const top = async (client: TestSocket, channel = "top/all") => (await event(client, channel)).data as TopPush; // what our own board sends
const rank = async (client: TestSocket, channel = "rank/all") => (await event(client, channel)).data as RankPush; // the same

/** A board with so many players, the first the best. */
async function crowded(name: string, players: number, fields: Parameters<TestBoard["configure"]>[0] = {}): Promise<TestBoard> {
  const board = await new TestBoard(name).configure(fields);
  const items = Array.from({ length: players }, (_, n) => ({ player: `p${n + 1}`, score: 1_000_000 - n }));
  await board.batch("fill", items);
  return board;
}

describe("a board's socket", () => {
  it("[LB70] hears of a score: the best whole once, then what changed", async () => {
    const board = await crowded("live-top", 12, { windows: ["all", "daily"] });
    const client = await follow(board, ["top/all", "top/daily"]);
    expect(await top(client)).toMatchObject({
      total: 12,
      items: Array.from({ length: 10 }, (_, n) => ({ player: `p${n + 1}`, rank: n + 1 })),
    });
    await board.submit("new", 999_991.6, { name: "New" });
    const push = await top(client);
    expect(push).toMatchObject({
      total: 13,
      removed: ["p10"],
      changed: [
        { player: "new", name: "New", rank: 9, score: 999_992 },
        { player: "p9", rank: 10 },
      ],
    });
    expect(push.items).toBeUndefined();
  });

  it("[LB16] hears that others moved its player, and what it did itself", async () => {
    const board = await crowded("live-rank", 60);
    const client = await follow(board, ["rank/all"], subject("p20"));
    expect(await rank(client)).toEqual({ player: "p20", rank: 20, previousRank: 20, score: 999_981, total: 60, cause: "self" });
    await board.batch(
      "rush",
      Array.from({ length: 12 }, (_, n) => ({ player: `p${30 + n}`, score: 2_000_000 + n })),
    );
    expect(await rank(client)).toEqual({ player: "p20", rank: 32, previousRank: 20, score: 999_981, total: 60, cause: "others" });
    await board.submit("p20", 3_000_000);
    expect(await rank(client)).toMatchObject({ rank: 1, previousRank: 32, score: 3_000_000, cause: "self" });
  });

  it("[LB72] hears the feed, corrections, windows and figures", async () => {
    const board = await crowded("live-others", 20, { decimals: 1 });
    const client = await follow(board, ["feed/all", "correction/all", "stats/live"]);
    expect(await event(client, "stats/live")).toMatchObject({ type: "leaderboard.stats", data: { activePlayers: 20, sockets: 1 } });
    await board.submit("p19", 999_990.5);
    await board.submit("ann", 2_000_000.5, { name: "Ann" });
    expect(await event(client, "feed/all")).toMatchObject({ data: { player: "ann", name: "Ann", score: 2_000_000.5, rank: 1, at: START } });
    await board.rpc.erasePlayer("ann", meta);
    expect(await event(client, "correction/all")).toMatchObject({
      data: { player: "ann", windows: [{ window: "all", partition: null, score: null }] },
    });
  });

  it("[LB135] feeds nobody who was held back or erased before the feed went out", async () => {
    const board = await crowded("live-feed-gone", 20);
    const client = await follow(board, ["feed/all"]);
    await board.submit("ann", 2_000_000);
    expect(await event(client, "feed/all")).toMatchObject({ data: { player: "ann" } });
    await board.submit("eve", 4_000_000);
    await board.rpc.erasePlayer("eve", meta);
    await board.submit("bob", 3_000_000);
    expect(await event(client, "feed/all")).toMatchObject({ data: { player: "bob", rank: 1 } });
  });

  it("[LB77] goes on after a sleep: channels, numbers, and the rank last sent", async () => {
    const board = await crowded("live-sleep", 60);
    const client = await follow(board, ["rank/all", "top/all"], subject("p20"));
    await client.next("batch");
    const { n } = await client.next("batch");
    await board.evict();
    await board.batch(
      "rush",
      Array.from({ length: 12 }, (_, i) => ({ player: `p${30 + i}`, score: 2_000_000 + i })),
    );
    const frames = [await client.next("batch")];
    while (!frames.some(({ events }) => events.some(({ channel }) => channel === "rank/all"))) frames.push(await client.next("batch"));
    expect(frames.map((frame) => frame.n)).toEqual(frames.map((_, index) => n + 1 + index));
    const events = frames.flatMap((frame) => frame.events);
    expect(events.find(({ channel }) => channel === "rank/all")).toMatchObject({ offset: 2, data: { rank: 32, previousRank: 20 } });
    expect(events.find(({ channel }) => channel === "top/all")?.data).toHaveProperty("items");
    await board.evict();
    client.socket.send(LIVE_PING);
    await vi.waitFor(() => expect(client.texts.at(-1)).toBe(LIVE_PONG));
    client.send({ type: "unsubscribe", id: "u", channel: "rank/all" });
    expect(await client.next("unsubscribed")).toMatchObject({ n: (frames.at(-1)?.n ?? 0) + 1 });
  });

  it("[LB71] of a suspended player moves by what only they see", async () => {
    const board = await crowded("live-shadow", 30, { rules: [{ type: "max-score", max: 5_000_000, action: "flag" }] });
    await board.submit("eve", 6_000_000);
    const client = await follow(board, ["rank/all", "top/all"], subject("eve"));
    expect(await rank(client)).toMatchObject({ player: "eve", rank: 1 });
    expect(await top(client)).toMatchObject({ total: 31 });
    const { items } = await board.ask("reviews", { state: "open", limit: 1 });
    const decision: Decision = { decision: "ban", removeSubmissions: [], note: "" };
    expect(await board.rpc.decide(items[0]?.reviewId ?? "", decision, meta)).toMatchObject({ ok: true });
    expect(await top(client)).toMatchObject({ total: 30 });
    client.send({ type: "subscribe", id: "again", channel: "rank/all" });
    expect(await rank(client)).toMatchObject({ player: "eve", rank: 1, score: 6_000_000 }); // where they would be
    const other = await follow(board, ["rank/all/eve"]);
    expect(await event(other, "rank/all/eve")).toMatchObject({ data: { rank: null } }); // nobody else sees it
  });
});

describe("a board without news", () => {
  it("[LB17] wakes nothing in ten minutes, whoever follows what", async () => {
    const board = await crowded("live-idle", 20, { windows: ["all", "daily", "weekly"] });
    const channels = ["top/all", "top/daily", "rank/all", "rank/weekly", "feed/all", "window/all", "correction/all", "stats/live"];
    const clients = [await follow(board, channels, subject("p5")), await follow(board, []), await follow(board, ["top/all"])];
    await board.submit("p9", 3_000_000);
    await top(clients[2]!); // the whole
    await top(clients[2]!);
    // The scores of the last minute leave the figures, what follows the log catches up, and the outbox empties.
    await vi.waitFor(async () => {
      await board.passes(60_000);
      const { depth } = await board.rpc.outboxStatus();
      if (depth > 0) await board.rpc.confirmOutbox((await board.rows("SELECT seq FROM kit_outbox")).map(({ seq }) => Number(seq)));
      const times = Object.values(await board.timers());
      expect(Math.min(...times)).toBeGreaterThan(600_000);
    });
    const before = await board.rows("SELECT total_changes() AS n");
    const [alarms, pumps] = [vi.spyOn(Leaderboard.prototype, "alarm"), vi.spyOn(BoardMachine.prototype, "pump")];
    await scheduler.wait(PACING_MS); // what was paced runs out
    for (const spy of [alarms, pumps]) spy.mockClear();
    const heard = clients.map(({ texts }) => texts.length);
    vi.setSystemTime(Date.now() + 600_000);
    await scheduler.wait(PACING_MS);
    expect(await runInDurableObject(board.stub, (_, state) => state.storage.getAlarm())).toBeGreaterThan(Date.now());
    expect([alarms, pumps].map((spy) => spy.mock.calls.length)).toEqual([0, 0]);
    expect(clients.map(({ texts }) => texts.length)).toEqual(heard);
    expect(await board.rows("SELECT total_changes() AS n")).toEqual(before);
  });

  it("[LB76] has nothing armed by a score that nobody follows", async () => {
    const board = await crowded("live-unwatched", 20);
    const pumps = vi.spyOn(BoardMachine.prototype, "pump");
    await follow(board, ["window/all"], subject("p5"));
    await board.submit("p9", 3_000_000);
    await scheduler.wait(PACING_MS);
    expect(pumps).not.toHaveBeenCalled();
  });
});

describe("who comes in", () => {
  it("[LB78] is let in by the edge's word only, once per ticket, and not to a board that is not there", async () => {
    const board = await new TestBoard("live-door").configure();
    const ticket = { id: "t1", expiresAt: START + 60_000 };
    await connect(board.stub, reader({ ticket }));
    expect(await statusOf(board.stub, reader({ ticket }))).toBe(401);
    await board.evict();
    expect(await statusOf(board.stub, reader({ ticket }))).toBe(401);
    expect(await statusOf(board.stub, reader({ credentialExpiresAt: START }))).toBe(401);
    const plain = await board.stub.fetch("https://board/", { headers: { upgrade: "websocket" } });
    expect([plain.status, await plain.json()]).toMatchObject([400, { slug: "bad-request" }]);
    const nowhere = new TestBoard("live-nowhere");
    const refused = await knock(nowhere.stub, reader());
    expect([refused.status, await refused.json()]).toMatchObject([404, { slug: "not-found" }]);
    expect(await nowhere.filled()).toEqual({});
  });

  it("[LB74] is refused with socket-limit when the board is full", async () => {
    const board = await new TestBoard("live-full").configure();
    const refusal = { slug: "socket-limit", detail: "full", retryAfterS: 30 } as const;
    const full = vi.spyOn(BoardMachine.prototype, "refusal").mockReturnValue(refusal);
    const response = await knock(board.stub, reader());
    expect([response.status, await response.json()]).toEqual([503, refusal]);
    full.mockRestore();
    await connect(board.stub, reader());
  });

  it("[LB74] is closed with the code of what it did", async () => {
    const board = await new TestBoard("live-codes").configure();
    const codeOf = async (message: string | ArrayBuffer, times = 1) => {
      const client = await connect(board.stub, reader());
      for (let n = 0; n < times; n++) client.socket.send(message);
      const { code } = await client.whenClosed();
      expect(client.frames.at(-1)).toMatchObject({ type: "goodbye", code });
      return code;
    };
    expect(await codeOf("x".repeat(4_097))).toBe(4413);
    expect(await codeOf(new ArrayBuffer(1))).toBe(4400);
    expect(await codeOf('{"v":1,"type":"ack","n":0}', 31)).toBe(4429);
  });

  it("[LB79] [LV39] goes when the credential is revoked, also from a sleeping board, and does not come back with an old ticket", async () => {
    const board = await new TestBoard("live-revoked").configure();
    const [one, other] = [await connect(board.stub, subject("ann")), await connect(board.stub, reader())];
    await board.evict();
    expect(await board.rpc.closeCredentials(["key:k9"])).toEqual({ closed: 0, left: 2 });
    expect(await board.rpc.closeCredentials(["subjects"])).toEqual({ closed: 1, left: 1 });
    expect(await one.whenClosed()).toMatchObject({ code: 4401 });
    expect(await statusOf(board.stub, subject("ann"))).toBe(401);
    const again = await connect(board.stub, { ...subject("ann"), credential: "token:newer", checkedAt: START + 1 });
    await board.evict();
    expect(await board.rpc.closeCredentials(["subjects"], START)).toEqual({ closed: 0, left: 2 });
    expect(again.closed).toBeUndefined();
    expect(await board.rpc.closeCredentials(["subjects"])).toEqual({ closed: 1, left: 1 });
    expect(await board.rpc.closeCredentials(["key:k1"])).toEqual({ closed: 1, left: 0 });
    expect(await other.whenClosed()).toMatchObject({ code: 4401 });
    expect(await new TestBoard("live-never").rpc.closeCredentials(["key:k1"])).toEqual({ closed: 0, left: 0 });
  });

  it("[LB79] goes when the credential ends, and when the board is removed", async () => {
    const board = await new TestBoard("live-ends").configure();
    const [short, long] = [await connect(board.stub, reader({ credentialExpiresAt: START + 60_000 })), await connect(board.stub, reader())];
    await board.evict();
    await board.passes(60_000);
    expect(await short.whenClosed()).toMatchObject({ code: 4401 });
    expect(await board.rpc.remove(meta)).toMatchObject({ ok: true });
    expect(await long.whenClosed()).toMatchObject({ code: 4404 });
  });

  it("[LB76] costs no rows: neither the socket, nor what it follows, nor what it is sent", async () => {
    const board = await crowded("live-cost", 20);
    const before = (await board.watched(async () => void (await board.submit("p9", 3_000_000)))).reduce((sum, { rows }) => sum + rows, 0);
    const client = await follow(board, ["top/all", "rank/all"], subject("p5"));
    const after = await board.watched(async () => {
      await board.submit("p9", 4_000_000);
      await top(client);
      await follow(board, ["top/all"]);
      client.send({ type: "ack", n: 4 });
      client.send({ type: "unsubscribe", id: "u", channel: "top/all" });
      await client.next("unsubscribed");
    });
    expect(after.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThanOrEqual(before);
  });
});
