/** Observations kept: enough to smooth delays, few enough to forget a clock that was set right meanwhile. */
const KEPT = 20;

/**
 * How far the server's clock is ahead of this browser's. Each observation is a time the server wrote and the moment it
 * arrived here: the true offset is never smaller than their difference, so the largest recent one is nearest.
 */
export class ClockOffset {
  #seen: number[] = [];
  #offsetMs = 0;

  get offsetMs(): number {
    return this.#offsetMs;
  }

  note(serverMs: number, arrivedMs: number): void {
    this.#seen = [...this.#seen.slice(1 - KEPT), serverMs - arrivedMs];
    this.#offsetMs = Math.max(...this.#seen);
  }
}
