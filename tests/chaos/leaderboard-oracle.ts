import { type Op, regionOf } from "./leaderboard-ops.ts";

/** A row of a ranking as it must be. */
export interface Expected {
  readonly player: string;
  readonly score: number;
  readonly rank: number;
}

/** What acknowledged requests add up to, by window and partition: plain maps and a sort. */
export class BoardOracle {
  readonly #sums = new Map<string, Map<string, number>>();
  readonly #daysOf = new Map<string, Set<number>>();
  readonly #suspects = new Set<string>();
  #deltas = 0;

  /** Scores that count. */
  get deltas(): number {
    return this.#deltas;
  }

  /** Players with a case. */
  get suspects(): number {
    return this.#suspects.size;
  }

  /** Full names of windows, `all` among them. */
  get windows(): string[] {
    return [...this.#daysOf.keys()];
  }

  /** @param windows full names of the windows that the day's scores enter */
  add(op: Op, windows: readonly string[]): void {
    for (const window of windows) {
      const days = this.#daysOf.get(window) ?? new Set();
      this.#daysOf.set(window, days.add(op.day));
      for (const { player, delta } of op.deltas)
        for (const partition of [null, regionOf(player)]) {
          const sums = this.#setOf(window, partition);
          sums.set(player, (sums.get(player) ?? 0) + delta);
        }
    }
    this.#deltas += op.deltas.length;
    if (op.suspicious) for (const { player } of op.deltas) this.#suspects.add(player);
  }

  /** The ranking, best first; equals share a rank (1224). Among them the order is the board's own. */
  ranking(window: string, partition: string | null): Expected[] {
    const rows = Array.from(this.#setOf(window, partition), ([player, score]) => ({ player, score })).toSorted((a, b) => b.score - a.score);
    let rank = 0;
    return rows.map((row, index) => {
      if (rows[index - 1]?.score !== row.score) rank = index + 1;
      return { ...row, rank };
    });
  }

  #setOf(window: string, partition: string | null): Map<string, number> {
    const name = `${window} ${partition ?? ""}`;
    const sums = this.#sums.get(name) ?? new Map<string, number>();
    this.#sums.set(name, sums);
    return sums;
  }
}
