import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Meridian } from "../../sdk/client.ts";
import { BUILD_STEPS, runStep } from "../../scripts/lib/build-steps.ts";
import { DEMO_EMAIL, seedDemo } from "../../scripts/serve/demo.ts";
import { runtimeCpuSeconds, treeCpuSeconds } from "../metrics/cpu.ts";
import { startServer } from "../../scripts/serve/server.ts";
import { openState } from "../../scripts/serve/state.ts";
import { mulberry } from "../../tests/lib/random.ts";
import { freePort } from "../../tests/lib/server.ts";
import { runBatches } from "./batches.ts";
import { runInside } from "./inside.ts";
import { commitToFrame } from "./live.ts";
import { closedLoop, type LoadResult, openLoop, type Shape } from "./load.ts";
import { type OwnRedis, rawRankMicros, startPeerServer, startRedis, usedMemory, version } from "./redis.ts";
import { objectReadsOfTops } from "./tops.ts";

const HOST = "127.0.0.1";
const BOARD = "bench";
const TOKEN = "bench-token";
const CONNECTIONS = 32;
/** Scores that leave a player's best as it is are as frequent as in play: half of all. */
const SPREAD = 10_000;

const OPERATIONS = ["submit", "rank", "top 100", "batch of 1,000"] as const;
type Operation = (typeof OPERATIONS)[number];
/** The bounds on our requests per second over Fastify's with `appendfsync always`; the first two are musts. */
const BOUNDS: Readonly<Record<Operation, number>> = { submit: 0.5, rank: 0.6, "top 100": 1.5, "batch of 1,000": 1 };
const P95_MS: Partial<Record<Operation, number>> = { submit: 100, "top 100": 50, rank: 10 };

const FRAME_P95_MS = 500;
const PACE = 200;
const OBJECT_READS = 3;

interface Contestant {
  readonly name: string;
  readonly shape: (operation: Operation) => Shape;
  readonly results: Map<Operation, Measured[]>;
  /** CPU seconds of its processes so far. */
  readonly cpu: () => number;
}

interface Measured extends LoadResult {
  readonly cpuMicros: number;
}

