import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appendPoints,
  joinLines,
  type Lines,
  limitLines,
  lonePoints,
  pointCount,
  ratioLines,
  summarise,
  summariseWithin,
} from "./series.ts";

const lines = (startMs: number, all: Record<string, (number | null)[]>, stepMs = 5_000): Lines => ({
  startMs,
  stepMs,
  lines: new Map(Object.entries(all)),
});
const last = (_: number, next: number) => next;

describe("points that no line reaches", () => {
  it("[UI36] are those between gaps and at the ends beside a gap", () => {
    expect(lonePoints([1, null, 2, 3, null, 0, undefined, 4])).toEqual([0, 5, 7]);
    expect(lonePoints([5])).toEqual([0]);
    expect(lonePoints([null, undefined])).toEqual([]);
    expect(lonePoints([])).toEqual([]);
  });
});

describe("live points", () => {
  it("[UI8] extends every line and slides the window, with gaps where nobody sent", () => {
    const next = appendPoints(lines(0, { a: [1, 2, 3], b: [4, 5, 6] }), [{ name: "a", atMs: 20_000, value: 9 }], 4, last);
    expect(next.startMs).toBe(5_000);
    expect([...next.lines]).toEqual([
      ["a", [2, 3, null, 9]],
      ["b", [5, 6, null, null]],
    ]);
  });

  it("[UI8] joins points of one step, ignores those before the window and takes in new names", () => {
    const next = appendPoints(
      lines(10_000, { a: [1, 2] }),
      [
        { name: "a", atMs: 17_000, value: 4 },
        { name: "a", atMs: 4_000, value: 99 },
        { name: "new", atMs: 12_000, value: 7 },
        { name: "a", atMs: 18_000, value: null },
      ],
      2,
      (before, point) => (before + point) / 2,
    );
    expect([...next.lines]).toEqual([
      ["a", [1, 3]],
      ["new", [7, null]],
    ]);
  });

  it("[UI8] starts from nothing", () => {
    const next = appendPoints(lines(0, {}), [{ name: "a", atMs: 1_007_000, value: 1 }], 10, last);
    expect(next).toEqual(lines(1_005_000, { a: [1] }));
  });

  it("[UI8] holds the same as a plain map of the newest value per step, whatever order points come in", () => {
    const point = fc.record({ name: fc.constantFrom("a", "b"), atMs: fc.integer({ min: 0, max: 200_000 }), value: fc.integer() });
    fc.assert(
      fc.property(fc.array(fc.array(point, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 20 }), (pushes) => {
        const keep = 12;
        let window = lines(0, { a: [], b: [] });
        const oracle = new Map<string, number>();
        let newest = 0;
        let dropped = 0;
        for (const push of pushes) {
          newest = Math.max(newest, ...push.map(({ atMs }) => Math.floor(atMs / 5_000)));
          dropped = Math.max(dropped, newest - keep + 1);
          window = appendPoints(window, push, keep, last);
          for (const { name, atMs, value } of push) oracle.set(`${name}:${Math.floor(atMs / 5_000)}`, value);
        }
        const first = window.startMs / 5_000;
        expect(pointCount(window)).toBeLessThanOrEqual(keep);
        for (const [name, values] of window.lines) {
          for (const [i, value] of values.entries()) if (value !== null) expect(value).toBe(oracle.get(`${name}:${first + i}`));
        }
        expect(first + pointCount(window) - 1).toBe(newest);
      }),
      { seed: 20261120, numRuns: 200 },
    );
  });
});

describe("lines", () => {
  it("[UI9] are summarised without their gaps", () => {
    expect(summarise([null, 2, 4, null])).toEqual({ last: 4, min: 2, max: 4, avg: 3 });
    expect(summarise([null])).toEqual({ last: null, min: null, max: null, avg: null });
  });

  it("[UI9] are at most twelve: the eleven highest and the mean of the rest, named as such", () => {
    const all = lines(0, Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`core ${i}`, [i, null]])));
    const { shown, gathered } = limitLines(all);
    expect(gathered).toBe(5);
    expect([...shown.lines.keys()]).toEqual([...Array.from({ length: 11 }, (_, i) => `core ${i + 5}`), "5 others, mean"]);
    expect(shown.lines.get("5 others, mean")).toEqual([2, null]);
    const twelve = lines(0, Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`core ${i}`, [i]])));
    expect(limitLines(twelve)).toEqual({ shown: twelve, gathered: 0 });
  });

  it("[UI9] divide into a ratio only where both are known", () => {
    const ratio = ratioLines(lines(5_000, { "/": [1, 2, null], "/x": [1, 1, 1] }), lines(0, { "/": [9, 4, 0, 4] }));
    expect([...ratio.lines]).toEqual([
      ["/", [0.25, null, null]],
      ["/x", [null, null, null]],
    ]);
  });

  it("[UI9] of several metrics meet on one time axis", () => {
    const joined = joinLines([lines(5_000, { a: [1, 2] }), lines(0, {}), lines(0, { b: [3] })]);
    expect(joined.startMs).toBe(0);
    expect([...joined.lines]).toEqual([
      ["a", [null, 1, 2]],
      ["b", [3, null, null]],
    ]);
  });

  it("[UI83] whose points are means has the extremes of its band in the legend", () => {
    const band = { min: [1, null, 2], max: [5, null, 5_000] };
    expect(summariseWithin([3, null, 4], band)).toEqual({ last: 4, min: 1, max: 5_000, avg: 3.5 });
    expect(summariseWithin([3, null, 4], undefined)).toEqual(summarise([3, null, 4]));
  });
});
