import { mulberry, type Random } from "../lib/random.ts";

export const REGIONS = ["eu", "us"] as const;
/** Who plays all the time, and who comes with imports alone. */
export const PLAYERS = 1_500;
const BATCH_ITEMS = 20;
/** Of single scores; each that opens a case has an event of its own. */
const SUSPICIOUS = 0.05;
/** Four slices of an import into three windows and a partition each, and enough players for two slices of a day's rewards. */
export const IMPORT_LINES = 3_000;

/** One request, repeated under its own key until it is acknowledged. Its deltas are whole, so that sums are exact. */
export interface Op {
  readonly key: string;
  readonly kind: "single" | "batch" | "import";
  /** Of the proof: which day's windows it enters. */
  readonly day: number;
  readonly deltas: readonly { readonly player: string; readonly delta: number }[];
  /** A single run that is too fast to be believed: it counts, and opens or extends a case. */
  readonly suspicious: boolean;
}

/** A player's partition, for good. */
export function regionOf(player: string): (typeof REGIONS)[number] {
  return Number(player.slice(player.lastIndexOf("-") + 1)) % 2 === 0 ? "eu" : "us";
}

/** What is sent next. One seed gives one sequence; which of it is acknowledged when is the machine's affair. */
export class Ops {
  readonly #random: Random;
  readonly #seed: number;
  #next = 0;

  constructor(seed: number) {
    this.#random = mulberry(seed);
    this.#seed = seed;
  }

  next(day: number): Op {
    const isBatch = this.#random() < 0.15;
    const deltas = Array.from({ length: isBatch ? BATCH_ITEMS : 1 }, () => this.#delta(`player-${this.#below(PLAYERS)}`));
    const suspicious = !isBatch && deltas[0]?.delta !== 0 && this.#random() < SUSPICIOUS;
    return { key: this.#key(), kind: isBatch ? "batch" : "single", day, deltas, suspicious };
  }

  /** A third of its lines is about players who play, the rest about people who come with it. */
  nextImport(day: number): Op {
    const key = this.#key();
    const deltas = Array.from({ length: IMPORT_LINES }, (_, n) =>
      this.#delta(n % 3 === 0 ? `player-${this.#below(PLAYERS)}` : `${key}-${n}`),
    );
    return { key, kind: "import", day, deltas, suspicious: false };
  }

  #delta(player: string): { player: string; delta: number } {
    // Few values, so that many players are equal.
    return { player, delta: this.#below(50) };
  }

  #key(): string {
    return `chaos-${this.#seed}-${this.#next++}`;
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }
}
