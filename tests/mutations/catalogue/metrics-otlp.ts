import type { Mutation } from "../mutation.ts";

export const METRIC_OTLP_MUTATIONS: readonly Mutation[] = [
  {
    rule: "MT141",
    defect: "answers our own fault in a way that exporters do not repeat",
    file: "workers/observe/otlp-answers.ts",
    find: 'if (slug === "request-timeout" || slug === "internal") return 503;',
    replace: 'if (slug === "request-timeout") return 503;',
    test: "tests/workers/otlp.test.ts",
  },
  {
    rule: "MT142",
    defect: "counts refused series in place of points",
    file: "workers/observe/otlp-read.ts",
    find: "const rejectedDataPoints = this.rejectedPoints.size;",
    replace: "const rejectedDataPoints = this.rejectedCount;",
    test: "tests/workers/otlp.test.ts",
  },
  {
    rule: "MT143",
    defect: "reads negative integers of protobuf as large ones",
    file: "workers/observe/otlp-protobuf.ts",
    find: "return (this.#r.high | 0) * 4_294_967_296 + this.#r.low;",
    replace: "return this.#r.high * 4_294_967_296 + this.#r.low;",
    test: "workers/observe/otlp-readers.test.ts",
  },
  {
    rule: "MT149",
    defect: "keeps delta points in the series of running totals",
    file: "workers/observe/otlp-mapper.ts",
    find: "return temporality === DELTA_TEMPORALITY ? withLabel(labels, TEMPORALITY_LABEL, DELTA) : labels;",
    replace: "return labels;",
    test: "workers/observe/otlp-mapper.test.ts",
  },
  {
    rule: "MT150",
    defect: "says a start again with every point",
    file: "workers/observe/otlp-mapper.ts",
    find: "if (startMs <= seen) return 0;",
    replace: "if (startMs < seen) return 0;",
    test: "workers/observe/otlp-mapper.test.ts",
  },
  {
    rule: "MT152",
    defect: "forgets the bounds of earlier points",
    file: "workers/observe/otlp-mapper.ts",
    find: "known.grid = gridFor(point, known.grid);",
    replace: "known.grid = gridFor(point, undefined);",
    test: "workers/observe/otlp-histograms.test.ts",
  },
];
