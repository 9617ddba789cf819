import { describe, expect, it } from "vitest";
import {
  exactValue,
  formatAge,
  formatDelta,
  formatDuration,
  formatSpan,
  formatValue,
  formatWhen,
  plural,
  sampleWords,
  threeDigits,
  UNITS,
} from "./format.ts";

describe("numbers", () => {
  it("[UI1] writes three significant digits and no trailing noise", () => {
    expect([0, 0.1234, 1.2, 12.44, 124.4, 999.4].map(threeDigits)).toEqual(["0", "0.123", "1.2", "12.4", "124", "999"]);
    expect(threeDigits(-1.5)).toBe("-1.5");
  });

  it("[UI1] names the unit and scales it as the field does", () => {
    expect(formatValue(1.2 * 2 ** 30, "bytes")).toBe("1.2 GiB");
    expect(formatValue(532, "bytes")).toBe("532 B");
    expect(formatValue(1024 * 1023.9, "bytes")).toBe("1 MiB");
    expect(formatValue(340, "milliseconds")).toBe("340 ms");
    expect(formatValue(12_400, "perSecond")).toBe("12.4 k/s");
    expect(formatValue(2_560, "bytesPerSecond")).toBe("2.5 KiB/s");
    expect(formatValue(0.374, "ratio")).toBe("37 %");
    expect(formatValue(0.0741, "ratio")).toBe("7.4 %");
    expect(formatValue(999_600, "count")).toBe("1 M");
    expect(formatValue(51.4, "celsius")).toBe("51 °C");
    expect(formatValue(1.2, "load")).toBe("1.20");
    expect([0.000_042, 0.0042, 0.42, 4.2, 42, 4_200].map((value) => formatValue(value, "seconds"))).toEqual([
      "42 µs",
      "4.2 ms",
      "420 ms",
      "4.2 s",
      "42 s",
      "1 h 10 min",
    ]);
    expect([0.000_004_2, 42_000, 0].map((value) => formatValue(value, "plain"))).toEqual(["4.2e-6", "42 k", "0"]);
  });

  it("[UI1] shows a dash for a number that is missing, whatever the unit", () => {
    for (const unit of UNITS) {
      expect(formatValue(null, unit)).toBe("–");
      expect(formatValue(Number.NaN, unit)).toBe("–");
      expect(exactValue(undefined, unit)).toBe("–");
    }
  });

  it("[UI1] keeps the exact value for the tooltip", () => {
    expect(exactValue(1_288_490_189, "bytes")).toBe("1,288,490,189 B");
  });

  it("[UI1] writes a difference with sign and period", () => {
    expect(formatDelta(112, 100, "last week")).toBe("+12 % vs last week");
    expect(formatDelta(88, 100, "last week")).toBe("−12 % vs last week");
    expect(formatDelta(1, 0, "last week")).toBe("new vs last week");
  });
});

describe("times", () => {
  const at = Date.UTC(2026, 10, 20, 6, 12, 41);

  it("[UI2] is relative within a day and absolute beyond", () => {
    expect(formatWhen(at, at + 500)).toBe("just now");
    expect(formatWhen(at, at + 3 * 60_000)).toBe("3 min ago");
    expect(formatWhen(at, at - 5 * 3_600_000)).toBe("in 5 h");
    expect(formatWhen(at, at + 86_400_000)).toMatch(/^20 Nov, \d\d:\d\d$/);
  });

  it("[UI2] writes durations in their two largest parts and ages in one", () => {
    expect(formatDuration(340)).toBe("340 ms");
    expect(formatDuration(42_000)).toBe("42 s");
    expect(formatDuration(3 * 86_400_000 + 4 * 3_600_000 + 59_000)).toBe("3 d 4 h");
    expect(formatDuration(3_600_000 + 5_000)).toBe("1 h");
    expect(formatDuration(-90_000)).toBe("−1 min 30 s");
    expect([0, 59_999, 60_000, 7_200_000].map(formatAge)).toEqual(["just now", "59 s", "1 min", "2 h"]);
  });

  it("[UI2] has words for a sample of this second", () => {
    expect([0, 4_200].map(sampleWords)).toEqual(["sample of this second", "sample 4 s old"]);
  });

  it("[UI2] names both ends of an exact span and the zone once", () => {
    expect(formatSpan(at, at + 3_600_000)).toMatch(/^20 Nov, \d\d:12 – \d\d:12 \S+/);
  });

  it("[UI1] counts in words", () => {
    expect([plural(1, "host"), plural(3, "host"), plural(1_200, "entry", "entries")]).toEqual(["1 host", "3 hosts", "1,200 entries"]);
  });
});
