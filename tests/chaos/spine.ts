import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Failpoint } from "../../contract/failpoints.ts";
import { BUILD_STEPS, runStep } from "../../scripts/lib/build-steps.ts";
import { type CrashServer, startCrashServer } from "./crash-server.ts";
import { mulberry } from "../lib/random.ts";

export interface SpineOptions {
  readonly kills: number;
  /** Changes acknowledged before each kill, at least. */
  readonly acksPerKill: number;
  readonly seed: number;
  readonly log: (line: string) => void;
}

export interface SpineReport {
  readonly kills: readonly { readonly failpoint: Failpoint; readonly hit: number; readonly acks: number }[];
  readonly acknowledged: number;
  /** Changes that were made, those whose answer a kill cut off included. */
  readonly made: number;
  readonly events: number;
  /** `host/version` of acknowledged or made changes without an event, and of those with more than one. */
  readonly missing: readonly string[];
  readonly repeated: readonly string[];
}

/** Failpoints on an event's way, in turn. Each is hit at most once per change, `sent` once for a few. */
const POINTS = ["committed", "sent", "consuming"] as const satisfies readonly Failpoint[];
const HOSTS = 6;
/** Changes pause while so many events are on their way: the local broker hardly delivers while the runtime is saturated. */
const BUSY_EVENTS = 300;
/** Beyond the outbox's resend after 30 s, and the fleet's grace: what waited for a while is due at once. */
const LATER_MS = 120_000;

/**
 * The crash proof of the event spine: changes the configuration of agents over the API without a pause, kills the server
 * at a seeded failpoint, restarts it on the same state, and so on; then holds the history against what was acknowledged.
 * Each change raises its agent's configuration version by one and its event names it, so the oracle is: versions 1 to the
 * last one, each exactly once, and none acknowledged above the last.
 */
