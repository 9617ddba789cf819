import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { DEMO_EMAIL, seedDemo } from "../../scripts/serve/demo.ts";
import { startServer } from "../../scripts/serve/server.ts";
import { openState } from "../../scripts/serve/state.ts";
import { findPeer, type Peer, PEER_INSTALL, startPeer } from "../../tests/lib/peers.ts";
import { freePort } from "../../tests/lib/server.ts";
import { inspect, profileTop } from "../lib/inspector.ts";
import { encodeWriteRequest, REMOTE_WRITE_HEADERS, WireSeries } from "../lib/remote-write.ts";
import { runtimeCpuSeconds, treeCpuSeconds } from "./cpu.ts";
import { load, type LoadResult } from "./load.ts";
import { targetSeries, valueAt, type Values } from "../../core/observe/workload-testing.ts";

const HOST = "127.0.0.1";
/** Each with 1,000 series: four fifths of what a shard holds. */
const TARGETS = 16;
const SERIES = 1_000;
const STEP_MS = 5_000;
/** Nothing is sent for so long after the last turn: what the servers do behind their answers belongs to the cost. */
const SETTLE_MS = 6_000;

interface Side {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Requests in flight for each target. A peer refuses or drops what comes out of order, so it gets one. */
  readonly perTarget: number;
  readonly cpuSeconds: () => number;
  readonly turns: LoadResult[];
}

export interface RemoteWriteFlags {
  readonly points: number;
  readonly rounds: number;
  readonly perTarget: number;
  readonly values: Values;
  /** Also show where the runtime's time goes; the profiler itself takes some. */
  readonly profile: boolean;
}

/**
 * The same remote-write bodies to Meridian, Prometheus and VictoriaMetrics by turns: 1,000 series of eleven labels a request, one
 * new point each, 16 targets. CPU is counted from before the first request until after the last one's echo.
 */
