import { describe, expect, it } from "vitest";
import { TEMPORALITY_LABEL } from "../../contract/metric-limits.ts";
import type { Outcome } from "../../contract/problems.ts";
import { type PackedLines, unpackLines } from "../../contract/ranked-lines.ts";
import { cardinalityOf } from "./cardinality.ts";
import { listLabels, listNames, listSeries, listValues } from "./catalog-lists.ts";
import { NOON, TestShard, valueOf } from "./testing.ts";

function filled(): TestShard {
  const rig = new TestShard();
  rig.ingest([
    { metric: "cpu_used", labels: { host: "web-1", core: "0" }, at: NOON, value: 1 },
    { metric: "cpu_used", labels: { host: "web-2", core: "0" }, at: NOON + 5, value: 1 },
    { metric: "cpu_used", labels: { host: "db-web", core: "1" }, at: NOON + 1, value: 1 },
    { metric: "gpu_cpu", labels: { host: "web-1" }, at: NOON, value: 1 },
    { metric: "requests", labels: { host: "web-1", [TEMPORALITY_LABEL]: "delta" }, at: NOON, value: 1 },
  ]);
  return rig;
}

/** A packed list as whoever puts it together reads it. */
function opened(list: Outcome<PackedLines>) {
  const packed = valueOf(list);
  return { items: unpackLines(packed), total: packed.total };
}

describe("lists of what there is", () => {
  it("[MT310] hold what is looked for: what begins with it first, then by number of series, then by name; cut, with the total", () => {
    const { shard } = filled();
    const names = (ask: object) => valueOf(listNames({ limit: 10, ...ask }, shard));
    expect(names({}).items.map(({ metric, series }) => [metric, series])).toEqual([
      ["cpu_used", 3],
      ["gpu_cpu", 1],
      ["requests", 1],
    ]);
    expect(names({ search: "CPU" })).toMatchObject({ items: [{ metric: "cpu_used" }, { metric: "gpu_cpu" }], total: 2 });
    expect(names({ search: "cpu", limit: 1 })).toMatchObject({ items: [{ metric: "cpu_used" }], total: 2 });
    const values = opened(listValues({ label: "host", search: "web", limit: 10 }, shard));
    expect(values.items.map(({ value }) => value)).toEqual(["web-1", "web-2", "db-web"]);
    expect(opened(listValues({ label: "nothing", limit: 10 }, shard))).toEqual({ items: [], total: 0 });
  });

  it("[MT311] are narrowed by metric and matchers, a quoted metric as the plain one", () => {
    const { shard } = filled();
    const matchers = [{ label: "host", op: "=~", value: "web-.*" }] as const;
    expect(valueOf(listNames({ limit: 10, matchers }, shard)).items.map(({ metric, series }) => [metric, series])).toEqual([
      ["cpu_used", 2],
      ["gpu_cpu", 1],
      ["requests", 1],
    ]);
    expect(opened(listLabels({ limit: 10, metric: '"gpu_cpu"' }, shard))).toEqual({ items: [{ value: "host", series: 1 }], total: 1 });
    expect(opened(listValues({ label: "core", limit: 10, metric: "cpu_used", matchers }, shard)).items).toEqual([
      { value: "0", series: 2 },
    ]);
    expect(listNames({ limit: 10, matchers: [{ label: "host", op: "=~", value: "(" }] }, shard)).toMatchObject({
      problem: { slug: "invalid-parameter", errors: [{ pointer: "?match" }] },
    });
  });

  it("[MT311] of series show the newest first and no label of ours", () => {
    const { shard } = filled();
    const { items, total } = valueOf(listSeries({ limit: 2 }, shard));
    expect([items.map(({ labels }) => labels["host"]), total]).toEqual([["web-2", "db-web"], 5]);
    expect(valueOf(listSeries({ limit: 10, metric: "requests" }, shard)).items).toEqual([
      { metric: "requests", labels: { host: "web-1" }, newestAt: NOON },
    ]);
    expect(valueOf(listSeries({ limit: 10, search: "DB-" }, shard)).total).toBe(1);
    expect(opened(listValues({ limit: 10, label: TEMPORALITY_LABEL }, shard))).toEqual({ items: [], total: 0 });
  });

  it("[MT312] name what takes the most series: metrics, labels by their values, and values", () => {
    const { shard } = filled();
    const figures = cardinalityOf(shard.labels, 2);
    expect(figures.metrics).toEqual([
      { name: "cpu_used", series: 3 },
      { name: "gpu_cpu", series: 1 },
    ]);
    expect(figures.labels).toEqual([
      { name: "host", values: 3, series: 5 },
      { name: "core", values: 2, series: 3 },
    ]);
    expect(figures.pairs).toEqual([
      { name: "host=web-1", series: 3 },
      { name: "core=0", series: 2 },
    ]);
  });

  it("[MT312] find a label that explodes among thousands of series", () => {
    const rig = new TestShard();
    rig.ingest(
      Array.from({ length: 3_000 }, (_, i) => ({
        metric: `m${i % 30}`,
        labels: { host: `h${i % 10}`, request: `r${i}` },
        at: NOON,
        value: 1,
      })),
    );
    const figures = cardinalityOf(rig.shard.labels, 50);
    expect(figures.labels[0]).toEqual({ name: "request", values: 3_000, series: 3_000 });
    expect(figures.pairs.slice(0, 10).every(({ name, series }) => name.startsWith("host=h") && series === 300)).toBe(true);
    expect([figures.pairs.length, figures.metrics.length]).toEqual([50, 30]);
  });
});
