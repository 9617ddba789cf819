import type { Mutation } from "../mutation.ts";

const CORE = "core/live/leaderboard";

/** Defects in leaderboards that the proofs of the whole must notice: LB120-LB129. */
export const LEADERBOARD_PROOF_MUTATIONS: readonly Mutation[] = [
  {
    rule: "LB120",
    defect: "writes the counts with every change",
    file: `${CORE}/counted-sets.ts`,
    find: "this.#sinceCheckpoint >= LEADERBOARD_LIMITS.checkpointChanges",
    replace: "this.#sinceCheckpoint > 0",
    test: "durable-objects/live/leaderboard/hour.test.ts",
  },
  {
    rule: "LB122",
    defect: "passes over one line too many when an import goes on",
    file: `${CORE}/import-reader.ts`,
    find: "this.#line < afterLine",
    replace: "this.#line <= afterLine",
    test: "tests/node/leaderboard-fuzz.test.ts",
  },
  {
    rule: "LB122",
    defect: "loses a member whose sum is no number",
    file: "core/live/redis/run-add.ts",
    find: "if (Number.isNaN(after)) return",
    replace: "if (Number.isNaN(after) && key.remove(member)) return",
    test: "tests/node/leaderboard-fuzz.test.ts",
  },
  {
    rule: "LB122",
    defect: "does not say who left the best ten",
    file: `${CORE}/live-top.ts`,
    find: "!after.rows.has(player)",
    replace: "after.rows.size === 0 && player !== undefined",
    test: "tests/node/leaderboard-fuzz.test.ts",
  },
  {
    rule: "LB124",
    defect: "lets hardly anybody play in the evening",
    file: "scripts/seeds/leaderboards.ts",
    find: "random() < 0.5 ? 18",
    replace: "random() < 0.05 ? 18",
    test: "scripts/seeds/leaderboards.test.ts",
  },
];
