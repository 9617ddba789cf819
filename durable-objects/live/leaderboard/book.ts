import type { BoardConfig } from "../../../contract/leaderboards.ts";
import type { Outcome } from "../../../contract/problems.ts";
import type { BoardDefinition } from "../../../contract/rpc/leaderboard.ts";

/** What the board is: its definition as the catalogue told it, whether a score fixed the ordering, whether it is being removed. */
export interface BoardBook {
  /** Null until `configure`. */
  definition(): (BoardDefinition & { readonly state: "live" | "removing" }) | null;
  /** The configuration. @throws before `configure`: entry points have refused by then */
  config(): BoardConfig;
  configure(definition: BoardDefinition): Outcome<{ version: number }>;
  /** The first score fixes what orders the board. */
  fix(): void;
}
