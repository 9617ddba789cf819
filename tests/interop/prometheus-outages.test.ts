import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { Meridian } from "../../sdk/client.ts";
import { havePeers } from "../lib/peers.ts";
import { removeState, startTestServer } from "../lib/server.ts";
import { Prometheus } from "./lib/prometheus.ts";
import { ScrapedPair } from "./lib/scraped-pair.ts";

const wait = async (ms: number) => await new Promise((later) => setTimeout(later, ms));

describe.skipIf(!havePeers("prometheus", "prometheus-node-exporter"))("a Prometheus with its own settings", () => {
  let pair: ScrapedPair;
  let startMs: number;
  let endMs: number;

  beforeAll(async () => {
    pair = await ScrapedPair.start();
    startMs = Date.now();
    await wait(6_000);
    const { port, state } = pair.server;
    await pair.server.kill9();
    await wait(4_000);
    pair.server = await startTestServer({ port, state });
    await wait(6_000);
    await fillInFlight(pair.server.url, pair.server.demo.apiKey, 4_000);
    await wait(4_000);
    endMs = Date.now();
    await pair.sentUntil(endMs);
  }, 240_000);
  afterAll(async () => await pair?.stop());

  it("[MT351] loses and doubles nothing when Meridian is killed and started again", async () => {
    const { theirs, ours } = await pair.counts(endMs, Math.floor((endMs - startMs) / 1_000));
    // Without this a scrape that failed would look like agreement.
    expect(theirs.size).toBeGreaterThan(500);
    const differing = [...theirs].filter(([series, count]) => ours.get(series) !== count);
    expect(differing.map(([series, count]) => `${series}: ${count} there, ${ours.get(series)} here`)).toEqual([]);
    expect([...ours.keys()].filter((series) => !theirs.has(series))).toEqual([]);
  });

  it("[MT353] sends again what was answered by 503", async () => {
    expect(pair.prometheus.output()).toContain("503 Service Unavailable");
    expect(await pair.prometheus.own("prometheus_remote_storage_samples_retried_total")).toBeGreaterThan(0);
    expect(await pair.prometheus.own("prometheus_remote_storage_samples_dropped_total")).toBe(0);
  });
});

describe.skipIf(!havePeers("prometheus"))("a Prometheus whose backlog has grown too old", () => {
  /** Meridian's clock is so far ahead that samples are too old after this time. */
  const TAKEN_MS = 10_000;

  it("[MT352] drops what is too old, told from when on samples are taken, and is not held up", async () => {
    const ahead = ["--clock-offset", String(METRIC_LIMITS.pastMs - TAKEN_MS)];
    let server = await startTestServer({ args: ahead });
    const remoteWrite = { url: `${server.url}/prometheus/api/v1/write`, key: server.demo.apiKey };
    const prometheus = await Prometheus.start({ targets: [], remoteWrite });
    try {
      const newest = async () => await prometheus.own("prometheus_remote_storage_queue_highest_sent_timestamp_seconds");
      await expect.poll(newest, { timeout: 30_000 }).toBeGreaterThan(0);
      await server.kill9();
      await wait(TAKEN_MS + 4_000);
      server = await startTestServer({ args: ahead, port: server.port, state: server.state });
      const restartedAt = Date.now();
      const meridian = new Meridian({ url: server.url, key: server.demo.apiKey });
      const at = (ms: number) => new Date(ms).toISOString();
      const seen = async () => {
        const range = { start: at(restartedAt), end: at(Date.now()), stepMs: 1_000 };
        return (await meridian.metrics.query({ metric: "up", ...range })).series[0]?.values.some((value) => value === 1);
      };
      await expect.poll(seen, { timeout: 60_000, interval: 500 }).toBe(true);
      expect(await prometheus.own("prometheus_remote_storage_samples_failed_total")).toBeGreaterThan(0);
      const told = prometheus
        .output()
        .split("\n")
        .find((line) => line.includes("400 Bad Request"));
      const oldest = /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(told?.slice(told.indexOf("err=")) ?? "")?.[0];
      expect(Math.abs(Date.parse(oldest ?? "") - (restartedAt - TAKEN_MS))).toBeLessThan(60_000);
    } finally {
      await prometheus.stop();
      await server.stop();
      removeState(server);
    }
  });
});

/** Holds the room for bodies of foreign protocols with two uploads that stop before their end. */
async function fillInFlight(url: string, key: string, forMs: number): Promise<void> {
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/x-protobuf",
    "content-encoding": "snappy",
    "content-length": METRIC_LIMITS.foreignBytes,
  };
  const uploads = [0, 1].map(() => {
    const upload = request(`${url}/prometheus/api/v1/write`, { method: "POST", headers });
    upload.on("error", () => {}); // it is cut off below
    upload.write(Buffer.alloc(METRIC_LIMITS.foreignBytes - 1_024));
    return upload;
  });
  await wait(forMs);
  for (const upload of uploads) upload.destroy();
}
