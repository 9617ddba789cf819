import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";

/** Named so in the shell: `timers: { sweep: … }`. */
export const SWEEP_TIMER = "sweep";

/** Expiry is checked when read, so sweeping is for room only and may be rare. */
const SWEEP_EVERY_MS = 3_600_000;

/** What has rows that expire. Says whether there may be more to take away `now`, `later`, or there is `none` left. */
export interface Swept {
  sweep(now: number, limit: number): "now" | "later" | "none";
}

/** Takes expired rows away in slices, once an hour while there are any. */
export class SweepDesk {
  readonly #kit: Pick<ObjectKit, "timers" | "transaction">;
  readonly #swept: readonly Swept[];

  constructor(kit: Pick<ObjectKit, "timers" | "transaction">, swept: readonly Swept[]) {
    this.#kit = kit;
    this.#swept = swept;
  }

  /** A row was added that will expire. */
  expect(now: number): void {
    if (this.#kit.timers.get(SWEEP_TIMER) === undefined) this.#kit.timers.set(SWEEP_TIMER, now + SWEEP_EVERY_MS);
  }

  tick(now: number): void {
    this.#kit.transaction(() => {
      const left = this.#swept.map((rows) => rows.sweep(now, LEADERBOARD_LIMITS.sliceRows));
      if (left.includes("now")) this.#kit.timers.set(SWEEP_TIMER, now);
      else if (left.includes("later")) this.#kit.timers.set(SWEEP_TIMER, now + SWEEP_EVERY_MS);
    });
  }
}
