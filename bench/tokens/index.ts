import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as z from "zod";
import { BUILD_STEPS, runStep } from "../../scripts/lib/build-steps.ts";
import { ROOT, run as runProgram } from "../../scripts/lib/project.ts";
import { startServer } from "../../scripts/serve/server.ts";
import { openState } from "../../scripts/serve/state.ts";
import { freePort } from "../../tests/lib/server.ts";
import { runtimeCpuSeconds } from "../metrics/cpu.ts";
import { load, type LoadResult } from "./load.ts";

const HOST = "127.0.0.1";
const COMPATIBILITY_DATE = "2026-08-15";
/** Four times what an isolate remembers: a token that comes round again was forgotten. */
const DISTINCT = 20_000;
/** The bound on what a verification adds at the median, microseconds. */
const BUDGET_US = 150;

interface Round extends LoadResult {
  readonly cpuUs: number;
}

/** One endpoint under one kind of credential. */
interface Case {
  readonly name: string;
  readonly url: string;
  readonly token: () => string | undefined;
  readonly status: number;
  /** CPU of its server so far, microseconds. */
  readonly cpu: () => Promise<number>;
  readonly rounds: Round[];
  readonly flood: LoadResult[];
}

/**
 * A bare route beside the same with a verified token, in our request path and with jose on Node's server, by turns. One connection for
 * what a verification adds; thirty-two for forged tokens. `--rounds` (5), `--seconds` (2) each.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "2" } } });
  const seconds = Number(values.seconds);
  for (const step of BUILD_STEPS) await runStep(step);
  const folder = mkdtempSync(join(tmpdir(), "meridian-bench-"));
  const benchPort = await freePort();
  const ours = `http://${HOST}:${benchPort}`;
  const state = openState(join(folder, "state"));
  const server = await startServer({
    host: HOST,
    port: await freePort(),
    state,
    vars: { LOG_REQUESTS: "off" },
    beside: [
      {
        name: "bench",
        compatibilityDate: COMPATIBILITY_DATE,
        compatibilityFlags: ["nodejs_compat"],
        modules: true,
        script: await bundleWorker(folder),
        bindings: { LOG_REQUESTS: "off", PUBLIC_URL: ours, KEY_RING: state.keyRing, SINGLE_NODE: "false" },
        unsafeDirectSockets: [{ host: HOST, port: benchPort, entrypoint: "Bench" }],
      },
    ],
  });
  let peer: ChildProcess | undefined;
  try {
    const good = z.array(z.string()).parse(await json(`${ours}/mint?count=${DISTINCT}`));
    const forged = good.map((token, n) => `${token.slice(0, -6)}${String(n).padStart(6, "A")}`);
    const started = await startPeer([`${ours}/jwks`, `${ours}/p/bench/minted`, ours]);
    peer = started.process;
    const cases = [...casesOf("", ours, good, forged, runtimeCpu), ...casesOf("jose on Node: ", started.url, good, forged, started.cpu)];
    for (const one of cases) await load({ ...one, connections: 1, seconds: 1 });
    for (let i = 0; i < Number(values.rounds); i++) for (const one of cases) one.rounds.push(await measure(one, seconds));
    const before = await callsOf(ours);
    for (let i = 0; i < Number(values.rounds); i++)
      for (const one of cases.filter(({ status }) => status === 401)) one.flood.push(await load({ ...one, connections: 32, seconds }));
    print(cases, { seconds, rounds: Number(values.rounds), objectCalls: (await callsOf(ours)) - before });
  } finally {
    peer?.kill();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function casesOf(prefix: string, url: string, good: readonly string[], forged: readonly string[], cpu: Case["cpu"]): Case[] {
  const at = (name: string, path: string, token: Case["token"], status: number): Case => ({ name: prefix + name, url: url + path, token, status, cpu, rounds: [], flood: [] }); // prettier-ignore
  return [
    at("bare route", "/v1/bare", () => undefined, 200),
    at("the same token each time", "/v1/guarded", () => good[0], 200),
    at("another token each time", "/v1/guarded", inTurn(good), 200),
    at("forged tokens", "/v1/guarded", inTurn(forged), 401),
  ];
}

/** One after the other over all rounds, so that none comes again before all others have. */
function inTurn(tokens: readonly string[]): Case["token"] {
  let next = 0;
  return () => tokens[next++ % tokens.length];
}

