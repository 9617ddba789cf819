import { gcra, type Rate } from "../../contract/gcra.ts";

const MINUTE_MS = 60_000;

/** How often a socket's client sends, and how often what it sends is no frame. */
export class FrameMeter {
  /** The bucket of the frame rate. A sleep forgives: it is longer than the burst. */
  #tat: number | undefined;
  /** When the malformed frames of the last minute came, oldest first; absent while there is none: most sockets never send one. */
  #faults: number[] | undefined;

  /** @param faults `kept` of a meter before a sleep */
  constructor(faults?: readonly number[]) {
    if (faults && faults.length > 0) this.#faults = [...faults];
  }

  /** Takes one frame. @returns whether it was within the rate */
  spend(rate: Rate, now: number): boolean {
    const verdict = gcra(rate, this.#tat, now);
    this.#tat = verdict.tat;
    return verdict.allowed;
  }

  /** Takes a malformed frame. @returns whether there were fewer than `most` within a minute, this one included */
  bear(most: number, now: number): boolean {
    // A fault from the future was before the clock was set back.
    const recent = (this.#faults ?? []).filter((at) => Math.abs(now - at) < MINUTE_MS);
    this.#faults = [...recent, now].slice(-most);
    return this.#faults.length < most;
  }

  /** What a sleep must not forgive, for an attachment: at most as many numbers as `most`. */
  kept(): readonly number[] {
    return this.#faults ?? [];
  }
}
