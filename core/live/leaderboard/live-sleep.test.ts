import { describe, expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { ranked } from "./live-testing.ts";

describe("a board's sleep", () => {
  it("[LB77] leaves every socket its channels, numbers and the ranks last sent", () => {
    const bench = ranked(200);
    bench.player("a", "p150");
    for (const channel of ["rank/all", "top/all", "feed/all"]) bench.follow("a", channel);
    bench.forward(2_000);
    const n = bench.last("a")?.n ?? 0;
    bench.take("a");
    bench.sleep();
    for (let i = 0; i < 30; i++) bench.score(`p${160 + i}`, 2_000_000 + i);
    bench.forward(2_000);
    const frames = bench.take("a");
    expect(frames.map((frame) => frame.n)).toEqual(frames.map((_, index) => n + 1 + index));
    const events = frames.flatMap((frame) => (frame.type === "batch" ? frame.events : []));
    expect(events.find(({ channel }) => channel === "rank/all")).toMatchObject({
      epoch: "a",
      offset: 2,
      data: { previousRank: 150, rank: 180 },
    });
    expect(events.find(({ channel }) => channel === "top/all")).toMatchObject({
      epoch: "a",
      offset: 2,
      data: { items: expect.any(Array) as unknown },
    });
    bench.say("a", { type: "unsubscribe", id: "u", channel: "feed/all" });
    bench.sleep();
    bench.score("p1", 9_000_000);
    bench.forward(2_000);
    expect(bench.take("a").flatMap((frame) => (frame.type === "batch" ? frame.events.map(({ channel }) => channel) : []))).toEqual([
      "top/all",
    ]);
  });

  it("[LB76] is not disturbed: clean, or with nobody who follows what changed, nothing is armed", () => {
    const bench = ranked(200);
    bench.player("a", "p150");
    expect(bench.wakeAt).toBeUndefined();
    bench.score("p1", 2_000_000);
    expect(bench.wakeAt).toBeUndefined();
    bench.follow("a", "rank/daily");
    bench.follow("a", "window/all");
    bench.forward(5_000);
    expect(bench.wakeAt).toBeUndefined();
    bench.do(bench.machine.tell({ type: "score", player: "x", moves: [bench.board.move("all", "x", 1, bench.now)] }, bench.now));
    expect(bench.wakeAt).toBeUndefined();
    bench.score("p2", 3_000_000);
    expect(bench.wakeAt).toBeDefined();
    bench.forward(5_000);
    expect(bench.wakeAt).toBeUndefined();
    bench.join("b");
    bench.follow("b", "top/all");
    bench.score("p3", 4_000_000);
    bench.forward(0);
    bench.say("a", { type: "unsubscribe", id: "u", channel: "rank/daily" });
    bench.score("p3", 5_000_000);
    bench.forward(LEADERBOARD_LIMITS.topEveryMs);
    expect(bench.wakeAt).toBeUndefined(); // a list needs no tick
    bench.do(bench.machine.leave("b"));
    bench.score("p3", 3_000_000);
    bench.do(bench.machine.leave("a"));
    bench.forward(5_000);
    expect([bench.wakeAt, bench.machine.isFollowed]).toEqual([undefined, false]);
  });

  it("[LB76] looks at 2,000 ranks in a second at most, at each in turn, and then rests", () => {
    const bench = ranked(5_000);
    const players = 2_500;
    for (let n = 1; n <= players; n++) {
      bench.player(`s${n}`, `p${n + 1_000}`);
      bench.follow(`s${n}`, "rank/all");
    }
    bench.forward(2_000);
    for (let n = 0; n < 20; n++) bench.score(`new${n}`, 2_000_000);
    const told = () => Array.from({ length: players }, (_, n) => bench.ranks(`s${n + 1}`)).filter((ranks) => ranks.length > 0).length;
    told();
    bench.board.looks = 0;
    bench.forward(500);
    expect([bench.board.looks, told()]).toEqual([LEADERBOARD_LIMITS.ranksPerTick, LEADERBOARD_LIMITS.ranksPerTick]);
    for (let n = 20; n < 40; n++) bench.score(`new${n}`, 2_000_000); // those who were told wait behind those who were not
    bench.forward(1_000);
    expect(
      Array.from({ length: players }, (_, n) => bench.ranks(`s${n + 1}`).at(-1)?.rank).filter((rank) => rank !== undefined).length,
    ).toBe(LEADERBOARD_LIMITS.ranksPerTick);
    bench.forward(5_000);
    expect(bench.wakeAt).toBeUndefined();
    expect(bench.board.looks).toBe(players + LEADERBOARD_LIMITS.ranksPerTick);
  });
});
