import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";

/** What a report covers at least: what happened just now is no rate yet. */
const LEAST_MS = 1_000;

/**
 * When a room that is active says so to operators: each minute, each five seconds while one looks, and when it comes to rest after having
 * been silent for as long. An idle room never does: nothing here wakes it. `now` is epoch milliseconds.
 */
export class ReportPace {
  /** When it reported last, as far as is known; 0: never. Outlives a sleep with the sockets. */
  reportedAt = 0;
  /** When it began to be active, since then or since it woke. */
  #activeFrom: number | undefined;
  #watchedUntil = 0;

  /** Something happens. */
  active(now: number): void {
    this.#activeFrom ??= now;
  }

  /** @param resting nothing is pending any more */
  isDue(now: number, resting: boolean): boolean {
    if (this.#activeFrom === undefined) return false;
    const everyMs = now < this.#watchedUntil ? L.reportWatchedMs : L.reportMs;
    const since = resting ? this.reportedAt : Math.max(this.#activeFrom, this.reportedAt);
    return now - since >= everyMs || now < since; // a clock that was set back
  }

  /** It reports. @returns over how many milliseconds */
  take(now: number): number {
    const from = this.reportedAt === 0 ? (this.#activeFrom ?? now) : this.reportedAt;
    this.reportedAt = now;
    this.#activeFrom = undefined;
    return Math.max(LEAST_MS, now - from);
  }

  /** Somebody looks until then; null: nobody. */
  watched(until: number | null): void {
    this.#watchedUntil = until ?? 0;
  }
}
