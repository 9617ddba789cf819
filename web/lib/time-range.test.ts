import { describe, expect, it } from "vitest";
import { customRange, rangeBounds, rangeQuery, readRange, RELATIVE_RANGES, stepFor, zoomQuery } from "./time-range.ts";
import { withQuery } from "./url-state.ts";

const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);

describe("time range", () => {
  it("[UI3] is read from the address, and what cannot be read is the page's own", () => {
    expect(readRange("?range=6h")).toMatchObject({ kind: "relative", name: "6h", ms: 21_600_000 });
    expect(readRange("?range=never", "24h")).toMatchObject({ name: "24h" });
    expect(readRange("?from=yesterday&to=2026-11-20T00:00:00Z")).toMatchObject({ name: "1h" });
    expect(readRange("?from=2026-11-20T02:00:00Z&to=2026-11-20T01:00:00Z")).toMatchObject({ kind: "relative" });
  });

  it("[UI3] comes back from the address as it was put there, exact ends to the millisecond", () => {
    const exact = { kind: "exact", fromMs: NOW - 61_001, toMs: NOW - 3 } as const;
    expect(readRange(withQuery("?range=6h&name=web", rangeQuery(exact)))).toEqual(exact);
    const relative = readRange("?range=5m");
    expect(withQuery(withQuery("", rangeQuery(exact)), rangeQuery(relative))).toBe("?range=5m");
  });

  it("[UI80] reaches from five minutes to 90 days, with every point on its axis", () => {
    expect(RELATIVE_RANGES.map(({ name }) => name)).toEqual(["5m", "1h", "6h", "24h", "7d", "90d"]);
    for (const { name, ms } of RELATIVE_RANGES) {
      expect(readRange(`?range=${name}`)).toMatchObject({ name, ms });
      expect(ms / stepFor(ms, 720)).toBeLessThanOrEqual(720);
    }
  });

  it("[UI3] that was zoomed into leads back to the named one when its ends are dropped", () => {
    const zoomed = withQuery("?range=6h", zoomQuery(NOW - 60_000.4, NOW));
    expect(readRange(zoomed)).toEqual({ kind: "exact", fromMs: NOW - 60_000, toMs: NOW });
    expect(readRange(withQuery(zoomed, { from: null, to: null }))).toMatchObject({ name: "6h" });
  });

  it("[UI3] follows the present when relative and stands when exact", () => {
    expect(rangeBounds(readRange("?range=5m"), NOW)).toEqual({ fromMs: NOW - 300_000, toMs: NOW });
    expect(rangeBounds({ kind: "exact", fromMs: 1, toMs: 2 }, NOW)).toEqual({ fromMs: 1, toMs: 2 });
  });

  it("[UI3] says what is wrong with a custom range instead of guessing", () => {
    expect(customRange("", "2026-11-20T10:00")).toBe("Say when the range starts.");
    expect(customRange("2026-11-20T10:00", "soon")).toBe("Say when the range ends.");
    expect(customRange("2026-11-20T10:00:00", "2026-11-20T10:00:09")).toMatch(/at least 10 seconds/);
    expect(customRange("2026-11-20T10:00:00", "2026-11-20T10:00:10")).toMatchObject({ kind: "exact" });
  });

  it("[UI3] picks the finest readable step that fits the points", () => {
    expect(stepFor(300_000, 720)).toBe(5_000);
    expect(stepFor(3_600_000, 720)).toBe(5_000);
    expect(stepFor(3_600_001, 720)).toBe(10_000);
    expect(stepFor(86_400_000, 720)).toBe(120_000);
    expect(stepFor(7 * 86_400_000, 720)).toBe(900_000);
    expect(stepFor(90 * 86_400_000, 720)).toBe(10_800_000);
    for (const days of [1, 30, 400, 4_000]) expect((days * 86_400_000) / stepFor(days * 86_400_000, 720)).toBeLessThanOrEqual(720);
  });
});
