import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WINDOW_PATTERN } from "../../../contract/leaderboard-limits.ts";
import { WindowCalendar } from "./windows.ts";

const HOUR_MS = 3_600_000;
const KINDS = ["daily", "weekly", "monthly", "season"] as const;

const at = (text: string): number => Date.parse(text);
const namesAt = (calendar: WindowCalendar, text: string): string[] => KINDS.map((kind) => calendar.spanAt(kind, at(text)).window);
const hoursOf = (calendar: WindowCalendar, name: string): number => {
  const span = calendar.spanNamed(name);
  if (!span) throw new Error(`no ${name}`);
  return (span.closesAt - span.opensAt) / HOUR_MS;
};

describe("windows", () => {
  const utc = new WindowCalendar("UTC");

  it("[LB9] have the names of ISO 8601: a week belongs to the year of its Thursday", () => {
    expect(namesAt(utc, "2026-11-20T12:00:00Z")).toEqual(["daily:2026-11-20", "weekly:2026-W47", "monthly:2026-11", "season:2026-Q4"]);
    const weeks = ["2026-12-31", "2027-01-01", "2027-01-03", "2027-01-04", "2024-12-29", "2024-12-30", "2021-01-03", "2005-01-01"];
    expect(weeks.map((day) => utc.spanAt("weekly", at(day)).window)).toEqual([
      "weekly:2026-W53",
      "weekly:2026-W53",
      "weekly:2026-W53",
      "weekly:2027-W01",
      "weekly:2024-W52",
      "weekly:2025-W01",
      "weekly:2020-W53",
      "weekly:2004-W53",
    ]);
  });

  it("[LB9] know leap days, and no day that is not there", () => {
    expect(utc.spanNamed("daily:2028-02-29")?.opensAt).toBe(at("2028-02-29"));
    expect(utc.spanNamed("monthly:2028-02")?.closesAt).toBe(at("2028-03-01"));
    expect(hoursOf(utc, "season:2028-Q1")).toBe(91 * 24);
    expect(hoursOf(utc, "season:2027-Q1")).toBe(90 * 24);
    const none = ["daily:2027-02-29", "daily:2100-02-29", "weekly:2025-W53", "weekly:2026-W54", "weekly:2026-W00", "monthly:2026-13"];
    expect(
      [...none, "monthly:2026-00", "season:2026-Q5", "season:2026-Q0", "daily:0000-01-01", "daily", "yearly:2026"].map((name) =>
        utc.spanNamed(name),
      ),
    ).toEqual(Array.from({ length: 12 }, () => undefined));
  });

  it("[LB9] begin and end by the clocks of the board's zone, also on the days when these are set", () => {
    const berlin = new WindowCalendar("Europe/Berlin");
    expect(namesAt(berlin, "2026-12-31T22:59:59Z")).toEqual(["daily:2026-12-31", "weekly:2026-W53", "monthly:2026-12", "season:2026-Q4"]);
    expect(namesAt(berlin, "2026-12-31T23:00:00Z")).toEqual(["daily:2027-01-01", "weekly:2026-W53", "monthly:2027-01", "season:2027-Q1"]);
    expect([hoursOf(berlin, "daily:2026-03-29"), hoursOf(berlin, "daily:2026-10-25")]).toEqual([23, 25]);
    expect([hoursOf(berlin, "weekly:2026-W13"), hoursOf(berlin, "weekly:2026-W43")]).toEqual([7 * 24 - 1, 7 * 24 + 1]);
    expect(berlin.spanNamed("daily:2026-10-25")?.opensAt).toBe(at("2026-10-24T22:00:00Z"));
    expect(berlin.spanNamed("daily:2026-10-26")?.opensAt).toBe(at("2026-10-25T23:00:00Z"));
  });

  it("[LB9] hold where midnight is left out, comes twice, or a whole day is jumped over", () => {
    // São Paulo went from 00:00 to 01:00.
    const saoPaulo = new WindowCalendar("America/Sao_Paulo");
    expect(saoPaulo.spanNamed("daily:2018-11-04")?.opensAt).toBe(at("2018-11-04T03:00:00Z"));
    expect(hoursOf(saoPaulo, "daily:2018-11-04")).toBe(23);
    // Havana goes from 01:00 back to 00:00: the day begins with the first of both.
    expect(new WindowCalendar("America/Havana").spanNamed("daily:2018-11-04")?.opensAt).toBe(at("2018-11-04T04:00:00Z"));
    // St. John's went from 00:01 back to 23:01 of the day before: the day that had begun goes on.
    const stJohns = new WindowCalendar("America/St_Johns");
    expect(stJohns.spanNamed("daily:2010-11-07")?.opensAt).toBe(at("2010-11-07T02:30:00Z"));
    expect(stJohns.spanAt("daily", at("2010-11-07T02:45:00Z")).window).toBe("daily:2010-11-07");
    // Samoa had no 30 December 2011.
    const apia = new WindowCalendar("Pacific/Apia");
    expect(hoursOf(apia, "daily:2011-12-30")).toBe(0);
    expect(apia.spanAt("daily", at("2011-12-30T09:59:59Z")).window).toBe("daily:2011-12-29");
    expect(apia.spanAt("daily", at("2011-12-30T10:00:00Z")).window).toBe("daily:2011-12-31");
  });

  it("[LB60] every moment has one window of each kind, which its name finds again, and they follow each other without a gap", () => {
    const zones = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Pacific/Kiritimati", "Africa/Casablanca"];
    const calendars = zones.map((zone) => new WindowCalendar(zone));
    const times = fc.integer({ min: at("1990-01-01"), max: at("2040-01-01") });
    fc.assert(
      fc.property(fc.constantFrom(...calendars), fc.constantFrom(...KINDS), times, (calendar, kind, time) => {
        const span = calendar.spanAt(kind, time);
        expect(span.opensAt <= time && time < span.closesAt).toBe(true);
        expect(WINDOW_PATTERN.test(span.window)).toBe(true);
        expect(calendar.spanNamed(span.window)).toEqual(span);
        expect(calendar.spanAt(kind, span.closesAt).opensAt).toBe(span.closesAt);
        expect(calendar.spanAt(kind, span.opensAt - 1).closesAt).toBe(span.opensAt);
      }),
      { seed: 60, numRuns: 1_500 },
    );
  });

  it("[LB61] a closed day is kept for seven days, a week, month or season until the next of its kind has closed", () => {
    const kept = ["daily:2026-11-19", "weekly:2026-W47", "monthly:2026-12", "season:2026-Q4"].map((name) => {
      const span = utc.spanNamed(name);
      return span && new Date(utc.keptUntil(span)).toISOString();
    });
    expect(kept).toEqual(["2026-11-27T00:00:00.000Z", "2026-11-30T00:02:00.000Z", "2027-02-01T00:02:00.000Z", "2027-04-01T00:02:00.000Z"]);
    expect(utc.keptUntil(utc.spanAt("all", 0))).toBe(Number.POSITIVE_INFINITY);
  });
});
