import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entries } from "../../../contract/leaderboard-reads.ts";
import { boardConfigSchema } from "../../../contract/leaderboards.ts";
import type { Outcome } from "../../../contract/problems.ts";
import { compareKeys, sortKeyOf } from "../../../core/live/leaderboard/scores.ts";
import { ArraySets } from "../../../core/live/leaderboard/testing.ts";
import { ReadDesk } from "./reads.ts";
import type { BoardSet } from "./windows.ts";

const DAY_MS = 86_400_000;
const config = boardConfigSchema.parse({ title: "t", windows: ["all", "daily"], ranking: "competition" });
const dayOf = (now: number) => `daily:2026-11-${String(10 + Math.floor(now / DAY_MS)).padStart(2, "0")}`;

/** A desk over sorted arrays, whose day is told by the clock. Each day has a ranking of its own, and so has `all`. */
function deskOf() {
  const sets = new ArraySets();
  const names = ["all", ...Array.from({ length: 10 }, (_, day) => dayOf(day * DAY_MS))];
  const all = names.map((window, id): BoardSet => ({ id, kind: id === 0 ? "all" : "daily", window, partition: null, shadow: false }));
  const fullName = (window: string, now: number) => (window === "daily" ? dayOf(now) : window);
  const windows = {
    exists: () => true,
    fullName,
    named: (window: string, _: string | undefined, now: number) => all.find((set) => set.window === fullName(window, now)),
    all: () => all,
  };
  const parts = { sets, windows, book: { config: () => config }, players: { names: () => new Map() } };
  const put = (window: string, player: string, score: number, at: number) =>
    sets.put(names.indexOf(window), sortKeyOf(config, player, score, null, at));
  return { desk: new ReadDesk(parts as never), put }; // what reading ranks needs of them
}

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.value;
}

describe("reading ranks", () => {
  it("[LB54] pages of a day stay in that day after midnight", () => {
    const { desk, put } = deskOf();
    for (let n = 0; n < 6; n++) put(dayOf(0), `p${n}`, n, n);
    put(dayOf(DAY_MS), "tomorrow", 100, DAY_MS);
    const ask = { window: "daily", limit: 4, direction: "forward" } as const;
    const first = value(desk.entries(ask, DAY_MS - 1));
    const rest = value(desk.entries({ ...ask, cursor: first.nextCursor ?? "" }, DAY_MS + 1));
    expect([rest.window, rest.items.map(({ rank }) => rank), rest.nextCursor]).toEqual([dayOf(0), [5, 6], null]);
    const back = value(desk.entries({ ...ask, direction: "backward", cursor: rest.previousCursor ?? "" }, DAY_MS + 1));
    expect(back.items).toEqual(first.items);
    expect(value(desk.entries(ask, DAY_MS + 1)).items.map(({ player }) => player)).toEqual(["tomorrow"]);
  });

  it("[LB54] a page from any place, in any direction, is a slice of the whole, and its cursors meet the next ones", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 0, max: 3 })), { maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 35 }),
        fc.constantFrom("forward", "backward"),
        (scores, limit, rank, direction) => {
          const { desk, put } = deskOf();
          const keys = scores.map(([score, at], n) => sortKeyOf(config, `p${n}`, score, null, at));
          scores.forEach(([score, at], n) => put("all", `p${n}`, score, at));
          const order = keys.toSorted(compareKeys).map(({ player }) => player);
          const page = (more: object) => value(desk.entries({ window: "all", limit, direction, ...more } as never, 0));
          const players = ({ items }: Entries) => items.map(({ player }) => player);

          const from = page({ rank });
          const end = Math.min(rank, order.length);
          const start = direction === "forward" ? rank - 1 : Math.max(0, end - limit);
          expect(players(from)).toEqual(direction === "forward" ? order.slice(start, start + limit) : order.slice(start, end));
          const next = from.nextCursor === null ? [] : players(page({ direction: "forward", cursor: from.nextCursor }));
          const previous = from.previousCursor === null ? [] : players(page({ direction: "backward", cursor: from.previousCursor }));
          const place = Math.min(start, order.length);
          expect(next).toEqual(order.slice(place + players(from).length).slice(0, limit));
          expect(previous).toEqual(order.slice(0, place).slice(-limit));
        },
      ),
      { seed: 45, numRuns: 400 },
    );
  });
});
