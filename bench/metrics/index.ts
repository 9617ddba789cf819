import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BUILD_STEPS, runStep } from "../../scripts/lib/build-steps.ts";
import { DEMO_EMAIL, seedDemo } from "../../scripts/serve/demo.ts";
import { startServer } from "../../scripts/serve/server.ts";
import { openState } from "../../scripts/serve/state.ts";
import { freePort } from "../../tests/lib/server.ts";
import { Body, SAMPLES } from "./bodies.ts";
import { runtimeCpuSeconds } from "./cpu.ts";
import { runMemory } from "./memory.ts";
import { load, type LoadResult } from "./load.ts";
import { runRemoteWrite } from "./remote-write.ts";
import { runRows } from "./rows.ts";
import { runShard } from "./shard.ts";
import type { Values } from "../../core/observe/workload-testing.ts";

const HOST = "127.0.0.1";
/** Each with 1,000 series: four fifths of what a shard holds. */
const AGENTS = 16;
/** Samples begin so long ago, and each request of an agent is so much later: at five seconds hours would pass in a run, and old samples take another way. */
const START_MS = 9 * 60_000;
const STEP_MS = 100;

/** The least that a JSON endpoint can do: the measure of the must "at least half of its requests per second". */
const PARSE_ONLY = `
import { WorkerEntrypoint } from "cloudflare:workers";
export class Parse extends WorkerEntrypoint {
  async fetch(request) {
    JSON.parse(await request.text());
    return new Response("{}", { status: 202 });
  }
}
export default {};
`;

interface Round extends LoadResult {
  readonly cpuSeconds: number | undefined;
}

/**
 * `--part` one of `rows`, `shard`, `memory`, `json`, `remote-write`; all when absent. The flags of each are described with it.
 */
export async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      part: { type: "string" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "4" },
      connections: { type: "string", default: "256" },
      values: { type: "string", default: "mixed" },
      points: { type: "string", default: "300" },
      "per-target": { type: "string", default: "10" },
      profile: { type: "boolean", default: false },
      "skip-build": { type: "boolean", default: false },
    },
  });
  const values: Values = flags.values === "noise" ? "noise" : "mixed";
  const rounds = Number(flags.rounds);
  const isPart = (name: string) => flags.part === undefined || flags.part === name;
  if (isPart("rows")) runRows();
  if (isPart("shard")) runShard(values);
  if (isPart("memory")) await runMemory();
  if (["rows", "shard", "memory"].includes(flags.part ?? "")) return;
  if (!flags["skip-build"]) for (const step of BUILD_STEPS) await runStep(step);
  if (isPart("json")) await runJson({ rounds, seconds: Number(flags.seconds), connections: Number(flags.connections), values });
  if (isPart("remote-write")) {
    const perTarget = Number(flags["per-target"]);
    await runRemoteWrite({ points: Number(flags.points), rounds, perTarget, values, profile: flags.profile });
  }
}

/**
 * Ingest of 1,000 samples a request beside an endpoint that only parses the same bytes, in the same runtime, by turns.
 * `--rounds` (5), `--seconds` (4) each, `--connections` (256: rows are full, so none waits for the pace), `--values mixed|noise`.
 */
