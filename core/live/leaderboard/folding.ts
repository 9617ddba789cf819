import type { BoardConfig } from "../../../contract/leaderboards.ts";
import type { SortKey } from "./ranked-sets.ts";
import { applyRun, type CountedRun } from "./rebuild.ts";

/** A run on its way out of the log, as far as its base needs it. */
export interface FoldedRun extends CountedRun {
  readonly player: string;
  /** Rankings that it entered and that still are here. */
  readonly sets: readonly number[];
}

/** Where bases lie. */
export interface Bases {
  find(set: number, player: string): SortKey | undefined;
  put(set: number, key: SortKey): void;
  best(player: string): number | null;
  putBest(player: string, best: number): void;
}

/**
 * Folds runs, in the log's order, into the bases of their players: what they alone would make of each entry, by the very function that
 * scores go through. Each base is read once and written once, however many runs a player has among them.
 */
export function foldRuns(config: Pick<BoardConfig, "order" | "subscore" | "operator">, runs: Iterable<FoldedRun>, bases: Bases): void {
  const entries = new Map<string, { readonly set: number; readonly before: SortKey | undefined; key: SortKey | undefined }>();
  const bests = new Map<string, number>();
  for (const run of runs) {
    for (const set of run.sets) {
      const name = `${set} ${run.player}`;
      let entry = entries.get(name);
      if (!entry) {
        const before = bases.find(set, run.player);
        entry = { set, before, key: before };
        entries.set(name, entry);
      }
      // A sum that cannot be kept exactly was refused when it came; there is none here.
      entry.key = applyRun(config, run.player, entry.key, run) ?? entry.key;
    }
    const best = bests.get(run.player) ?? bases.best(run.player);
    const better = best === null || (config.order === "desc" ? run.score > best : run.score < best);
    bests.set(run.player, better ? run.score : best);
  }
  for (const { set, before, key } of entries.values()) if (key && key !== before) bases.put(set, key);
  for (const [player, best] of bests) if (best !== bases.best(player)) bases.putBest(player, best);
}
