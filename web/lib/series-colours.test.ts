import { describe, expect, it } from "vitest";
import { SERIES_COLOURS, seriesColours } from "./series-colours.ts";

const names = (count: number) => Array.from({ length: count }, (_, i) => `core ${i}`);

describe("series colours", () => {
  it("[UI10] belong to the name, not to the place", () => {
    expect(seriesColours(["in eth0", "out eth0", "all"])).toEqual(seriesColours(["all", "out eth0", "in eth0"]));
    const alone = SERIES_COLOURS.map((_, i) => seriesColours([`core ${i}`]).get(`core ${i}`)?.token);
    expect(seriesColours(["core 3"]).get("core 3")?.token).toBe(alone[3]);
  });

  it("[UI10] differ while there are at most eight, and get dashes when there are more", () => {
    const eight = [...seriesColours(names(8)).values()];
    expect(new Set(eight.map(({ token }) => token)).size).toBe(8);
    expect(eight.every(({ dashed }) => !dashed)).toBe(true);
    const twelve = [...seriesColours(names(12)).values()];
    expect(new Set(twelve.map(({ token, dashed }) => token + String(dashed))).size).toBe(12);
  });
});
