import { describe, expect, it } from "vitest";
import { sparkRuns, zeroDomain } from "./spark-path.ts";

describe("sparklines", () => {
  it("[UI17] break at gaps and keep their place in time", () => {
    expect(sparkRuns([0, 1, null, 0.5], [0, 1], 30, 10)).toEqual([
      [0, 10, 10, 0],
      [30, 5],
    ]);
  });

  it("[UI17] stay within their box and start at zero with room above", () => {
    expect(sparkRuns([-1, 2], [0, 1], 10, 10)).toEqual([[0, 10, 10, 0]]);
    expect(zeroDomain([null, 50], 10)).toEqual([0, 55.00000000000001]);
    expect(zeroDomain([1], 10)).toEqual([0, 10]);
    expect(sparkRuns([], [0, 1], 10, 10)).toEqual([]);
  });
});
