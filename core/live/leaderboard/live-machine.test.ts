import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { BoardBench, ranked, ShownTop } from "./live-testing.ts";

describe("top/{window}", () => {
  it("[LB70] comes whole once, then as what changed", () => {
    const bench = ranked(12);
    bench.join("a");
    bench.follow("a", "top/all");
    const [welcome, subscribed, first] = bench.take("a");
    expect(welcome).toMatchObject({ type: "welcome", n: 1 });
    expect(subscribed).toMatchObject({ type: "subscribed", n: 2, epoch: "a", offset: 0, recovered: false });
    expect(first).toMatchObject({ type: "batch", n: 3, events: [{ type: "leaderboard.top", channel: "top/all", epoch: "a", offset: 1 }] });
    bench.score("p10", 999_991.5);
    bench.forward(0);
    const [change] = bench.tops("a");
    expect(change?.items).toBeUndefined();
    expect(change).toMatchObject({
      total: 12,
      changed: [
        { player: "p10", rank: 9 },
        { player: "p9", rank: 10 },
      ],
    });
  });

  it("[LB70] comes at most each 250 ms, and not at all when nothing of it changed", () => {
    const bench = ranked(20);
    bench.join("a");
    bench.follow("a", "top/all");
    bench.take("a");
    for (let n = 0; n < 10; n++) {
      bench.score(`p${n + 1}`, 2_000_000 + n);
      bench.forward(100);
    }
    bench.forward(1_000);
    const events = bench.events("a", "top/all");
    const gaps = events.slice(1).map(({ at }, n) => at - (events[n]?.at ?? 0));
    expect(events.length).toBeGreaterThan(3);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(LEADERBOARD_LIMITS.topEveryMs);
    bench.score("p20", 5);
    bench.forward(1_000);
    expect(bench.take("a")).toEqual([]);
  });

  it("[LB70] of a current window turns to the new one when that begins", () => {
    const bench = new BoardBench();
    bench.join("a");
    bench.follow("a", "top/daily");
    bench.follow("a", "top/daily:2026-11-20");
    bench.score("ann", 5);
    bench.forward(0);
    bench.take("a");
    bench.board.day = "daily:2026-11-21";
    bench.do(bench.machine.tell({ type: "window", push: { window: "daily:2026-11-20", state: "closed" } }, bench.now));
    bench.forward(500);
    expect(bench.tops("a", "top/daily")).toEqual([{ version: 0, total: 0, items: [] }]);
    bench.score("bob", 7);
    bench.forward(500);
    const frames = bench.take("a").flatMap((frame) => (frame.type === "batch" ? frame.events : []));
    expect(frames).toMatchObject([{ channel: "top/daily", data: { items: [{ player: "bob", rank: 1 }] } }]);
  });

  it("[LB70] of a partition is a list of its own", () => {
    const bench = new BoardBench();
    bench.join("a");
    bench.follow("a", "top/all:eu");
    bench.follow("a", "top/all:mars");
    expect(bench.last("a")).toMatchObject({ type: "error", code: "unknown-channel" });
    const move = bench.board.move("all", "ann", 5, bench.now, "eu");
    bench.take("a");
    bench.score("bob", 9);
    bench.forward(500);
    expect(bench.take("a")).toEqual([]);
    bench.do(bench.machine.tell({ type: "score", player: "ann", moves: [move] }, bench.now));
    bench.forward(500);
    expect(bench.tops("a", "top/all:eu")).toMatchObject([{ total: 1, items: [{ player: "ann" }] }]);
  });

  it("[LB70] leads every follower, whenever they came or woke, to the list as it stands", () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ player: fc.integer({ min: 1, max: 25 }), score: fc.integer({ min: -1, max: 40 }) }) },
      { weight: 2, arbitrary: fc.constant("forward" as const) },
      { weight: 1, arbitrary: fc.constant("join" as const) },
      { weight: 1, arbitrary: fc.constant("sleep" as const) },
    );
    let [wholes, changes] = [0, 0];
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 120 }), (steps) => {
        const bench = new BoardBench();
        const shown = new Map<string, ShownTop>();
        for (const one of steps) {
          if (one === "forward") bench.forward(100);
          else if (one === "sleep" && bench.wakeAt === undefined) bench.sleep();
          else if (one === "join") {
            const id = `s${shown.size}`;
            shown.set(id, new ShownTop());
            bench.join(id);
            bench.follow(id, "top/all");
          } else if (typeof one === "object") bench.score(`p${one.player}`, one.score < 0 ? null : one.score);
        }
        bench.forward(1_000);
        for (const [id, list] of shown) {
          for (const push of bench.tops(id)) {
            list.apply(push);
            if (push.items) wholes++;
            else changes++;
          }
          const { items, total } = bench.board.top({ window: "all", partition: undefined });
          expect([list.rows(), list.total]).toEqual([items, total]);
        }
      }),
      { seed: 20_261_120, numRuns: 300 },
    );
    expect(Math.min(wholes, changes), `${wholes} ${changes}`).toBeGreaterThan(50);
  });
});

