import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import { applyRun } from "../../../core/live/leaderboard/rebuild.ts";
import type { SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";
import { worse as better } from "../../../core/live/leaderboard/review-cases.ts";
import type { LogRow } from "./log.ts";
import type { BoardParts } from "./parts.ts";
import type { BoardSet } from "./windows.ts";

/** A player as the log tells it. */
export interface Rebuilt {
  /** Of each ranking that may still change and is no shadow, by id: the entry, or undefined for none. */
  readonly entries: ReadonlyMap<number, { readonly set: BoardSet; readonly key: SortKey | undefined }>;
  /** The best of the runs that count, scaled. */
  readonly best: number | null;
}

/** Rankings that may still change, without shadows. What is closed stays as it was rewarded and archived. */
export function openSets(windows: Pick<BoardParts["windows"], "open">): BoardSet[] {
  return windows.open().filter(({ shadow }) => !shadow);
}

/**
 * The player's entries as they follow from what left the log (the bases) and every run that remains and counts, in its order: one pass over
 * the player's rows, whatever the number of rankings. Changes nothing.
 * @returns `score-out-of-range` when, without what was taken away, a sum leaves what can be kept exactly
 */
export function rebuildPlayer({ book, log, windows, bases }: BoardParts, player: string): Outcome<Rebuilt> {
  const config = book.config();
  const entries = new Map(openSets(windows).map((set) => [set.id, { set, key: bases.find(set.id, player) }]));
  let best = bases.best(player);
  for (const row of log.counting(player)) {
    if (!isRun(row)) continue;
    best = best === null ? row.score : better(config.order, best, row.score);
    for (const { id } of windows.entered(row.occurredAt, row.partitions)) {
      const entry = entries.get(id);
      if (!entry) continue;
      const key = applyRun(config, player, entry.key, { score: row.score, subscore: row.subscore, at: row.occurredAt });
      if (key === undefined)
        return refuse("score-out-of-range", `Without these runs the sum in ${entry.set.window} cannot be kept exactly.`);
      entries.set(id, { set: entry.set, key });
    }
  }
  return accept({ entries, best });
}

function isRun(row: LogRow): row is LogRow & { readonly score: number } {
  return row.score !== null && row.kind !== "correction";
}
