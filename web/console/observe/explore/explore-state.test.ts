import { describe, expect, it } from "vitest";
import { withQuery } from "../../../lib/url-state.ts";
import { exploreAddress, exploreQuery, type ExploreState, FIRST_QUERY, nextFormula, nextQuery, readExplore } from "./explore-state.ts";

const FULL: ExploreState = {
  queries: [
    {
      name: "a",
      metric: "http_requests_total",
      matchers: [
        { label: "job", op: "=~", value: 'web-.*|"quoted" & 100 %' },
        { label: "", op: "!=", value: "" },
      ],
      over: "rate",
      windowMs: 300_000,
      quantile: 0.9,
      group: "by",
      labels: ["job", "status"],
      across: "quantile",
      top: { k: 5, order: "smallest" },
      histogram: null,
      shown: false,
    },
    {
      ...FIRST_QUERY,
      name: "c",
      metric: "latency_bucket",
      group: "without",
      labels: ["host"],
      histogram: 0.99,
      top: { k: 3, order: "largest" },
    },
  ],
  formulas: [{ name: "f1", expression: "a / c * 100", match: "on", labels: ["job"], many: "left" }],
  gaps: "zero",
  compare: true,
  band: false,
  log: true,
  table: true,
};

describe("the address of Explore", () => {
  it("[UI81] restores every query, formula and switch", () => {
    expect(readExplore(withQuery("?range=6h", exploreQuery(FULL)))).toEqual(FULL);
  });

  it("[UI81] says nothing of what is as it is without saying", () => {
    const plain: ExploreState = {
      queries: [{ ...FIRST_QUERY, metric: "load" }],
      formulas: [],
      gaps: "null",
      compare: false,
      band: true,
      log: false,
      table: false,
    };
    expect(decodeURIComponent(withQuery("", exploreQuery(plain)))).toBe('?q=[{"name":"a","metric":"load"}]');
    expect(readExplore(exploreAddress(plain.queries).split("?")[1] ?? "")).toEqual(plain);
  });

  it("[UI81] leaves out what it cannot mean instead of failing", () => {
    const empty = { queries: [], formulas: [], gaps: "null", compare: false, band: true, log: false, table: false };
    for (const q of ["{", "null", "7", '"text"']) expect(readExplore(withQuery("", { q, f: q }))).toEqual(empty);
    const hostile =
      '[{"metric":"m","over":"explode","window":-1,"quantile":7,"top":0,"where":[["l","??",5],7],"across":"x","by":[1,"job"]},null]';
    expect(readExplore(withQuery("", { q: hostile })).queries).toEqual([
      {
        ...FIRST_QUERY,
        metric: "m",
        matchers: [
          { label: "l", op: "=", value: "" },
          { label: "", op: "=", value: "" },
        ],
        group: "by",
        labels: ["job"],
      },
      { ...FIRST_QUERY, name: "b" },
    ]);
  });

  it("[UI81] gives every part a name of its own, as many as may be asked at once", () => {
    const twice = '[{"name":"a","metric":"x"},{"name":"a","metric":"y"},{"name":"zz","metric":"z"}]';
    expect(readExplore(withQuery("", { q: twice })).queries.map(({ name, metric }) => name + metric)).toEqual(["ax", "by", "cz"]);
    const all = Array.from({ length: 10 }).reduce<readonly (typeof FIRST_QUERY)[]>((list) => [...list, nextQuery(list)!], []);
    expect(all.map(({ name }) => name).join("")).toBe("abcdefghij");
    expect(nextQuery(all)).toBeUndefined();
    expect(nextQuery(all.slice(1))?.name).toBe("a");
    expect(nextFormula([])?.name).toBe("f1");
  });
});
