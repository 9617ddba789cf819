const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Starts of days that are remembered; about six years of them, then begun anew. */
const KEPT_DAYS = 2_048;

/**
 * When days begin in a time zone. Days are numbered from 1970-01-01 of the zone's own calendar; day `d` begins at the first moment whose
 * date there is `d` or later, so that days follow each other without gap or overlap whatever clocks are set to: a day has 23, 24 or 25
 * hours, and none at all where the zone once jumped over it.
 */
export class ZoneDays {
  readonly #zone: string;
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #starts = new Map<number, number>();

  /** @param zone of the IANA database @throws RangeError when it is none */
  constructor(zone: string) {
    this.#zone = zone;
    if (zone !== "UTC")
      this.#format = new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        calendar: "gregory",
        numberingSystem: "latn",
        hourCycle: "h23",
        era: "short",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
  }

  get zone(): string {
    return this.#zone;
  }

  /** The day that a moment belongs to. @param at epoch milliseconds */
  dayAt(at: number): number {
    // No zone is further than a day from UTC, so it is this one, the one after or the one before.
    let day = Math.floor(at / DAY_MS) + 1;
    while (this.startOf(day) > at) day -= 1;
    return day;
  }

  /** Epoch milliseconds. */
  startOf(day: number): number {
    if (!this.#format) return day * DAY_MS;
    const known = this.#starts.get(day);
    if (known !== undefined) return known;
    if (this.#starts.size >= KEPT_DAYS) this.#starts.clear();
    const start = this.#findStart(day * DAY_MS);
    this.#starts.set(day, start);
    return start;
  }

  /** @param wall midnight as if the zone were UTC @returns the first moment whose wall time is that or later */
  #findStart(wall: number): number {
    // Offsets lie within a day of UTC, so the answer lies between these; at most one change of clocks is expected in between.
    const [from, to] = [wall - DAY_MS, wall + DAY_MS];
    const [before, after] = [this.#offsetAt(from), this.#offsetAt(to)];
    if (wall - before <= to && before === after) return wall - before;
    const change = this.#changeBetween(from, to, before);
    return wall - before < change ? wall - before : Math.max(change, wall - after);
  }

  /** The first whole minute at which the offset is another one. */
  #changeBetween(from: number, to: number, before: number): number {
    let [low, high] = [Math.floor(from / MINUTE_MS), Math.ceil(to / MINUTE_MS)];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#offsetAt(middle * MINUTE_MS) === before) low = middle;
      else high = middle;
    }
    return high * MINUTE_MS;
  }

  /** How far the zone's wall clocks are ahead of UTC, in milliseconds. */
  #offsetAt(at: number): number {
    const parts: Record<string, string> = {};
    for (const { type, value } of this.#format?.formatToParts(at) ?? []) parts[type] = value;
    const year = parts.era === "BC" ? 1 - Number(parts.year) : Number(parts.year);
    const wall = new Date(0);
    wall.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day));
    wall.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second), 0);
    return wall.getTime() - Math.floor(at / 1_000) * 1_000;
  }
}