/**
 * A leaderboard of ours beside Fastify with ioredis before Redis, over HTTP, by turns; what Redis itself takes for a rank and for a
 * million players. `--players` (100000; repeat with 1000000), `--rounds` (3), `--seconds` (4).
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      players: { type: "string", default: "100000" },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "4" },
    },
  });
  const players = Number(values.players);
  const seconds = Number(values.seconds);
  for (const step of BUILD_STEPS) await runStep(step);
  const inside = await runInside(players);
  await runBatches();
  const folder = mkdtempSync(join(tmpdir(), "meridian-bench-"));
  const state = openState(join(folder, "state"));
  const port = await freePort();
  const server = await startServer({ host: HOST, port, state, vars: { LOG_REQUESTS: "off", DEPLOYMENT_ADMINS: DEMO_EMAIL } });
  const redises: OwnRedis[] = [];
  const stops: (() => void)[] = [];
  try {
    const url = `http://${HOST}:${port}`;
    const demo = await seedDemo(url, join(folder, "state"));
    const client = new Meridian({ url, key: demo.apiKey });
    await client.leaderboards.create({ board: BOARD, title: "Bench", windows: ["all"] });
    const began = performance.now();
    await fillOurs(client, players);
    console.log(`${players} players imported in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
    const contestants: Contestant[] = [ours(url, demo.apiKey, players)];
    for (const fsync of ["always", "everysec"] as const) {
      const redis = await startRedis(fsync);
      redises.push(redis);
      const empty = await usedMemory(redis.client);
      await fillRedis(redis, players);
      if (fsync === "always") {
        const bytes = (await usedMemory(redis.client)) - empty;
        const micros = await rawRankMicros(redis.client, players, mulberry(7));
        console.log(
          `Redis ${await version(redis.client)}: ${(bytes / 2 ** 20).toFixed(1)} MiB for ${players} players, ZREVRANK ${micros.toFixed(2)} us inside`,
        );
        const heapRatio = bytes / inside.heapBytes;
        console.log(
          `heap: Redis' growth is ${heapRatio.toFixed(0)} times ours (must: >= 50); rank inside: ${(inside.rankMicros / micros).toFixed(1)} times Redis' (bound: <= 3)`,
        );
        if (!(heapRatio >= 50)) process.exitCode = 1;
      }
      const peer = await startPeerServer(redis.path, TOKEN);
      stops.push(peer.stop);
      const cpu = () => [peer.pid, redis.pid].reduce((sum, pid) => sum + (treeCpuSeconds(pid) ?? Number.NaN), 0);
      contestants.push(theirs(`Fastify, ioredis, Redis ${fsync}`, `http://127.0.0.1:${peer.port}`, players, cpu));
    }
    for (const one of contestants) for (const operation of OPERATIONS) await closedLoop(one.shape(operation), CONNECTIONS, 1);
    for (let round = 0; round < Number(values.rounds); round++)
      for (const operation of OPERATIONS)
        for (const one of contestants) {
          const list = one.results.get(operation) ?? [];
          const cpu = one.cpu();
          const result = await closedLoop(one.shape(operation), CONNECTIONS, seconds);
          list.push({ ...result, cpuMicros: (1e6 * (one.cpu() - cpu)) / result.requests });
          one.results.set(operation, list);
        }
    const failed = printRates(contestants, players);
    let slow = await printPaced(contestants[0], seconds);
    const frames = await commitToFrame(client, BOARD, ours(url, demo.apiKey, players).shape("submit"), PACE, seconds * 2);
    console.log(`| commit to frame | ${frames.p50.toFixed(2)} | ${frames.p95.toFixed(2)} | < ${FRAME_P95_MS} |`);
    const reads = await objectReadsOfTops(client, url, demo.apiKey);
    console.log(`\n10,000 requests for a top in 10 s: ${reads} reads of the object (bound: <= ${OBJECT_READS})`);
    slow ||= !(frames.p95 < FRAME_P95_MS) || reads > OBJECT_READS;
    if (failed || slow) process.exitCode = 1;
  } finally {
    for (const stop of stops) stop();
    for (const redis of redises) await redis.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function scoreBody(n: number, players: number, random: () => number): { player: string; score: number } {
  return { player: `player-${Math.floor(random() * players)}`, score: Math.floor(random() * SPREAD) + (n % 7) };
}

function ours(url: string, token: string, players: number): Contestant {
  const random = mulberry(1);
  const base = `/v1/leaderboards/${BOARD}`;
  let batch = 0;
  const shape = (operation: Operation): Shape => {
    switch (operation) {
      case "submit":
        return { url, token, method: "POST", path: () => `${base}/scores`, body: (n) => JSON.stringify(scoreBody(n, players, random)) };
      case "rank":
        return { url, token, method: "GET", path: () => `${base}/players/player-${Math.floor(random() * players)}` };
      case "top 100":
        return { url, token, method: "GET", path: () => `${base}/top?limit=100` };
      case "batch of 1,000":
        return {
          url,
          token,
          method: "POST",
          path: () => `${base}/score-batches`,
          body: () =>
            JSON.stringify({ batchId: `b${batch++}`, items: Array.from({ length: 1_000 }, (_, n) => scoreBody(n, players, random)) }),
        };
    }
  };
  return { name: "Meridian", shape, results: new Map(), cpu: () => runtimeCpuSeconds() ?? Number.NaN };
}

function theirs(name: string, url: string, players: number, cpu: () => number): Contestant {
  const random = mulberry(1);
  const token = TOKEN;
  const shape = (operation: Operation): Shape => {
    switch (operation) {
      case "submit":
        return { url, token, method: "POST", path: () => "/scores", body: (n) => JSON.stringify(scoreBody(n, players, random)) };
      case "rank":
        return { url, token, method: "GET", path: () => `/players/player-${Math.floor(random() * players)}` };
      case "top 100":
        return { url, token, method: "GET", path: () => "/top" };
      case "batch of 1,000":
        return {
          url,
          token,
          method: "POST",
          path: () => "/batches",
          body: () => JSON.stringify({ items: Array.from({ length: 1_000 }, (_, n) => scoreBody(n, players, random)) }),
        };
    }
  };
  return { name, shape, results: new Map(), cpu };
}

async function fillOurs(client: Meridian, players: number): Promise<void> {
  const random = mulberry(2);
  const occurredAt = new Date(Date.now() - 60_000).toISOString();
  const perPart = 20_000;
  for (let from = 0; from < players; from += perPart) {
    const lines = [];
    for (let n = from; n < Math.min(players, from + perPart); n++)
      lines.push({ player: `player-${n}`, score: Math.floor(random() * SPREAD), occurredAt });
    await client.leaderboards.importScores(BOARD, lines, `fill-${from}`);
  }
}

async function fillRedis({ client }: OwnRedis, players: number): Promise<void> {
  const random = mulberry(2);
  for (let from = 0; from < players; from += 10_000) {
    const args: (string | number)[] = [];
    for (let n = from; n < Math.min(players, from + 10_000); n++) args.push(Math.floor(random() * SPREAD), `player-${n}`);
    await client.zadd("board", ...args);
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** @returns whether a must does not hold */
function printRates(contestants: readonly Contestant[], players: number): boolean {
  const rate = (one: Contestant | undefined, operation: Operation): number =>
    median(one?.results.get(operation)?.map(({ perSecond }) => perSecond) ?? []);
  const cpu = (one: Contestant | undefined, operation: Operation): number =>
    median(one?.results.get(operation)?.map(({ cpuMicros }) => cpuMicros) ?? []);
  const durable = contestants[1];
  let failed = false;
  console.log(
    `\n${players} players, ${CONNECTIONS} connections, ${cpus().length} cores with the load generator on them; requests/s (p99 ms; CPU us a request)\n`,
  );
  console.log(`| | ${contestants.map(({ name }) => name).join(" | ")} | ratio to the durable one | bound |`);
  console.log(`|---|${contestants.map(() => "---").join("|")}|---|---|`);
  for (const operation of OPERATIONS) {
    const cells = contestants.map(
      (one) =>
        `${rate(one, operation).toFixed(0)} (${median(one.results.get(operation)?.map(({ p99 }) => p99) ?? []).toFixed(1)}; ${cpu(one, operation).toFixed(0)})`,
    );
    const ratio = rate(contestants[0], operation) / rate(durable, operation);
    const must = operation === "submit" || operation === "rank";
    if (must && !(ratio >= BOUNDS[operation])) failed = true;
    console.log(`| ${operation} | ${cells.join(" | ")} | ${ratio.toFixed(2)} | ${must ? "must " : ""}>= ${BOUNDS[operation]} |`);
  }
  return failed;
}

/** @returns whether a bound does not hold */
async function printPaced(one: Contestant | undefined, seconds: number): Promise<boolean> {
  if (!one) return true;
  let slow = false;
  console.log(`\nMeridian at ${PACE} requests/s\n\n| | p50 ms | p95 ms | bound |\n|---|---|---|---|`);
  for (const operation of ["submit", "top 100", "rank"] as const) {
    const { p50, p95 } = await openLoop(one.shape(operation), PACE, seconds * 2);
    const bound = P95_MS[operation] ?? Number.NaN;
    if (!(p95 < bound)) slow = true;
    console.log(`| ${operation} | ${p50.toFixed(2)} | ${p95.toFixed(2)} | < ${bound} |`);
  }
  return slow;
}
