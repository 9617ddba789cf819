import { describe, expect, it } from "vitest";
import type { Rejected } from "../../../../contract/metric-catalog.ts";
import { INGEST_PROTOCOLS, REJECT_REASONS } from "../../../../contract/metric-limits.ts";
import { ingestHead, PROTOCOL_WORDS, rateLines, REASON_WORDS, rejectionId, sourceName, sourceRow } from "./ingest-words.ts";
import { SENDERS, sendSnippets } from "./send-snippets.ts";

const MINUTE = 60_000;
const NOW = 100 * MINUTE + 30_000;
const KEY = "01a1f823-7484-7e26-a29a-d358019b489f";
const source = (minutes: Rejected["ingest"][number]["minutes"], lagMs: number | null = 800) => ({
  protocol: "remote-write" as const,
  keyId: KEY,
  minutes,
  lagMs,
});
const minute = (at: number, samples: number, rejected = 0) => ({ minuteMs: at * MINUTE, samples, requests: samples > 0 ? 2 : 0, rejected });
const NOTHING: Rejected = { items: [], totals: [], ingest: [] };

describe("ingest", () => {
  it("[UI91] draws what each source sent a second over the last hour; silence is zero, the running minute is not drawn", () => {
    const lines = rateLines(
      [source([minute(40, 600), minute(99, 1_200), minute(100, 7)]), source([minute(99, 60)])],
      new Map([[KEY, "prod"]]),
      NOW,
    );
    expect(lines).toMatchObject({ startMs: 40 * MINUTE, stepMs: MINUTE });
    const values = lines.lines.get("Prometheus · prod");
    expect(values).toHaveLength(60);
    expect([values?.[0], values?.[1], values?.[59]]).toEqual([10, 0, 21]);
  });

  it("[UI91] calls a source by protocol and key, by the start of its id where names are not shown", () => {
    expect(sourceName(source([]), new Map())).toBe("Prometheus · key 01a1f823");
    expect(sourceName({ protocol: "native", keyId: "" }, new Map())).toBe("JSON · no key");
    expect(sourceRow(source([minute(1, 5, 2), minute(2, 6), minute(3, 0)]))).toMatchObject({
      samples: 11,
      requests: 4,
      rejected: 2,
      lastMs: 2 * MINUTE,
    });
  });

  it("[UI91] says first that samples are refused, then that they are late, then how many come", () => {
    const minutes = [95, 96, 97, 98, 99].map((at) => minute(at, 600));
    expect(ingestHead({ ...NOTHING, ingest: [source(minutes)] }, NOW)).toEqual({
      tone: "ok",
      headline: "10 samples/s from 1 source",
      detail: "nothing refused within the hour",
    });
    expect(ingestHead({ ...NOTHING, ingest: [source(minutes, 400_000)] }, NOW)).toMatchObject({
      tone: "warn",
      detail: "samples arrive up to 6 min 40 s late",
    });
    const totals = [
      { reason: "value-invalid" as const, count: 1 },
      { reason: "series-limit" as const, count: 3 },
    ];
    expect(ingestHead({ ...NOTHING, totals, ingest: [source([...minutes, minute(99, 0, 4)])] }, NOW)).toMatchObject({
      tone: "warn",
      detail: "4 samples refused within the hour, most: limit on series",
    });
    expect(ingestHead(NOTHING, NOW)).toMatchObject({ tone: "muted", headline: "Nothing came in within the hour" });
  });

  it("[UI92] has words and a way out for every reason, and words for every protocol", () => {
    for (const reason of REJECT_REASONS) {
      expect(REASON_WORDS[reason].title).not.toBe("");
      expect(REASON_WORDS[reason].way, reason).toMatch(/^[A-Z].*\.$/);
    }
    expect(Object.keys(PROTOCOL_WORDS)).toEqual([...INGEST_PROTOCOLS]);
    const line = { at: 5, reason: "point-empty" as const, protocol: "native" as const, keyId: KEY, count: 1, example: "", detail: "" };
    expect(rejectionId(line)).not.toBe(rejectionId({ ...line, protocol: "otlp-json" }));
  });

  it("[UI93] tells each sender this deployment's address and never a key", () => {
    const snippets = sendSnippets("https://m.example");
    expect(snippets.prometheus.text).toContain("url: https://m.example/prometheus/api/v1/write");
    expect(snippets.opentelemetry.text).toContain("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=https://m.example/otlp/v1/metrics");
    expect(snippets.collector.text).toContain("metrics_endpoint: https://m.example/otlp/v1/metrics");
    expect(snippets.curl.text).toContain("https://m.example/v1/metrics/ingest");
    for (const sender of SENDERS) expect(snippets[sender].text).toContain("YOUR_KEY");
  });
});
