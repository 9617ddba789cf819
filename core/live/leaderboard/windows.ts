import { LEADERBOARD_LIMITS, type WindowKind } from "../../../contract/leaderboard-limits.ts";
import { ZoneDays } from "./zone-days.ts";

const DAY_MS = 86_400_000;

/** Closed days stay rankable so long; weeks, months and seasons until the next of their kind closes. */
export const KEPT_DAYS_MS = 7 * DAY_MS;

/** One window of time. */
export interface WindowSpan {
  readonly kind: WindowKind;
  /** Its full name: `all`, `daily:2026-11-20`, `weekly:2026-W47`, `monthly:2026-11`, `season:2026-Q4`. */
  readonly window: string;
  /** Epoch milliseconds; the start is in it, the end is not. Infinite at the ends of `all`. */
  readonly opensAt: number;
  readonly closesAt: number;
}

const PASSING = ["daily", "weekly", "monthly", "season"] as const;
type PassingKind = (typeof PASSING)[number];

const ALL: WindowSpan = { kind: "all", window: "all", opensAt: Number.NEGATIVE_INFINITY, closesAt: Number.POSITIVE_INFINITY };

/** First moments that names with four digits of a year can say: 0001 to 9999, less the ends, where a zone's day may lie in another year. */
const FIRST_MS = Date.parse("0001-01-08T00:00:00Z");
const END_MS = Date.parse("9999-12-25T00:00:00Z");

/** Windows of a time zone: which one a moment falls into, and when it begins and ends. Weeks are those of ISO 8601. */
export class WindowCalendar {
  readonly #days: ZoneDays;
  /** The last answer of each kind: most scores fall into the same window as the one before. */
  readonly #last = new Map<WindowKind, WindowSpan>();

  /** @throws RangeError when the zone is not of the IANA database */
  constructor(timeZone: string) {
    this.#days = new ZoneDays(timeZone);
  }

  get timeZone(): string {
    return this.#days.zone;
  }

  /** The day since 1970 of the zone's calendar. */
  dayAt(at: number): number {
    return this.#days.dayAt(at);
  }

  /** The window of a kind that holds the moment. @throws RangeError outside of the years 1 to 9999 */
  spanAt(kind: WindowKind, at: number): WindowSpan {
    if (kind === "all") return ALL;
    const last = this.#last.get(kind);
    if (last && last.opensAt <= at && at < last.closesAt) return last;
    if (!(at >= FIRST_MS && at < END_MS)) throw new RangeError(`no window holds ${at}`);
    const span = this.#spanOfDay(kind, this.#days.dayAt(at));
    this.#last.set(kind, span);
    return span;
  }

  /** The window of a full name, or undefined when there is no such day, week, month or season. */
  spanNamed(name: string): WindowSpan | undefined {
    if (name === "all") return ALL;
    const day = dayInside(name);
    const kind = PASSING.find((candidate) => name.startsWith(`${candidate}:`));
    if (day === undefined || kind === undefined) return undefined;
    const span = this.#spanOfDay(kind, day);
    // A name has one spelling: the 30th of February would be a second name of a day in March.
    return span.window === name ? span : undefined;
  }

  /**
   * Until when a closed window can still be ranked in, epoch milliseconds: a day for seven days, others until the next of their kind
   * closes (with its grace).
   */
  keptUntil(span: WindowSpan): number {
    if (span.kind === "all") return Number.POSITIVE_INFINITY;
    const { graceMs } = LEADERBOARD_LIMITS;
    return span.kind === "daily" ? span.closesAt + KEPT_DAYS_MS : this.#spanOfDay(span.kind, this.#lastDayOf(span) + 1).closesAt + graceMs;
  }

  #lastDayOf(span: WindowSpan): number {
    return this.#days.dayAt(span.closesAt - 1);
  }

  #spanOfDay(kind: PassingKind, day: number): WindowSpan {
    const [first, next, label] = daysOf(kind, day);
    return { kind, window: `${kind}:${label}`, opensAt: this.#days.startOf(first), closesAt: this.#days.startOf(next) };
  }
}

/** The first day of the window around a day, the first one after it, and the window's label. */
function daysOf(kind: PassingKind, day: number): [first: number, next: number, label: string] {
  const date = new Date(day * DAY_MS);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  switch (kind) {
    case "daily":
      return [day, day + 1, date.toISOString().slice(0, 10)];
    case "weekly": {
      const monday = day - weekday(day);
      // A week belongs to the year of its Thursday, and the first one is the one with the year's first Thursday.
      const weekYear = new Date((monday + 3) * DAY_MS).getUTCFullYear();
      const week = 1 + Math.floor((monday + 3 - dayNumber(weekYear, 0)) / 7);
      return [monday, monday + 7, `${digits(weekYear, 4)}-W${digits(week, 2)}`];
    }
    case "monthly":
      return [dayNumber(year, month), dayNumber(year, month + 1), `${digits(year, 4)}-${digits(month + 1, 2)}`];
    case "season": {
      const quarter = Math.floor(month / 3);
      return [dayNumber(year, 3 * quarter), dayNumber(year, 3 * quarter + 3), `${digits(year, 4)}-Q${quarter + 1}`];
    }
  }
}

const NAME = /^(daily|weekly|monthly|season):(\d{4})-(?:(\d{2})-(\d{2})|W(\d{2})|(\d{2})|Q([1-4]))$/;

/** A day inside of the window that a name seems to say; whether it is one is seen from the name it gives back. */
function dayInside(name: string): number | undefined {
  const [, kind, yearText, dayMonth, dayDigits, week, month, quarter] = NAME.exec(name) ?? [];
  const year = Number(yearText);
  if (!kind || year < 1) return undefined;
  if (dayMonth !== undefined) return kind === "daily" ? dayNumber(year, Number(dayMonth) - 1, Number(dayDigits)) : undefined;
  // The fourth of January always lies in the first week.
  if (week !== undefined) return kind === "weekly" ? dayNumber(year, 0, 4) + 7 * (Number(week) - 1) : undefined;
  if (month !== undefined) return kind === "monthly" ? dayNumber(year, Number(month) - 1) : undefined;
  return kind === "season" ? dayNumber(year, 3 * (Number(quarter) - 1)) : undefined;
}

/** Days since 1970-01-01 of a date; months beyond a year's carry over. */
function dayNumber(year: number, month: number, day = 1): number {
  return new Date(0).setUTCFullYear(year, month, day) / DAY_MS;
}

/** 0 is Monday; 1970-01-01 was a Thursday. */
function weekday(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

function digits(value: number, length: number): string {
  return String(value).padStart(length, "0");
}