async function measure(one: Case, seconds: number): Promise<Round> {
  const before = await one.cpu();
  const result = await load({ ...one, connections: 1, seconds });
  return { ...result, cpuUs: ((await one.cpu()) - before) / result.requests };
}

function print(cases: readonly Case[], { seconds, rounds, objectCalls }: { seconds: number; rounds: number; objectCalls: number }): void {
  console.log(
    `One connection, ${rounds} rounds of ${seconds} s by turns, medians; ${cpus().length} cores with the load generator on them\n`,
  );
  console.log("| | p50 us | added | CPU us per request | added | forged tokens/s, 32 connections |");
  console.log("|---|---|---|---|---|---|");
  const added = new Map<string, number>();
  let bare: Case | undefined;
  for (const one of cases) {
    if (one.name.endsWith("bare route")) bare = one;
    const of = (pick: (round: Round) => number): number => median(one.rounds.map(pick));
    // Pairs of the same turn: a machine that is busy for a while slows both.
    const over = (pick: (round: Round) => number): number =>
      median(one.rounds.map((round, i) => pick(round) - pick(bare?.rounds[i] ?? round)));
    added.set(
      one.name,
      over(({ p50 }) => p50),
    );
    const isBare = one === bare;
    const flood = one.flood.length > 0 ? String(Math.round(median(one.flood.map(({ perSecond }) => perSecond)))) : "";
    const columns = [
      of(({ p50 }) => p50).toFixed(0),
      isBare ? "" : over(({ p50 }) => p50).toFixed(0),
      of(({ cpuUs }) => cpuUs).toFixed(0),
      isBare ? "" : over(({ cpuUs }) => cpuUs).toFixed(0),
      flood,
    ];
    console.log(`| ${one.name} | ${columns.join(" | ")} |`);
  }
  const worst = added.get("another token each time") ?? Number.NaN;
  console.log(`\na verification adds ${worst.toFixed(0)} us at the median (must: at most ${BUDGET_US} us)`);
  console.log(`object calls during ${rounds * seconds} s of forged tokens: ${objectCalls}`);
  if (!(worst <= BUDGET_US)) process.exitCode = 1;
}

/** The benchmark's worker as one module, bundled like the platform. */
async function bundleWorker(folder: string): Promise<string> {
  const config = join(folder, "wrangler.toml");
  const main = fileURLToPath(new URL("./worker.mjs", import.meta.url));
  mkdirSync(join(folder, "out"));
  writeFileSync(config, `name = "bench"\nmain = ${JSON.stringify(main)}\ncompatibility_date = "${COMPATIBILITY_DATE}"\ncompatibility_flags = ["nodejs_compat"]\n`); // prettier-ignore
  const { code, output } = await runProgram("wrangler", ["deploy", "--dry-run", "--config", config, "--outdir", join(folder, "out")]);
  if (code !== 0) throw new Error(`the benchmark's worker cannot be bundled:\n${output}`);
  return readFileSync(join(folder, "out/worker.js"), "utf8");
}

async function startPeer(args: readonly string[]): Promise<{ process: ChildProcess; url: string; cpu: Case["cpu"] }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("./peer.ts", import.meta.url)), ...args], { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] }); // prettier-ignore
  const port = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the peer ended with ${code}`)));
    createInterface(child.stdout).once("line", resolve);
  });
  const url = `http://${HOST}:${port}`;
  const usage = z.object({ user: z.number(), system: z.number() });
  const cpu = async (): Promise<number> => {
    const { user, system } = usage.parse(await json(`${url}/cpu`));
    return user + system;
  };
  return { process: child, url, cpu };
}

async function runtimeCpu(): Promise<number> {
  return await Promise.resolve((runtimeCpuSeconds() ?? Number.NaN) * 1e6);
}

async function callsOf(url: string): Promise<number> {
  return z.object({ calls: z.number() }).parse(await json(`${url}/calls`)).calls;
}

async function json(url: string): Promise<unknown> {
  return await (await fetch(url)).json();
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
