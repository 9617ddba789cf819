import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { METRIC_LIMITS, type Tier } from "../../contract/metric-limits.ts";
import { storageSchema } from "../../contract/metric-catalog.ts";
import { removeState, startTestServer, type TestServer } from "../../tests/lib/server.ts";
import { encodeWriteRequest, REMOTE_WRITE_HEADERS, WireSeries } from "../lib/remote-write.ts";
import { readRecording, record, type Recording } from "./recording.ts";

const SECOND = 1_000;
/** Of one request. */
const SCRAPES = 20;
/** By then the newest samples are sealed and their minutes made, which happens every four hours; and their hours, every two days with a day's lag. */
const MINUTES_LATER_MS = 5 * 3_600_000;
const HOURS_LATER_MS = 75 * 3_600_000;
const LABELS = [
  ["instance", "web-1.example.net:9100"],
  ["job", "node"],
] as const;

/** A recorded stream at the pace at which it is stored. */
interface Pace {
  readonly title: string;
  readonly scrapes: Recording["scrapes"];
}

/** What a real stream of a node_exporter takes on disk, by what the shard says of its rows. Each pace has a server of its own. */
export async function measureBytes(recordingFile: string | undefined, recordSeconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "meridian-bench-"));
  try {
    const file = recordingFile ?? join(folder, "recording.ndjson");
    if (!recordingFile) await record(file, recordSeconds);
    const recording = readRecording(file);
    console.log(`${recording.series.length} series, ${recording.scrapes.length} scrapes of a node_exporter, one a second\n`);
    console.log("| stream | raw samples | bytes per sample (must 1.5) | minutes | bytes per point (must 5) | hours | bytes per point |");
    console.log("|---|---|---|---|---|---|---|");
    for (const pace of pacesOf(recording)) console.log(await measure(recording, pace));
    console.log(await measureImported(recording));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pacesOf({ scrapes }: Recording): Pace[] {
  const every = (n: number) => scrapes.filter((_, i) => i % n === 0);
  const first = scrapes[0]?.atMs ?? 0;
  // Jitter of a real scraper stays: only the distance between scrapes grows.
  const stretched = scrapes.map(({ atMs, values }, i) => ({ values, atMs: first + i * 15 * SECOND + (atMs - first - i * SECOND) }));
  return [
    { title: "as recorded, every second", scrapes },
    { title: "every 15th scrape", scrapes: every(15) },
    { title: "all scrapes as if 15 s apart", scrapes: stretched },
  ];
}

async function measure(recording: Recording, pace: Pace): Promise<string> {
  const lengthMs = (pace.scrapes.at(-1)?.atMs ?? 0) - (pace.scrapes[0]?.atMs ?? 0);
  if (lengthMs > METRIC_LIMITS.pastMs - MINUTES_LATER_MS) throw new Error(`${pace.title}: longer than the raw tier`);
  const shiftMs = Math.floor(Date.now() / SECOND) * SECOND - (pace.scrapes.at(-1)?.atMs ?? 0);
  const wire = recording.series.map((labels) => new WireSeries([...labels, ...LABELS].toSorted(([a], [b]) => (a < b ? -1 : 1))));
  let server = await startTestServer();
  try {
    for (let from = 0; from < pace.scrapes.length; from += SCRAPES) {
      const samples = pace.scrapes.slice(from, from + SCRAPES).flatMap(({ atMs, values }) =>
        wire.flatMap((series, i) => {
          const value = values[i] ?? Number.NaN;
          return Number.isNaN(value) ? [] : [{ series, value, atMs: atMs + shiftMs }];
        }),
      );
      const headers = { ...REMOTE_WRITE_HEADERS, authorization: `Bearer ${server.demo.apiKey}` };
      const answer = await fetch(`${server.url}/prometheus/api/v1/write`, { method: "POST", headers, body: encodeWriteRequest(samples) });
      if (!answer.ok) throw new Error(`refused: ${await answer.text()}`);
    }
    server = await restarted(server, MINUTES_LATER_MS);
    const tiers = await settledTiers(server.url, server.demo.apiKey, ["raw", "minute"]);
    server = await restarted(server, HOURS_LATER_MS);
    return rowOf(pace.title, [...tiers, ...(await settledTiers(server.url, server.demo.apiKey, ["hour"]))]);
  } finally {
    await server.stop();
    removeState(server);
  }
}

const IMPORTED_STEP_MS = 96 * SECOND;
/** Series of one import, whose points are limited. */
const IMPORTED_SERIES = 200;

/** All scrapes as two days that are past, through an import: rollups alone, with rows of hours as full as they come to be. */
async function measureImported({ series, scrapes }: Recording): Promise<string> {
  let server = await startTestServer();
  try {
    const endMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - METRIC_LIMITS.pastMs - 3_600_000;
    const lines = series.map((labels, i) => {
      const points = scrapes
        .map(({ values }, n) => [endMs - (scrapes.length - n) * IMPORTED_STEP_MS, values[i] ?? Number.NaN] as const)
        .filter(([, value]) => Number.isFinite(value));
      const { __name__: metric, ...own } = Object.fromEntries(labels);
      const [timestamps, values] = [points.map(([at]) => at), points.map(([, value]) => value)];
      return JSON.stringify({ metric, labels: { ...own, ...Object.fromEntries(LABELS) }, timestamps, values });
    });
    for (let from = 0; from < lines.length; from += IMPORTED_SERIES) {
      const body = lines.slice(from, from + IMPORTED_SERIES).join("\n");
      const headers = { "content-type": "application/x-ndjson", authorization: `Bearer ${server.demo.apiKey}` };
      const answer = await fetch(`${server.url}/v1/metrics/import`, { method: "POST", headers, body });
      if (!answer.ok) throw new Error(`refused: ${await answer.text()}`);
    }
    server = await restarted(server, HOURS_LATER_MS);
    const tiers = await settledTiers(server.url, server.demo.apiKey, ["minute", "hour"]);
    return rowOf("all scrapes as if 96 s apart, imported", [{ points: 0, bytes: 0 }, ...tiers]);
  } finally {
    await server.stop();
    removeState(server);
  }
}

async function restarted({ state, port, stop }: TestServer, laterMs: number): Promise<TestServer> {
  await stop();
  return await startTestServer({ state, port, args: ["--clock-offset", String(laterMs)] });
}

function rowOf(title: string, tiers: readonly TierSize[]): string {
  const cells = tiers.map(({ points, bytes }) => `${points.toLocaleString("en")} | ${points === 0 ? "" : (bytes / points).toFixed(2)}`);
  return `| ${title} | ${cells.join(" | ")} |`;
}

interface TierSize {
  readonly points: number;
  readonly bytes: number;
}

/** Waits until these tiers have points and nothing waits to become one of theirs. @throws when that takes more than two minutes */
async function settledTiers(url: string, key: string, names: readonly Tier[]): Promise<TierSize[]> {
  let before = "";
  for (let tries = 0; tries < 60; tries++) {
    const answer = await fetch(`${url}/v1/metrics/storage`, { headers: { authorization: `Bearer ${key}` } });
    if (!answer.ok) throw new Error(await answer.text());
    const { shards } = storageSchema.parse(await answer.json());
    const tiers = names.map((name) => {
      const all = shards.flatMap(({ tiers: ofShard }) => ofShard.filter(({ tier }) => tier === name));
      return { points: sum(all.map(({ points }) => points)), bytes: sum(all.map(({ bytes }) => bytes)) };
    });
    const now = JSON.stringify(tiers);
    const waiting = sum(shards.map(({ unsealedPoints }) => unsealedPoints));
    if (waiting === 0 && tiers.every(({ points }) => points > 0) && now === before) return tiers;
    before = now;
    await new Promise((later) => setTimeout(later, 2 * SECOND));
  }
  throw new Error(`upkeep does not come to an end: ${before}`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
