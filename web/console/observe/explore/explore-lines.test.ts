import { describe, expect, it } from "vitest";
import type { MetricQueryReply } from "../../../../contract/metric-query.ts";
import { lineColours } from "../../../lib/series-colours.ts";
import { commonUnit, drawingOf, gatheredWords } from "./explore-lines.ts";
import { firstQuestion, questionWords, unitOf } from "./metric-words.ts";
import { FIRST_QUERY } from "./explore-state.ts";
import { traceWords } from "./trace-words.ts";

const TRACE = {
  seriesScanned: 4,
  blocksRead: 3,
  pointsRead: 12_400,
  bytesRead: 34_816,
  shards: 1,
  tiers: { raw: 400, minute: 12_000, hour: 0 },
  cached: 2,
  cacheable: 3,
  waitedMs: 12,
};
const reply = (series: MetricQueryReply["series"], startMs = 60_000): MetricQueryReply => ({
  stepMs: 60_000,
  startMs,
  series,
  trace: TRACE,
});
const ONE = new Map([["", "load"]]);

describe("an answer's lines", () => {
  it("[UI83] are called by what tells them apart", () => {
    const labels = [
      { job: "web", host: "a", core: "0" },
      { job: "web", host: "b", core: "0" },
    ];
    expect([...drawingOf(reply(labels.map((each) => ({ labels: each, values: [1] }))), ONE).lines.lines.keys()]).toEqual(["a", "b"]);
    const more = [...labels, { job: "web", host: "a", core: "1" }, { job: "web" }];
    expect([...drawingOf(reply(more.map((each) => ({ labels: each, values: [1] }))), ONE).lines.lines.keys()]).toEqual([
      "core=0 host=a",
      "core=0 host=b",
      "core=1 host=a",
      "load",
    ]);
    expect([...drawingOf(reply([{ labels: { job: "web" }, values: [1] }]), ONE).lines.lines.keys()]).toEqual(["load"]);
  });

  it("[UI83] of several queries carry their letter, and none hides another of the same name", () => {
    const series = [
      { name: "a", labels: { host: "x" }, values: [1] },
      { name: "b", labels: { host: "x" }, values: [2] },
      { name: "b", labels: { host: "x" }, values: [3] },
    ];
    const titles = new Map([
      ["a", "in"],
      ["b", "out"],
    ]);
    expect([...drawingOf(reply(series), titles).lines.lines]).toEqual([
      ["a: in", [1]],
      ["b: out", [2]],
      ["b: out (2)", [3]],
    ]);
  });

  it("[UI83] beyond twelve are the eleven with the highest peaks, and the rest with a band that keeps its spikes", () => {
    const series = Array.from({ length: 500 }, (_, i) => ({
      labels: { n: String(i) },
      values: [1, i === 250 ? 9_000 : 2, 1],
      ...(i === 3 && { band: { min: [1, 1, 1], max: [1, 1.5, 1] } }),
    }));
    const drawing = drawingOf(reply(series), ONE);
    expect(drawing).toMatchObject({ total: 500, gathered: 489 });
    expect(drawing.lines.lines.size).toBe(12);
    expect([...drawing.lines.lines][0]).toEqual(["250", [1, 9_000, 1]]);
    const others = drawing.extras.bands.get("489 others, mean");
    expect(others).toEqual({ min: [1, 1, 1], max: [1, 2, 1] });
    expect(gatheredWords(drawing)).toMatch(/^11 of 500 series, highest peak first/);
    expect(gatheredWords(drawingOf(reply(series.slice(0, 12)), ONE))).toBeUndefined();
  });

  it("[UI85] have those of the period before beside them, on the same axis, in the same colour and dashed", () => {
    const now = reply(
      [
        { labels: { host: "a" }, values: [5, 6] },
        { labels: { host: "new" }, values: [7, 8] },
      ],
      600_000,
    );
    const earlier = reply(
      [
        { labels: { host: "a" }, values: [1, 2, 3] },
        { labels: { host: "gone" }, values: [9, 9, 9] },
      ],
      0,
    );
    const { lines, extras } = drawingOf(now, ONE, { reply: earlier, shiftMs: 540_000 });
    expect([...lines.lines]).toEqual([
      ["a", [5, 6]],
      ["a, before", [2, 3]],
      ["new", [7, 8]],
    ]);
    const colours = lineColours([...lines.lines.keys()], extras.before);
    expect(colours.get("a, before")).toEqual({ ...colours.get("a"), dashed: true });
    expect(colours.get("a")?.dashed).toBe(false);
  });
});

describe("words for metrics", () => {
  it("[UI82] a metric that is chosen gets the question that is most likely meant", () => {
    expect(firstQuestion("load", "gauge")).toMatchObject({ over: "avg", group: "each" });
    expect(firstQuestion("requests", "counter").over).toBe("rate");
    expect(firstQuestion("requests_total", null).over).toBe("rate");
    expect(firstQuestion("files_total", "gauge").over).toBe("avg");
    expect(firstQuestion("wait_seconds_bucket", null)).toMatchObject({
      over: "rate",
      group: "by",
      labels: [],
      across: "sum",
      histogram: 0.95,
    });
  });

  it("[UI83] values have the unit that their metric and function give them", () => {
    const unit = (metric: string, part: Partial<typeof FIRST_QUERY> = {}, told?: string) =>
      unitOf({ ...FIRST_QUERY, metric, ...part }, told);
    expect(unit("process_resident_memory_bytes")).toBe("bytes");
    expect(unit("sent_bytes_total", { over: "rate" })).toBe("bytesPerSecond");
    expect(unit("requests_total", { over: "rate" })).toBe("perSecond");
    expect(unit("cpu_seconds_total", { over: "rate" })).toBe("ratio");
    expect(unit("wait_seconds_bucket", { over: "rate", histogram: 0.9 })).toBe("seconds");
    expect(unit("wait_seconds_bucket", { over: "rate" })).toBe("perSecond");
    expect(unit("http.server.duration", {}, "ms")).toBe("milliseconds");
    expect(unit("anything")).toBe("plain");
    expect(unit("used_bytes", { over: "count" })).toBe("count");
    expect(unit("used_bytes", { group: "by", across: "count" })).toBe("count");
    expect(commonUnit(["bytes", "bytes"])).toBe("bytes");
    expect(commonUnit(["bytes", "seconds"])).toBe("plain");
  });

  it("[UI83] a question and its work read as a line", () => {
    expect(questionWords({ ...FIRST_QUERY, metric: "m", over: "rate", group: "by", labels: ["job"], across: "sum" })).toBe(
      "rate per second of m, sum by job",
    );
    expect(questionWords({ ...FIRST_QUERY, metric: "m_bucket", histogram: 0.95, group: "by" })).toBe("0.95 quantile of m_bucket of all");
    expect(traceWords(TRACE)).toBe(
      "4 series · 12.4 k points from raw and minute · 34 KiB read · 1 shard · 2 of 3 parts cached · waited 12 ms",
    );
  });
});
