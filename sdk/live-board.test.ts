import { describe, expect, it } from "vitest";
import type { Entry } from "../contract/leaderboard-reads.ts";
import { BOARD_POLL_MS, BoardSocket, type BoardTop } from "./live-board.ts";
import { LiveWorld, settle } from "./live-testing.ts";
import type { Call, RequestParts } from "./transport.ts";

const row = (player: string, rank: number): Entry => ({
  player,
  rank,
  name: player,
  score: 100 - rank,
  subscore: null,
  at: "2026-11-20T00:00:00Z",
});

/** A board's socket in a world where time moves by hand, and what it reads without one. */
class BoardWorld extends LiveWorld {
  readonly asked: { path: string; query: RequestParts["query"] }[] = [];
  readonly shown: BoardTop[] = [];
  total = 1;
  failing = false;
  hold: { promise: Promise<void>; resolve: () => void } | undefined;
  readonly board: BoardSocket;

  constructor() {
    super();
    const request = async (_method: string, path: string, parts: RequestParts = {}) => {
      this.asked.push({ path, query: parts.query });
      if (this.failing) throw new Error("away");
      await this.hold?.promise;
      return await Promise.resolve({ items: [row("polled", 1)], total: this.total });
    };
    this.board = new BoardSocket(request as Call, "my board", this.deps); // answers what tops are
  }

  follow(): () => void {
    return this.board.top({ window: "daily", partition: "eu" }, (top) => this.shown.push(top));
  }

  async connected(): Promise<void> {
    this.board.connect();
    await settle();
    this.socket.welcome();
  }

  push(offset: number, data: object): void {
    const event = { v: 1, type: "leaderboard.top", id: "i", at: 0, channel: "top/daily:eu", epoch: "e1", offset, data };
    this.socket.send({ type: "batch", events: [event] });
  }
}

describe("a board's socket of the SDK", () => {
  it("[LB73] makes lists of pushes, and subscribes again after a reconnect", async () => {
    const world = new BoardWorld();
    world.follow();
    await world.connected();
    world.socket.confirm("top/daily:eu", 0);
    world.push(1, { version: 1, total: 3, items: [row("a", 1), row("b", 2), row("c", 3)] });
    world.push(2, { version: 2, total: 3, changed: [row("c", 1), row("a", 2)], removed: ["b"] });
    expect(world.shown.at(-1)).toEqual({ items: [row("c", 1), row("a", 2)], total: 3, live: true });
    world.socket.close(1012);
    await world.forward(1_000);
    world.socket.welcome();
    world.socket.confirm("top/daily:eu", 0, "e2");
    expect(world.socket.of("subscribe")).toHaveLength(1);
    expect(world.asked).toEqual([]); // it was away for less than a turn
  });

  it("[LB73] reads the top each five seconds while it has no connection, at once when there is nothing to show yet", async () => {
    const world = new BoardWorld();
    world.follow();
    world.board.connect();
    await settle();
    world.socket.close(1006); // a full board: the browser says no more
    await world.forward(0);
    expect(world.asked).toEqual([{ path: "/v1/leaderboards/my%20board/top", query: { window: "daily", partition: "eu", limit: 10 } }]);
    expect(world.shown).toEqual([{ items: [row("polled", 1)], total: 1, live: false }]);
    const refuse = () => {
      for (const socket of world.sockets) if (!socket.closedByClient) socket.close(1006);
    };
    for (let second = 0; second < 60; second++) {
      await world.forward(1_000);
      refuse();
    }
    expect(world.asked.length).toBe(1 + 60_000 / BOARD_POLL_MS);
    expect(world.sockets.length).toBeGreaterThan(3);
  });

  it("[LB73] stops reading when the socket stands, when it is closed, and when nobody looks", async () => {
    const world = new BoardWorld();
    const stop = world.follow();
    world.board.connect();
    await settle();
    world.socket.close(1006);
    await world.forward(1_000);
    const polls = world.asked.length;
    world.board.retryNow();
    await settle();
    world.socket.welcome();
    await world.forward(12_000);
    expect(world.asked).toHaveLength(polls);
    world.socket.close(1006);
    world.board.close();
    await world.forward(12_000);
    expect(world.asked).toHaveLength(polls);
    stop();
    world.board.connect();
    await settle();
    world.socket.close(1006);
    await world.forward(12_000);
    expect(world.asked).toHaveLength(polls);
  });

  it("[LB73] goes on when a read fails, and shows no read that came too late", async () => {
    const world = new BoardWorld();
    world.failing = true;
    world.follow();
    world.board.connect();
    await settle();
    world.socket.close(1006);
    await world.forward(0);
    expect([world.asked.length, world.shown.length]).toEqual([1, 0]);
    await world.forward(BOARD_POLL_MS - 1);
    expect(world.asked).toHaveLength(1);
    world.failing = false;
    let resolve = () => {};
    const promise = new Promise<void>((done) => (resolve = done));
    world.hold = { promise, resolve };
    await world.forward(1);
    world.board.retryNow();
    await settle();
    world.socket.welcome();
    world.hold.resolve();
    await settle();
    expect([world.asked.length, world.shown.length]).toEqual([2, 0]);
  });

  it("[LB71] names channels as the board does", async () => {
    const world = new BoardWorld();
    const nothing = () => undefined;
    world.board.rank({}, nothing);
    world.board.rank({ window: "daily", partition: "eu", player: "a/b" }, nothing);
    world.board.feed({ window: "season:2026-Q4" }, nothing);
    world.board.windows(nothing);
    world.board.corrections(nothing);
    const stop = world.board.stats(nothing);
    await world.connected();
    const channels = world.socket.of("subscribe").map(({ channel }) => channel);
    expect(channels).toEqual(["rank/all", "rank/daily:eu/a/b", "feed/season:2026-Q4", "window/all", "correction/all", "stats/live"]);
    stop();
    expect(world.socket.of("unsubscribe")).toMatchObject([{ channel: "stats/live" }]);
  });
});