describe("rank/{window}", () => {
  it("[LB16] [LB71] says that others moved me, and by how much since it was last said", () => {
    const bench = ranked(200);
    bench.player("a", "p150");
    bench.follow("a", "rank/all");
    expect(bench.ranks("a")).toEqual([{ player: "p150", rank: 150, previousRank: 150, score: 999_850, total: 200, cause: "self" }]);
    bench.forward(2_000);
    for (let n = 0; n < 9; n++) bench.score(`p${160 + n}`, 2_000_000 + n);
    bench.forward(2_000);
    expect(bench.take("a")).toEqual([]); // nine places are not worth a frame
    bench.score("p180", 3_000_000);
    bench.forward(2_000);
    expect(bench.ranks("a")).toEqual([{ player: "p150", rank: 160, previousRank: 150, score: 999_850, total: 200, cause: "others" }]);
  });

  it("[LB71] says every crossing of 100, 50 and 10, in both directions, and every first and last rank", () => {
    for (const line of [100, 50, 10]) {
      const bench = ranked(200);
      bench.player("a", `p${line}`);
      bench.follow("a", "rank/all");
      bench.forward(2_000);
      bench.take("a");
      bench.score("p200", 2_000_000);
      bench.forward(2_000);
      expect(bench.ranks("a")).toMatchObject([{ rank: line + 1, previousRank: line, cause: "others" }]);
      bench.score("p200", 1);
      bench.forward(2_000);
      expect(bench.ranks("a")).toMatchObject([{ rank: line, previousRank: line + 1 }]);
    }
    const bench = ranked(3);
    bench.player("a", "ann");
    bench.follow("a", "rank/all");
    expect(bench.ranks("a")).toMatchObject([{ rank: null, previousRank: null, score: null, total: 3 }]);
    bench.forward(2_000);
    bench.score("ann", 1);
    bench.forward(2_000);
    expect(bench.ranks("a")).toMatchObject([{ rank: 4, previousRank: null, score: 1, cause: "self" }]);
    bench.score("ann", null, "correction");
    bench.forward(2_000);
    expect(bench.ranks("a")).toMatchObject([{ rank: null, previousRank: 4, score: null, total: 3, cause: "correction" }]);
  });

  it("[LB71] names the nearest cause: a score of one's own, a correction of one's own, others' scores, others' corrections", () => {
    const bench = ranked(300);
    bench.player("a", "p200");
    bench.follow("a", "rank/all");
    const cause = (work: () => void) => {
      bench.forward(2_000);
      bench.take("a");
      work();
      bench.forward(2_000);
      return bench.ranks("a").at(-1)?.cause;
    };
    const others = (from: number, type: "score" | "correction") => {
      for (let n = 0; n < 20; n++) bench.score(`p${from + n}`, type === "score" ? 2_000_000 : null, type);
    };
    expect(cause(() => (others(210, "score"), bench.score("p200", 999_000)))).toBe("self");
    expect(cause(() => (others(230, "score"), bench.score("p200", 999_900, "correction")))).toBe("correction");
    expect(cause(() => (others(250, "score"), bench.score("p1", null, "correction")))).toBe("others");
    expect(cause(() => others(21, "correction"))).toBe("correction");
  });

  it("[LB71] comes at most once a second, and soon to who scored themselves", () => {
    const bench = ranked(200);
    bench.player("a", "p150");
    bench.follow("a", "rank/all");
    bench.forward(2_000);
    bench.take("a");
    const began = bench.now;
    for (let n = 0; n < 40; n++) {
      bench.score("p150", n % 2 === 0 ? 2_000_000 : 1);
      bench.forward(100);
    }
    bench.forward(2_000);
    const events = bench.events("a", "rank/all");
    expect((events[0]?.at ?? 0) - began).toBeLessThanOrEqual(LEADERBOARD_LIMITS.topEveryMs);
    expect(events.length).toBeGreaterThan(2);
    for (const [n, { at }] of events.slice(1).entries()) {
      expect(at - (events[n]?.at ?? 0)).toBeGreaterThanOrEqual(LEADERBOARD_LIMITS.rankEveryMs);
    }
  });

  it("[LB78] of a subject is its own; others name the player", () => {
    const bench = ranked(3);
    bench.player("a", "p2");
    bench.follow("a", "rank/all/p2");
    expect(bench.ranks("a", "rank/all/p2")).toMatchObject([{ player: "p2", rank: 2 }]);
    bench.follow("a", "rank/all/p1");
    expect(bench.last("a")).toMatchObject({ type: "error", code: "forbidden" });
    bench.join("b");
    bench.follow("b", "rank/all/p1");
    expect(bench.ranks("b", "rank/all/p1")).toMatchObject([{ player: "p1", rank: 1 }]);
    bench.follow("b", "rank/all");
    expect(bench.last("b")).toMatchObject({ type: "error", code: "unknown-channel" });
  });

  it("[LB71] of a suspended player moves by what only they see", () => {
    const bench = ranked(3);
    bench.player("a", "ann");
    bench.player("b", "p3");
    for (const id of ["a", "b"]) bench.follow(id, "rank/all");
    bench.join("c");
    bench.follow("c", "top/all");
    bench.forward(2_000);
    for (const id of ["a", "b", "c"]) bench.take(id);
    const move = { ...bench.board.move("all", "ann", 2_000_000, bench.now), shadow: true };
    bench.do(bench.machine.tell({ type: "score", player: "ann", moves: [move] }, bench.now));
    bench.forward(2_000);
    expect(bench.ranks("a")).toMatchObject([{ player: "ann", rank: 1, cause: "self" }]);
    expect([bench.take("b"), bench.take("c")]).toEqual([[], []]);
  });
});

