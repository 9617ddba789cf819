import type { Mutation } from "../mutation.ts";

export const METRIC_REMOTE_WRITE_MUTATIONS: readonly Mutation[] = [
  {
    rule: "MT104",
    defect: "tells a sender to wait in a way that makes it drop its samples",
    file: "workers/observe/remote-write-text.ts",
    find: 'if (slug === "request-timeout" || slug === "rate-limited") return 503;',
    replace: 'if (slug === "request-timeout") return 503;',
    test: "tests/workers/remote-write.test.ts",
  },
  {
    rule: "MT106",
    defect: "makes room for whatever a block declares",
    file: "workers/observe/snappy.ts",
    find: "if (header.length > maxBytes) {",
    replace: "if (header.length > 2 ** 32) {",
    test: "workers/observe/snappy.test.ts",
  },
  {
    rule: "MT107",
    defect: "takes labels for those that begin the same",
    file: "workers/observe/remote-write-read.ts",
    find: "behind <= end && (behind === end || bytes[behind] !== LABEL) && labelsAt",
    replace: "behind <= end && labelsAt",
    test: "workers/observe/remote-write-read.test.ts",
  },
  {
    rule: "MT122",
    defect: "answers well when one of the shards has refused",
    file: "workers/observe/store-batch.ts",
    find: "if (!answer.ok) return answer;",
    replace: "if (!answer.ok) continue;",
    test: "tests/workers/metric-shards.test.ts",
  },
  {
    rule: "MT123",
    defect: "cuts an hour of a series in two",
    file: "workers/observe/batch-parts.ts",
    find: "if (samples.length + end - from > BATCH_LIMITS.samples) samples = begin(place, name);",
    replace: "",
    test: "workers/observe/batch-parts.test.ts",
  },
];