export async function runRemoteWrite(flags: RemoteWriteFlags): Promise<void> {
  if (!findPeer("prometheus") || !findPeer("victoria-metrics")) {
    console.error(`This benchmark needs prometheus and victoria-metrics:\n  ${PEER_INSTALL}`);
    process.exit(2);
  }
  const folder = mkdtempSync(join(tmpdir(), "meridian-bench-"));
  const peers: Peer[] = [];
  const port = await freePort();
  const inspectorPort = await freePort();
  const server = await startServer({
    host: HOST,
    port,
    ...(flags.profile ? { inspectorPort } : {}),
    state: openState(join(folder, "state")),
    vars: { LOG_REQUESTS: "off", DEPLOYMENT_ADMINS: DEMO_EMAIL },
    onLog: (line, level) => (level === "error" ? console.error(line) : undefined),
  });
  try {
    const demo = await seedDemo(server.url, join(folder, "state"));
    const prometheus = await startPrometheus(folder, peers);
    const victoria = await startVictoria(folder, peers);
    const sides: Side[] = [
      {
        name: "Meridian",
        url: `${server.url}/prometheus/api/v1/write`,
        headers: { authorization: `Bearer ${demo.apiKey}` },
        perTarget: flags.perTarget,
        cpuSeconds: () => runtimeCpuSeconds() ?? Number.NaN,
        turns: [],
      },
      { ...prometheus, name: "Prometheus 2.42", headers: {}, perTarget: 1, turns: [] },
      { ...victoria, name: "VictoriaMetrics 1.79", headers: {}, perTarget: 1, turns: [] },
    ];
    const series = Array.from({ length: TARGETS }, (_, target) =>
      targetSeries(target, SERIES).map(
        ({ metric, labels }) => new WireSeries(Object.entries({ ...labels, __name__: metric }).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      ),
    );
    const startMs = Date.now() - flags.points * STEP_MS;
    let bytes = 0;
    const inspector = flags.profile ? await inspect(inspectorPort, "meridian") : undefined;
    await inspector?.call("Profiler.enable");
    await inspector?.call("Profiler.start");
    const before = sides.map(({ cpuSeconds }) => cpuSeconds());
    // The first point alone, one request after another of a target: the series become known. It counts too.
    const cuts = [0, ...Array.from({ length: flags.rounds + 1 }, (_, i) => 1 + Math.floor((i * (flags.points - 1)) / flags.rounds))];
    for (const [round, end] of cuts.entries()) {
      const from = cuts[round - 1];
      if (from === undefined) continue;
      // Made before the turn, so that nothing else runs within it.
      const bodies = series.map((own, target) =>
        Array.from({ length: end - from }, (_, i) => {
          const point = from + i;
          const value = (n: number) => valueAt(target * SERIES + n, point, flags.values);
          const atMs = startMs + point * STEP_MS;
          return encodeWriteRequest(own.map((one, n) => ({ series: one, value: value(n), atMs })));
        }),
      );
      bytes = bodies[0]?.[0]?.length ?? 0;
      for (const side of sides) side.turns.push(await turn(side, bodies, round === 1 ? 1 : side.perTarget));
    }
    await new Promise((later) => setTimeout(later, SETTLE_MS));
    const after = sides.map(({ cpuSeconds }) => cpuSeconds());
    print(
      sides.map((side, i) => ({ side, cpuSeconds: (after[i] ?? Number.NaN) - (before[i] ?? Number.NaN) })),
      flags,
      bytes,
    );
    if (inspector) {
      const top = profileTop(await inspector.call("Profiler.stop"), 25);
      inspector.close();
      console.log("\n| share of the runtime's time | function |\n|---|---|");
      for (const { name, share } of top) console.log(`| ${(100 * share).toFixed(1)} % | ${name} |`);
    }
  } finally {
    for (const peer of peers) await peer.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sends every body once, each target's in the order of time. */
async function turn(side: Side, bodies: readonly (readonly Uint8Array[])[], perTarget: number): Promise<LoadResult> {
  const next = bodies.map(() => 0);
  return await load({
    url: side.url,
    headers: { ...REMOTE_WRITE_HEADERS, ...side.headers },
    connections: TARGETS * perTarget,
    statuses: [200, 204],
    body: (connection) => {
      const target = connection % TARGETS;
      const point = next[target] ?? 0;
      next[target] = point + 1;
      return bodies[target]?.[point];
    },
  });
}

async function startPrometheus(folder: string, peers: Peer[]): Promise<Pick<Side, "url" | "cpuSeconds">> {
  const address = `${HOST}:${await freePort()}`;
  const config = join(folder, "prometheus.yml");
  writeFileSync(config, "global: {}\n");
  const data = join(folder, "prometheus");
  mkdirSync(data);
  const peer = await startPeer(
    "prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=${address}`,
      "--web.enable-remote-write-receiver",
      "--log.level=warn",
    ],
    `http://${address}/-/ready`,
  );
  peers.push(peer);
  return { url: `http://${address}/api/v1/write`, cpuSeconds: () => treeCpuSeconds(peer.process.pid ?? 0) ?? Number.NaN };
}

async function startVictoria(folder: string, peers: Peer[]): Promise<Pick<Side, "url" | "cpuSeconds">> {
  const address = `${HOST}:${await freePort()}`;
  const peer = await startPeer(
    "victoria-metrics",
    [`-storageDataPath=${join(folder, "victoria")}`, `-httpListenAddr=${address}`, "-loggerLevel=ERROR"],
    `http://${address}/health`,
  );
  peers.push(peer);
  return { url: `http://${address}/api/v1/write`, cpuSeconds: () => treeCpuSeconds(peer.process.pid ?? 0) ?? Number.NaN };
}

function print(results: readonly { side: Side; cpuSeconds: number }[], flags: RemoteWriteFlags, bytes: number): void {
  const samples = TARGETS * SERIES * flags.points;
  console.log(
    `\nremote-write 1.0: ${SERIES} series of 11 labels a request, one new point each, ${Math.round(bytes / 1_000)} KB compressed, values ${flags.values}; ${TARGETS} targets, ${flags.points} points, ${samples.toLocaleString("en")} samples to each by ${flags.rounds} turns; ${cpus().length} cores with the load generator on them\n`,
  );
  console.log("| server | connections | samples/s | p50 ms | p99 ms | CPU s | samples per CPU-second | failed |");
  console.log("|---|---|---|---|---|---|---|---|");
  for (const { side, cpuSeconds } of results) {
    const turns = side.turns.slice(1);
    const columns = [
      TARGETS * side.perTarget,
      Math.round(samples / seconds(turns)).toLocaleString("en"),
      median(turns.map(({ p50 }) => p50)).toFixed(1),
      Math.max(...turns.map(({ p99 }) => p99)).toFixed(1),
      cpuSeconds.toFixed(2),
      Math.round(samples / cpuSeconds).toLocaleString("en"),
      side.turns.reduce((sum, { failed }) => sum + failed, 0),
    ];
    console.log(`| ${side.name} | ${columns.join(" | ")} |`);
  }
  const [ours, prometheus, victoria] = results.map(({ cpuSeconds }) => samples / cpuSeconds);
  console.log(
    `\n${((ours ?? 0) / (prometheus ?? 1)).toFixed(2)} times Prometheus (must: 3), ${((ours ?? 0) / (victoria ?? 1)).toFixed(2)} times VictoriaMetrics (goal: 1)`,
  );
}

function seconds(turns: readonly LoadResult[]): number {
  return turns.reduce((sum, { requests, perSecond }) => sum + requests / perSecond, 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