export async function proveSpine(options: SpineOptions): Promise<SpineReport> {
  for (const step of BUILD_STEPS) await runStep(step);
  const state = mkdtempSync(join(tmpdir(), "meridian-spine-"));
  try {
    return await runSpine(state, options);
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

async function runSpine(state: string, { kills, acksPerKill, seed, log }: SpineOptions): Promise<SpineReport> {
  const random = mulberry(seed);
  const hosts = Array.from({ length: HOSTS }, (_, n) => `chaos-${n}`);
  const acknowledged = new Map(hosts.map((host) => [host, 0]));
  const done: { failpoint: Failpoint; hit: number; acks: number }[] = [];
  const setUp = await startCrashServer(state);
  await register(setUp, hosts);
  await setUp.kill();
  for (let n = 0; n < kills; n++) {
    const failpoint = POINTS[n % POINTS.length] ?? "committed";
    // What the kill before left on its way is consumed first, and is no new acknowledgement.
    const leftOver = failpoint === "consuming" ? BUSY_EVENTS * 2 : 0;
    const hit = acksPerKill + leftOver + 1 + Math.floor(random() * 200);
    const server = await startCrashServer(state, { name: failpoint, hit });
    const acks = await changeUntilKilled(server, hosts, acknowledged, acksPerKill);
    done.push({ failpoint, hit, acks });
    log(`kill ${n + 1}/${kills} at ${failpoint}:${hit} after ${acks} acknowledged changes`);
  }
  const last = await startCrashServer(state, undefined, LATER_MS);
  try {
    return { ...(await judge(last, hosts, acknowledged)), kills: done };
  } finally {
    await last.kill();
  }
}

/** Makes the agents known: each connects once. */
async function register(server: CrashServer, hosts: readonly string[]): Promise<void> {
  const health = { at: Date.now(), configVersion: 0, spoolBatches: 0, spoolBytes: 0, droppedBatches: 0, problems: [] };
  for (const host of hosts) {
    const options = { headers: { authorization: `Bearer ${server.demo.agentKey}` } };
    // Node's WebSocket takes headers; its type is the browser's, which cannot.
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/agents/connect`, options as unknown as string[]);
    await new Promise<void>((joined, failed) => {
      socket.onopen = () => socket.send(JSON.stringify({ v: 1, type: "hello", host, agentVersion: "chaos", platform: "test", health }));
      socket.onmessage = () => joined();
      socket.onclose = ({ code, reason }) => failed(new Error(`the control socket of ${host} closed: ${code} ${reason}`));
    });
    socket.onclose = null;
    socket.close();
  }
}

/** One change after the other per host, all hosts at once, until the server is gone; answers how many were acknowledged. */
async function changeUntilKilled(
  server: CrashServer,
  hosts: readonly string[],
  acknowledged: Map<string, number>,
  atLeast: number,
): Promise<number> {
  let acks = 0;
  let dead = false;
  let busy = false;
  void server.killed.then(() => (dead = true));
  const watching = async (): Promise<void> => {
    while (!dead) {
      busy = ((await depthOf(server).catch(() => undefined))?.depth ?? 0) > BUSY_EVENTS;
      await pause(250);
    }
  };
  // A failpoint that is never reached must not hold the proof for ever: then the kill comes without one.
  const mostChanges = atLeast * 10;
  const changing = hosts.map(async (host) => {
    while (!dead && acks < mostChanges) {
      if (busy) {
        await pause(50);
        continue;
      }
      const version = await change(server, host);
      if (version === undefined) break;
      acks++;
      acknowledged.set(host, Math.max(acknowledged.get(host) ?? 0, version));
    }
  });
  const watched = watching();
  await Promise.all(changing);
  await server.kill();
  dead = true;
  await watched;
  return acks;
}

/** @returns the new version, or undefined when no answer came any more */
async function change(server: CrashServer, host: string): Promise<number | undefined> {
  try {
    const response = await fetch(`${server.url}/v1/agents/${host}`, {
      method: "PATCH",
      headers: { authorization: `Bearer ${server.demo.apiKey}`, "content-type": "application/json" },
      // A label that never repeats makes every change a change, whatever was committed without an answer.
      body: JSON.stringify({ labels: { nonce: crypto.randomUUID() } }),
    });
    if (!response.ok) throw new Error(`a change was refused: ${response.status} ${await response.text()}`);
    const agent = (await response.json()) as { config: { version: number } };
    return agent.config.version;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("a change was refused")) throw error;
    return undefined; // the connection broke: the server was killed
  }
}

async function judge(
  server: CrashServer,
  hosts: readonly string[],
  acknowledged: ReadonlyMap<string, number>,
): Promise<Omit<SpineReport, "kills">> {
  await emptyOutboxes(server);
  const seen = new Map<string, number>();
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const page: EventPage = await read<EventPage>(server, `/v1/events?type=meridian.agent.configured&limit=200${query}`);
    for (const { data } of page.items) {
      const name = `${data.host}/${data.config.version}`;
      seen.set(name, (seen.get(name) ?? 0) + 1);
    }
    cursor = page.nextCursor;
  }
  const missing: string[] = [];
  let made = 0;
  for (const host of hosts) {
    const { config } = await read<{ config: { version: number } }>(server, `/v1/agents/${host}`);
    made += config.version;
    const highest = Math.max(config.version, acknowledged.get(host) ?? 0);
    for (let version = 1; version <= highest; version++) {
      const name = `${host}/${version}`;
      // A version above the last one was acknowledged and then lost with its change.
      if (!seen.has(name) || version > config.version) missing.push(name);
    }
  }
  return {
    acknowledged: [...acknowledged.values()].reduce((sum, version) => sum + version, 0),
    made,
    events: seen.size,
    missing,
    repeated: [...seen].filter(([, count]) => count > 1).map(([name]) => name),
  };
}

interface EventPage {
  readonly items: readonly { readonly data: { readonly host: string; readonly config: { readonly version: number } } }[];
  readonly nextCursor: string | null;
}

interface Status {
  readonly outbox: { readonly depth: number; readonly unanswered: readonly string[] };
}

async function depthOf(server: CrashServer): Promise<Status["outbox"]> {
  return (await read<Status>(server, "/v1/events/status")).outbox;
}

/** Waits as long as it gets less: how fast depends on the machine and its other work. */
async function emptyOutboxes(server: CrashServer): Promise<void> {
  let lowest = Number.POSITIVE_INFINITY;
  for (let idle = 0; idle < 300; idle++) {
    const { depth, unanswered } = await depthOf(server);
    if (depth === 0 && unanswered.length === 0) return;
    if (depth < lowest) idle = 0;
    lowest = Math.min(lowest, depth);
    await pause(200);
  }
  throw new Error(`the outboxes stay at ${lowest} events`);
}

async function pause(ms: number): Promise<void> {
  await new Promise((later) => setTimeout(later, ms));
}

async function read<T>(server: CrashServer, path: string): Promise<T> {
  const response = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${server.demo.apiKey}` } });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T; // the routes' own tests hold the shapes
}

/** `npm run soak -- spine [--kills 20] [--acks 2000] [--seed n]` */
export async function soak(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: "string", default: "20" },
      acks: { type: "string", default: "2000" },
      seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0] ?? 1) },
    },
  });
  const seed = Number(values.seed);
  console.log(`spine: ${values.kills} kills, ${values.acks} acknowledged changes before each, --seed ${seed}`);
  const report = await proveSpine({ kills: Number(values.kills), acksPerKill: Number(values.acks), seed, log: console.log });
  const { acknowledged, made, events, missing, repeated } = report;
  console.log(`${acknowledged} acknowledged, ${made} made, ${events} events, ${missing.length} missing, ${repeated.length} repeated`);
  if (missing.length > 0 || repeated.length > 0) {
    console.error(`missing: ${missing.slice(0, 20).join(" ")}\nrepeated: ${repeated.slice(0, 20).join(" ")}`);
    process.exitCode = 1;
  }
}
