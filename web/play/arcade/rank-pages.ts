import type { Entries, Entry } from "../../../contract/leaderboard-reads.ts";

/** Rows of a page of the list. */
export const PAGE_ROWS = 100;
/** Pages kept: what was scrolled past long ago is asked for again. */
const KEPT_PAGES = 40;

/** The pages of one ranking that are here, by number from 0. Replaced as a whole when another ranking is shown. */
export interface RankPages {
  readonly total: number;
  readonly pages: ReadonlyMap<number, readonly Entry[]>;
}

export const NO_PAGES: RankPages = { total: 0, pages: new Map() };

/** @returns the entry at a place from 0, or undefined while its page is not here */
export function entryAt({ pages }: RankPages, place: number): Entry | undefined {
  return pages.get(Math.floor(place / PAGE_ROWS))?.[place % PAGE_ROWS];
}

/** Numbers of pages that rows in sight need, and one on each side of them, that are not here; those in sight first. */
export function missingPages({ pages, total }: RankPages, firstRow: number, lastRow: number): number[] {
  const last = Math.max(0, Math.ceil(total / PAGE_ROWS) - 1);
  const [from, to] = [Math.floor(firstRow / PAGE_ROWS), Math.floor(lastRow / PAGE_ROWS)];
  const wanted = [];
  for (let page = from; page <= to; page++) wanted.push(page);
  wanted.push(to + 1, from - 1);
  return wanted.filter((page) => page >= 0 && page <= last && !pages.has(page));
}

/** Takes a page in; the ones farthest from it go when there are too many. */
export function withPage(held: RankPages, page: number, answer: Pick<Entries, "items" | "total">): RankPages {
  const pages = new Map(held.pages).set(page, answer.items);
  const far = [...pages.keys()].toSorted((a, b) => Math.abs(b - page) - Math.abs(a - page));
  for (const one of far.slice(0, Math.max(0, pages.size - KEPT_PAGES))) pages.delete(one);
  return { total: answer.total, pages };
}
