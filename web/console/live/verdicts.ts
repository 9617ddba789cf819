import type { Verdict } from "../../../contract/leaderboard-scores.ts";

/** Every verdict in the order of the contract, whose own list would bring a schema library along; a test holds the two together. */
export const VERDICTS_SHOWN: readonly Verdict[] = ["accepted", "flagged", "quarantined", "rejected"];
