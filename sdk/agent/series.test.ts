import { describe, expect, it } from "vitest";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { sampleSchema } from "../../contract/metrics.ts";
import { BatchMaker } from "./batch.ts";
import type { CollectorName, Reading } from "./collector.ts";
import { gunzipSync } from "node:zlib";
import { SeriesMemory } from "./series.ts";

const enabled = new Set<CollectorName>(["network", "cpu"]);
const network = (...names: string[]) =>
  new Map<CollectorName, Reading[]>([["network", names.map((name) => ({ metric: "rx", labels: { interface: name }, value: 1 }))]]);

describe("SeriesMemory", () => {
  it("[AG55] ends a series that its collector no longer brings, once, and starts it again when it comes back", () => {
    const series = new SeriesMemory();
    series.samplesOf(network("eth0", "veth1"), enabled, {}, "h", 1);
    const second = series.samplesOf(network("eth0"), enabled, {}, "h", 2);
    expect(second).toContainEqual({ metric: "rx", labels: { interface: "veth1", host: "h" }, timestamp: 2, value: null });
    expect(series.samplesOf(network("eth0"), enabled, {}, "h", 3)).toHaveLength(1);
    expect(series.samplesOf(network("eth0", "veth1"), enabled, {}, "h", 4).every(({ value }) => value === 1)).toBe(true);
  });

  it("[AG55] a collector that brought nothing this round ends nothing", () => {
    const series = new SeriesMemory();
    series.samplesOf(network("eth0"), enabled, {}, "h", 1);
    expect(series.samplesOf(new Map(), enabled, {}, "h", 2)).toEqual([]);
  });

  it("[AG55] a collector that is switched off ends its series", () => {
    const series = new SeriesMemory();
    series.samplesOf(network("eth0"), enabled, {}, "h", 1);
    const samples = series.samplesOf(new Map(), new Set<CollectorName>(["cpu"]), {}, "h", 2);
    expect(samples).toEqual([{ metric: "rx", labels: { interface: "eth0", host: "h" }, timestamp: 2, value: null }]);
  });

  it("[AG55] changed labels end the series under the old ones", () => {
    const series = new SeriesMemory();
    series.samplesOf(network("eth0"), enabled, { rack: "1" }, "h", 1);
    const samples = series.samplesOf(network("eth0"), enabled, { rack: "2" }, "h", 2);
    expect(samples.map(({ labels, value }) => [labels?.rack, value])).toEqual([
      ["2", 1],
      ["1", null],
    ]);
  });

  it("[AG54] the host's name and a figure's own labels win over configured ones", () => {
    const common = { host: "forged", interface: "forged", rack: "1" };
    const [sample] = new SeriesMemory().samplesOf(network("eth0"), enabled, common, "h", 1);
    expect(sample?.labels).toEqual({ host: "h", interface: "eth0", rack: "1" });
  });

  it("[AG54] what it makes is what the contract takes, also for very long names", () => {
    const [sample] = new SeriesMemory().samplesOf(network("e".repeat(5_000)), enabled, {}, "h", 1);
    expect(sampleSchema.safeParse(sample).success).toBe(true);
  });
});

describe("BatchMaker", () => {
  const read = (body: Uint8Array) => JSON.parse(gunzipSync(body).toString()) as { batchId: string; samples: unknown[] };
  const samples = (count: number) => Array.from({ length: count }, (_, i) => ({ metric: "m", labels: {}, timestamp: i, value: i }));

  it("[AG56] numbers batches of one run, and no other run or host has the same ids", () => {
    const ids = [new BatchMaker("a", 1), new BatchMaker("a", 2), new BatchMaker("b", 1)].flatMap((maker) =>
      [1, 2].flatMap((count) => maker.batchesOf(samples(count)).map(({ body }) => read(body).batchId)),
    );
    expect(new Set(ids).size).toBe(6);
    expect(Math.max(...ids.map((id) => id.length))).toBeLessThanOrEqual(METRIC_LIMITS.batchIdChars);
  });

  it("[AG56] a round of more samples than a request may hold becomes several batches; an empty one none", () => {
    const batches = new BatchMaker("h".repeat(253), 1).batchesOf(samples(METRIC_LIMITS.samples + 1));
    const sizes = batches.map(({ body }) => read(body).samples.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(METRIC_LIMITS.samples + 1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(METRIC_LIMITS.samples);
    expect(batches.map(({ newestMs }) => newestMs)).toEqual([4_999, 9_999, 10_000]);
    expect(new BatchMaker("h", 1).batchesOf([])).toEqual([]);
  });
});
