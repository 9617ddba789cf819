import { describe, expect, it } from "vitest";
import { acceptedWindow } from "../../contract/metric-samples.ts";
import { fuzz } from "../../tests/fuzz/metrics-ingest.ts";
import { IngestBatch } from "./ingest-batch.ts";
import { readSamples } from "./read-samples.ts";
import { NumberScanner } from "./scan-numbers.ts";
import { scanBatch } from "./scan-batch.ts";
import { SERIES_CACHE_LIMITS, SeriesCache, TenantSeries } from "./series-cache.ts";

const NOON = Date.parse("2026-11-20T12:00:00.000Z");
const window = acceptedWindow(NOON);
const bytesOf = (text: string) => new TextEncoder().encode(text);
const good = { metric: "m", labels: { host: "a" }, timestamp: NOON, value: 1.5 };

function read(body: string, tenant = new TenantSeries(), form: "json" | "lines" = "json") {
  const batch = new IngestBatch(tenant);
  return { outcome: readSamples(bytesOf(body), form, window, batch), batch };
}

function scan(body: string, tenant = new TenantSeries()) {
  const batch = new IngestBatch(tenant);
  return { scanned: scanBatch(bytesOf(body), window, tenant.texts, batch), batch };
}

describe("reading samples", () => {
  it("[MT7] [MT9] straight from bytes agrees with JSON.parse and the plain validator, whatever the body", () => {
    const { batches, accepted, rejected, refused } = fuzz(20_261_120, 3_000);
    expect(Math.min(batches, accepted, rejected, refused)).toBeGreaterThan(500);
  });

  it("[MT7] takes the plain form from bytes: with a batch id, without labels, with the stale marker and late times", () => {
    const body = JSON.stringify({
      batchId: "b-1",
      samples: [good, { ...good, value: null }, { metric: "n", timestamp: NOON, value: -2 }, { ...good, timestamp: 5 }],
    });
    const { scanned, batch } = scan(`${body}\n`);
    expect(scanned).toEqual({ batchId: "b-1" });
    expect([batch.count, batch.rejectedCount, batch.rejected[0]?.reason]).toEqual([3, 1, "timestamp-too-old"]);
  });

  it.each([
    ["white space", JSON.stringify({ samples: [good] }, null, 1)],
    ["another order", JSON.stringify({ samples: [{ value: 1, timestamp: NOON, metric: "m" }] })],
    ["a bad sample", JSON.stringify({ samples: [good, { ...good, metric: 5 }] })],
    ["an escaped batch id", '{"batchId":"\\u0061","samples":[]}'],
    ["no samples", '{"samples":[]}'],
    ["more behind it", `${JSON.stringify({ samples: [good] })}x`],
  ])("[MT7] leaves %s to the general way", (_, body) => {
    expect(scan(body).scanned).toBeUndefined();
  });

  it("[MT7] reads every number as the runtime does", () => {
    for (const text of [
      "0",
      "-0",
      "1",
      "0.1",
      "-12.50",
      "123456789012345",
      "1234567890123456",
      "0.30000000000000004",
      "9007199254740993",
      "1e5",
      "5E-3",
      "179769313486231570000",
      "0.1000000000000000055511151231257827",
    ]) {
      const numbers = new NumberScanner(bytesOf(`${text}}`));
      expect([numbers.number(0), numbers.end]).toEqual([JSON.parse(text), text.length]);
    }
    for (const text of ["", "-", "01", "1.", ".5", "1e", "+1", "NaN"]) expect(new NumberScanner(bytesOf(text)).number(0)).toBeNaN();
  });

  it("[MT3] stores nothing of what is no JSON, no UTF-8, cut short, nested too deep or too many", () => {
    const one = JSON.stringify({ samples: [good] });
    for (const body of [
      "",
      "hello",
      "5",
      "[]",
      one.slice(0, -1),
      one.slice(0, -20),
      `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
      `{"samples":${"[".repeat(65)}${"]".repeat(65)}}`,
    ]) {
      const { outcome } = read(body);
      expect(outcome).toMatchObject({ ok: false });
    }
    const broken = bytesOf(one);
    broken[12] = 0xff;
    for (const form of ["json", "lines"] as const) {
      expect(readSamples(broken, form, window, new IngestBatch(new TenantSeries()))).toMatchObject({ ok: false });
    }
    const list = `${JSON.stringify(good)},`.repeat(10_001).slice(0, -1);
    expect(read(`{"samples":[${list}]}`).outcome).toMatchObject({ ok: false, problem: { slug: "payload-too-large" } });
  });

  it("[MT2] refuses numbers and NaN as texts, each by its place, and stores the others", () => {
    const { outcome, batch } = read(
      JSON.stringify({ samples: [good, { ...good, value: "1" }, { ...good, value: "NaN" }, { ...good, timestamp: String(NOON) }, good] }),
    );
    expect(outcome.ok).toBe(true);
    expect(batch.rejected.map(({ index, reason }) => [index, reason])).toEqual([
      [1, "value-invalid"],
      [2, "value-invalid"],
      [3, "timestamp-invalid"],
    ]);
    expect(batch.count).toBe(2);
  });

  it("[MT3] of NaN without quotes stores nothing: that is no JSON", () => {
    expect(read('{"samples":[{"metric":"m","timestamp":1,"value":NaN}]}').outcome).toMatchObject({ ok: false });
  });

  it("[MT7] takes the last of a label that stands twice, as JSON.parse does", () => {
    for (const space of ["", " "]) {
      const { batch } = read(`{"samples":[${space}{"metric":"m","labels":{"a":"1","a":"2"},"timestamp":${NOON},"value":1}]}`);
      expect(batch.encode(false).defined.map(({ key }) => key)).toEqual(['["m","a","2"]']);
    }
  });

  it("[MT2] names the first hundred bad samples and counts the rest", () => {
    const { batch } = read(JSON.stringify({ samples: Array.from({ length: 150 }, () => 5) }));
    expect([batch.rejected.length, batch.rejectedCount]).toEqual([100, 150]);
  });

  it("[MT14] knows equal content in another form, and tells other content apart", async () => {
    const id = async (body: string, form: "json" | "lines" = "json") => await read(body, new TenantSeries(), form).batch.contentId();
    const plain = await id(JSON.stringify({ samples: [good, good] }));
    expect(await id(JSON.stringify({ samples: [good, good] }, null, 2))).toBe(plain);
    expect(await id(`${JSON.stringify(good)}\n${JSON.stringify(good)}`, "lines")).toBe(plain);
    for (const other of [
      { ...good, value: 1.25 },
      { ...good, timestamp: NOON + 1 },
      { ...good, labels: { host: "b" } },
      { ...good, value: null },
    ]) {
      expect(await id(JSON.stringify({ samples: [good, other] }))).not.toBe(plain);
    }
  });
});

describe("the series an isolate knows", () => {
  it("[MT8] are kept apart by tenant", () => {
    const cache = new SeriesCache();
    const body = JSON.stringify({ samples: [good] });
    const first = scan(body, cache.of("a")).batch.encode(false).defined[0];
    const second = scan(body, cache.of("b")).batch.encode(false).defined[0];
    expect(second?.key).toBe(first?.key);
    expect(second).not.toBe(first);
    expect(scan(body, cache.of("a")).batch.encode(false).defined[0]).toBe(first);
  });

  it("[MT8] are bounded over all tenants: the one unused for longest is forgotten first", () => {
    const cache = new SeriesCache();
    const third = Math.ceil(SERIES_CACHE_LIMITS.series / 3);
    for (const tenant of ["a", "b", "c"]) for (let i = 0; i < third; i++) cache.of(tenant).find(`m${i}`, undefined);
    cache.of("a").find("one-more", undefined);
    expect(cache.of("d").size).toBe(0);
    expect(cache.of("a").size).toBe(third + 1);
    expect(cache.of("b").size).toBe(0);
  });

  it("[MT8] are bounded by the bytes of their names and of the spellings they came in", () => {
    const cache = new SeriesCache();
    cache.of("other").find("m", undefined);
    const long = "x".repeat(1_000);
    const labels = (n: number) => Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`l${i}`, `${n}${long}`]));
    const most = SERIES_CACHE_LIMITS.bytes / (30 * long.length);
    for (let n = 0; n < most; n++) cache.of("a").find("m", labels(n));
    expect(cache.of("other").size).toBe(0);

    const spaced = (n: number) =>
      `{"samples":[{"metric":"m","labels":{"a":"b"${" ".repeat(3_000 + n)}},"timestamp":${good.timestamp},"value":1}]}`;
    for (let n = 0; n < 900; n++) expect(scan(spaced(n), cache.of("b")).scanned).toBeDefined();
    expect(cache.of("b").size).toBe(1);
    expect(cache.of("b").bytes).toBeGreaterThan(900 * 3_000);
  });

  it("[UI98] leave an example for the inspector when they are refused, as they came, by either way of reading", () => {
    const exampleOf = (samples: readonly object[]) => {
      const { outcome, batch } = read(JSON.stringify({ samples }));
      expect(outcome.ok).toBe(true);
      return [...batch.reasons.values()].map(({ example }) => example);
    };
    const old = { ...good, labels: { room: "attic" }, timestamp: 1 };
    expect(exampleOf([old])[0]).toContain("attic");
    const word = { ...good, value: "warm" };
    expect(exampleOf([word, { ...word, metric: "second" }])).toEqual([JSON.stringify(word)]);
  });

  it("[MT13] are named in full once, by reference afterwards, and in full again when a shard has forgotten them", () => {
    const tenant = new TenantSeries();
    const body = JSON.stringify({ samples: [good, { ...good, metric: "n" }] });
    const { batch } = scan(body, tenant);
    const { defined } = batch.encode(true);
    expect(defined).toHaveLength(2);
    for (const [i, series] of defined.entries()) Object.assign(series, { ref: i + 5, dictionary: 9 });
    const next = scan(body, tenant).batch;
    expect(next.encode(true).defined).toHaveLength(0);
    expect(next.encode(true).bytes.length).toBeLessThan(batch.encode(false).bytes.length);
    expect(next.encode(false).defined).toHaveLength(2);
  });
});
