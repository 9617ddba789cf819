import type { Mutation } from "../mutation.ts";

/** What there is, and how much of it there may be. */
export const METRIC_CATALOG_MUTATIONS: readonly Mutation[] = [
  {
    rule: "MT280",
    defect: "takes a series without the label for one that has no such value",
    file: "core/observe/label-index.ts",
    find: 'const emptyPasses = test("");',
    replace: "const emptyPasses = false;",
    test: "core/observe/label-index.test.ts",
  },
  {
    rule: "MT282",
    defect: "keeps a series in the index that is gone",
    file: "core/observe/label-index.ts",
    find: 'if (typeof slots !== "number") slots.remove(slot);',
    replace: "",
    test: "core/observe/label-index.test.ts",
  },
  {
    rule: "MT292",
    defect: "lets a tenant have fewer shards than it had",
    file: "core/control/metric-settings.ts",
    find: "if (wanted.shards < before.shards)",
    replace: "if (wanted.shards < 1)",
    test: "durable-objects/control/tenant-metric-settings.test.ts",
  },
  {
    rule: "MT300",
    defect: "takes one new series more than an hour may have",
    file: "core/observe/series-limits.ts",
    find: ".made + planned >= room.perHour",
    replace: ".made + planned > room.perHour",
    test: "core/observe/series-limits.test.ts",
  },
  {
    rule: "MT301",
    defect: "counts series again that are read back from rows",
    file: "core/observe/series-limits.ts",
    find: "if (ref >= this.#throughRef) this.made(at, 1);",
    replace: "this.made(at, 1);",
    test: "core/observe/series-limits.test.ts",
  },
  {
    rule: "MT302",
    defect: "tells every refusal",
    file: "core/observe/series-limits.ts",
    find: "if (now - this.#lastRefusedAt >= HOUR_MS)",
    replace: "if (now >= 0)",
    test: "core/observe/series-limits.test.ts",
  },
  {
    rule: "MT304",
    defect: "keeps exemplars of refused series",
    file: "core/observe/shard-extras.ts",
    find: "if (this.#series.slotOf(series) !== undefined)",
    replace: "if (series >= 0)",
    test: "core/observe/shard-extras.test.ts",
  },
];
