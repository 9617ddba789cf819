import type { Mutation } from "../mutation.ts";

/** What keeps ingest fast, small and cheap. */
export const METRIC_SPEED_MUTATIONS: readonly Mutation[] = [
  {
    rule: "MT23",
    defect: "lets a shard write as many rows as it likes after each pause",
    file: "core/observe/group-commit.ts",
    find: "  burst: 3,",
    replace: "  burst: 8,",
    test: "core/observe/group-commit.test.ts",
  },
  {
    rule: "MT330",
    defect: "lets any number of requests wait",
    file: "core/observe/group-commit.ts",
    find: "return waiting.requests >= GROUP_COMMIT.requests;",
    replace: "return waiting.requests < 0;",
    test: "core/observe/group-commit.test.ts",
  },
  {
    rule: "MT332",
    defect: "never uses room again",
    file: "core/observe/chunk-arena.ts",
    find: "    this.#free = first;",
    replace: "    this.#free = 0;",
    test: "core/observe/chunk-arena.test.ts",
  },
  {
    rule: "MT331",
    defect: "seals every three minutes",
    file: "core/observe/upkeep.ts",
    find: "sealEveryMs: 30 * 60_000,",
    replace: "sealEveryMs: 3 * 60_000,",
    test: "core/observe/rows-an-hour.test.ts",
  },
  {
    rule: "MT400",
    defect: "lets a shard that cannot be opened end the walk",
    file: "workers/observe/warm-shards.ts",
    find: "  } catch (error) {\n",
    replace: "  } catch (error) {\n    throw error;\n",
    test: "workers/observe/warm-shards.test.ts",
  },
  {
    rule: "MT403",
    defect: "writes a series as it was packed, whatever came since",
    file: "core/observe/seal.ts",
    find: " && heads.isAsTaken(one.slot)",
    replace: "",
    test: "core/observe/seal.test.ts",
  },
  {
    rule: "MT403",
    defect: "writes a row for each slice",
    file: "core/observe/seal.ts",
    find: "const isFull = this.#waiting.length === BLOCK_ROW_LIMITS.series;",
    replace: "const isFull = this.#waiting.length > 0;",
    test: "core/observe/seal.test.ts",
  },
];
