import type { PlayerQuestion } from "../../../contract/rpc/leaderboard.ts";
import type { BoardParts } from "./parts.ts";
import type { SqlEntries } from "./sql-entries.ts";
import type { SqlPlayers } from "./sql-players.ts";

/** So many calls of one moment are worth a statement for all of them. */
const WORTH = 4;

/** Reads rows that calls of one moment will ask for: one statement for the figures of all players, and one for each ranking. */
export class Ahead {
  readonly #windows: () => BoardParts["windows"];
  readonly #players: SqlPlayers;
  readonly #entries: SqlEntries;

  constructor(windows: () => BoardParts["windows"], players: SqlPlayers, entries: SqlEntries) {
    this.#windows = windows;
    this.#players = players;
    this.#entries = entries;
  }

  /** Before scores of now by these players; those of partitions ask by themselves. */
  scores(players: readonly string[], now: number): void {
    if (players.length < WORTH) return;
    this.#players.readAhead(players);
    for (const { id } of this.#windows().entered(now, [])) this.#entries.readAhead(id, players);
  }

  /** Before questions about single players. */
  questions(questions: readonly PlayerQuestion[], now: number): void {
    if (questions.length < WORTH) return;
    this.#players.readAhead(questions.map(({ ask }) => ask.player));
    const bySet = new Map<number, string[]>();
    for (const { ask } of questions) {
      const set = this.#windows().named(ask.window, ask.partition, now);
      if (set) bySet.set(set.id, [...(bySet.get(set.id) ?? []), ask.player]);
    }
    for (const [set, players] of bySet) this.#entries.readAhead(set, players);
  }

  /** What was read is as it was; from here on rows are asked for again. */
  end(): void {
    this.#players.endAhead();
    this.#entries.endAhead();
  }
}