describe("the other channels", () => {
  it("[LB72] feed/{window} carries scores above the ninetieth percentile, the best ten in a second", () => {
    const bench = ranked(100);
    bench.join("a");
    bench.follow("a", "feed/all");
    bench.take("a");
    bench.score("p50", 999_989.5); // ten are before it: the ninetieth percentile is not above itself
    bench.forward(250);
    expect(bench.take("a")).toEqual([]);
    bench.score("p60", 999_991.5);
    bench.forward(250);
    expect(bench.events("a", "feed/all")).toMatchObject([{ type: "leaderboard.feed", data: { player: "p60", score: 999_991.5, rank: 9 } }]);
    bench.forward(2_000);
    const began = bench.now;
    for (let n = 0; n < 40; n++) bench.score(`q${n}`, 2_000_000 + n);
    bench.forward(900);
    const events = bench.events("a", "feed/all");
    expect(events.map(({ data }) => (data as { player: string }).player)).toEqual(Array.from({ length: 10 }, (_, n) => `q${39 - n}`));
    expect(events.every(({ at }) => at - began <= LEADERBOARD_LIMITS.topEveryMs)).toBe(true);
    bench.forward(5_000);
    expect(bench.take("a")).toEqual([]);
  });

  it("[LB72] feed/{window} of a current window carries no late scores of the one before", () => {
    const bench = new BoardBench();
    bench.join("a");
    for (const channel of ["feed/daily", "feed/daily:2026-11-20"]) bench.follow("a", channel);
    const move = bench.board.move("daily", "ann", 5, bench.now);
    bench.board.day = "daily:2026-11-21";
    bench.board.move("daily", "bob", 1, bench.now);
    bench.take("a");
    bench.do(bench.machine.tell({ type: "score", player: "ann", moves: [move] }, bench.now));
    bench.forward(1_000);
    expect(bench.take("a")).toMatchObject([{ events: [{ channel: "feed/daily:2026-11-20", data: { player: "ann" } }] }]);
  });

  it("[LB72] window/all and correction/all come at once, stats/live each second while there is something to count", () => {
    const bench = ranked(3);
    bench.join("a", { actions: ["leaderboards:read", "leaderboards:manage"] });
    for (const channel of ["window/all", "correction/all", "stats/live"]) bench.follow("a", channel);
    bench.take("a");
    bench.do(bench.machine.tell({ type: "window", push: { window: "daily:2026-11-19", state: "archived" } }, bench.now));
    expect(bench.events("a", "window/all")).toMatchObject([{ data: { window: "daily:2026-11-19", state: "archived" } }]);
    bench.score("p1", null, "correction");
    expect(bench.events("a", "correction/all")).toMatchObject([
      { data: { player: "p1", windows: [{ window: "all", partition: null, score: null }, { window: "daily:2026-11-20" }] } },
    ]);
    bench.forward(5_000);
    bench.take("a");
    bench.board.active = 60;
    bench.score("p2", 5_000_000);
    bench.forward(3_500);
    expect(bench.events("a", "stats/live").length).toBe(4);
    bench.board.active = 0;
    bench.forward(5_000);
    expect(bench.events("a", "stats/live")).toMatchObject([{ data: { activePlayers: 0 } }]);
    expect(bench.wakeAt).toBeUndefined();
  });

  it("[LB78] each need their action; what is no channel of a board is unknown", () => {
    const bench = ranked(3);
    bench.join("a", { actions: ["leaderboards:read"] });
    bench.follow("a", "stats/live");
    expect(bench.last("a")).toMatchObject({ type: "error", code: "forbidden" });
    bench.join("b", { actions: [] });
    for (const channel of ["top/all", "rank/all/p1", "feed/all", "window/all", "correction/all"]) {
      bench.follow("b", channel);
      expect(bench.last("b")).toMatchObject({ type: "error", id: "f", code: "forbidden" });
      bench.forward(1_000);
    }
    for (const channel of ["metrics/all", "top/hourly", "top/all/x", "window/daily", "stats/all", "constructor/all", "top/season"]) {
      bench.follow("a", channel);
      expect(bench.last("a")).toMatchObject({ type: "error", code: "unknown-channel" });
      bench.forward(1_000);
    }
  });
});
