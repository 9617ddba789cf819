import { expect, it } from "vitest";
import type { Entry } from "../../../contract/leaderboard-reads.ts";
import { entryAt, missingPages, NO_PAGES, PAGE_ROWS, withPage } from "./rank-pages.ts";

const page = (n: number): Entry[] =>
  Array.from({ length: PAGE_ROWS }, (_, i) => ({
    rank: n * PAGE_ROWS + i + 1,
    player: `p${n * PAGE_ROWS + i}`,
    name: null,
    score: 1,
    subscore: null,
    at: "",
  }));

it("[LB102] knows the rows that are here, and asks for those in sight before those around them", () => {
  let pages = withPage(NO_PAGES, 0, { items: page(0), total: 1_000 });
  expect(entryAt(pages, 99)?.rank).toBe(100);
  expect(entryAt(pages, 100)).toBeUndefined();
  expect(missingPages(pages, 150, 250)).toEqual([1, 2, 3]);
  expect(missingPages(pages, 950, 999)).toEqual([9, 8]);
  pages = withPage(pages, 9, { items: page(9), total: 1_000 });
  expect(missingPages(pages, 950, 999)).toEqual([8]);
  expect(missingPages(NO_PAGES, 0, 20)).toEqual([0]);
});

it("[LB102] forgets the pages farthest from the newest", () => {
  let pages = NO_PAGES;
  for (let n = 0; n < 60; n++) pages = withPage(pages, n, { items: page(n), total: 10_000 });
  expect(pages.pages.size).toBe(40);
  expect([pages.pages.has(19), pages.pages.has(20), pages.pages.has(59)]).toEqual([false, true, true]);
});