async function runJson(flags: { rounds: number; seconds: number; connections: number; values: Values }): Promise<void> {
  const { connections, seconds, values: kind } = flags;
  const folder = mkdtempSync(join(tmpdir(), "meridian-bench-"));
  const [port, parsePort] = [await freePort(), await freePort()];
  const server = await startServer({
    host: HOST,
    port,
    state: openState(join(folder, "state")),
    vars: { LOG_REQUESTS: "off", DEPLOYMENT_ADMINS: DEMO_EMAIL },
    beside: [
      {
        name: "parse-only",
        compatibilityDate: "2026-08-15",
        modules: true,
        script: PARSE_ONLY,
        unsafeDirectSockets: [{ host: HOST, port: parsePort, entrypoint: "Parse" }],
      },
    ],
  });
  try {
    const demo = await seedDemo(server.url, join(folder, "state"));
    const bodies = Array.from({ length: connections }, (_, n) => new Body(n % AGENTS, kind));
    const clocks = Array.from({ length: AGENTS }, () => Date.now() - START_MS);
    let sequence = 0;
    const round = async (url: string, roundSeconds: number): Promise<Round> => {
      const before = runtimeCpuSeconds();
      const result = await load({
        url,
        headers: { authorization: `Bearer ${demo.apiKey}` },
        connections,
        seconds: roundSeconds,
        statuses: [202],
        body: (n) => {
          const agent = n % AGENTS;
          const at = clocks[agent] ?? 0;
          // Long runs begin again and write over what is there.
          clocks[agent] = at + STEP_MS > Date.now() ? Date.now() - START_MS : at + STEP_MS;
          return (bodies[n] ?? new Body(agent, kind)).stamp(++sequence, at);
        },
      });
      const after = runtimeCpuSeconds();
      return { ...result, cpuSeconds: before === undefined || after === undefined ? undefined : after - before };
    };
    const ingestUrl = `${server.url}/v1/metrics/ingest`;
    const parseUrl = `http://${HOST}:${parsePort}/`;
    await round(ingestUrl, 2);
    await round(parseUrl, 1);
    const ingest: Round[] = [];
    const parse: Round[] = [];
    for (let i = 0; i < flags.rounds; i++) {
      parse.push(await round(parseUrl, seconds));
      ingest.push(await round(ingestUrl, seconds));
    }
    print(ingest, parse, { connections, seconds, kind, bytes: bodies[0]?.bytes.length ?? 0 });
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(
  ingest: readonly Round[],
  parse: readonly Round[],
  setting: { connections: number; seconds: number; kind: string; bytes: number },
): void {
  console.log(
    `${SAMPLES} samples, ${Math.round(setting.bytes / 1_000)} KB of JSON, values ${setting.kind}; ${setting.connections} connections, ${ingest.length} rounds of ${setting.seconds} s by turns, medians; ${cpus().length} cores with the load generator on them\n`,
  );
  console.log("| endpoint | requests/s | p50 ms | p99 ms | CPU ms per request | samples per CPU-second | failed |");
  console.log("|---|---|---|---|---|---|---|");
  for (const [name, rounds] of [
    ["JSON.parse(await req.text())", parse],
    ["POST /v1/metrics/ingest", ingest],
  ] as const) {
    const cpu = cpuPerRequest(rounds);
    const failed = rounds.reduce((sum, round) => sum + round.failed, 0);
    const columns = [
      Math.round(median(rounds.map(({ perSecond }) => perSecond))),
      median(rounds.map(({ p50 }) => p50)).toFixed(1),
      median(rounds.map(({ p99 }) => p99)).toFixed(1),
      cpu.toFixed(3),
      Math.round(SAMPLES / (cpu / 1_000)).toLocaleString("en"),
      failed,
    ];
    console.log(`| ${name} | ${columns.join(" | ")} |`);
  }
  const paired = median(ingest.map(({ perSecond }, i) => perSecond / (parse[i]?.perSecond ?? Number.NaN)));
  const medians = median(ingest.map(({ perSecond }) => perSecond)) / median(parse.map(({ perSecond }) => perSecond));
  const cpu = cpuPerRequest(parse) / cpuPerRequest(ingest);
  console.log(
    `\ningest / parse: ${percent(medians)} of the requests per second (must: at least 50 %; ${percent(paired)} as the median of pairs), ${percent(cpu)} by CPU per request`,
  );
}

/** Milliseconds; NaN where the system does not tell. */
function cpuPerRequest(rounds: readonly Round[]): number {
  return median(rounds.map(({ cpuSeconds, requests }) => ((cpuSeconds ?? Number.NaN) * 1_000) / requests));
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(0)} %`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
