import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Meridian } from "../../sdk/client.ts";
import { BUILD_STEPS, runStep } from "../../scripts/lib/build-steps.ts";
import { DEMO_EMAIL, seedDemo } from "../../scripts/serve/demo.ts";
import { startServer } from "../../scripts/serve/server.ts";
import { openState } from "../../scripts/serve/state.ts";
import { freePort } from "../../tests/lib/server.ts";
import { type PeerProcess, startPeerProcess } from "../lib/peer-process.ts";
import { runtimeCpuSeconds, runtimeResidentBytes, treeCpuSeconds } from "../metrics/cpu.ts";
import { runMany } from "./many.ts";
import { Crowd, plainWire, roomWire, socketIoWire, type Told, type Wire } from "./raw-client.ts";
import { runRecovery } from "./recovery.ts";

const HOST = "127.0.0.1";
const MESSAGE_BYTES = 120;
const SOCKETS = [20, 200, 500] as const;
const IN_FLIGHT = [4, 64] as const;
/** The bounds against socket.io: deliveries a second at least, p99 at most so many times its; the first is a must. */
const BOUNDS = { 64: { rate: 3, p99: 1 }, 4: { rate: 0.6, p99: 2 } } as const;
const SMALL_P50_MS = 3;

interface Contestant {
  readonly name: string;
  readonly wire: (round: string) => Promise<Wire>;
  readonly cpu: () => number;
  readonly results: Map<string, (Told & { cpuMicros: number })[]>;
}

/**
 * A room of ours beside socket.io 4 (alone, and with an insert for each message) and bare `ws`: one raw client, by turns. Then many rooms
 * with many sockets, what a recovery takes, and what a socket takes. `--rounds` (3), `--seconds` (4), `--sockets`, `--in-flight`,
 * `--many-seconds` (60; the issue asks for 600), `--only compare|many|recovery`.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "4" },
      sockets: { type: "string", default: SOCKETS.join(",") },
      "in-flight": { type: "string", default: IN_FLIGHT.join(",") },
      "many-seconds": { type: "string", default: "60" },
      "many-sockets": { type: "string", default: "10000" },
      only: { type: "string" },
    },
  });
  for (const step of BUILD_STEPS) await runStep(step);
  const folder = mkdtempSync(join(tmpdir(), "meridian-bench-"));
  const port = await freePort();
  const server = await startServer({
    host: HOST,
    port,
    state: openState(join(folder, "state")),
    vars: { LOG_REQUESTS: "off", DEPLOYMENT_ADMINS: DEMO_EMAIL },
  });
  const peers: PeerProcess[] = [];
  try {
    const demo = await seedDemo(`http://${HOST}:${port}`, join(folder, "state"));
    const client = new Meridian({ url: demo.url, key: demo.apiKey });
    console.log(`Node ${process.version}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}\n`);
    const wanted = (part: string) => values.only === undefined || values.only === part;
    if (wanted("compare")) {
      const peer = async (name: string, file: string, wire: (port: number) => Wire, more: readonly string[] = []): Promise<Contestant> => {
        const process = await startPeerProcess(join(import.meta.dirname, file), more);
        peers.push(process);
        return { name, wire: async () => wire(process.port), cpu: () => treeCpuSeconds(process.pid) ?? Number.NaN, results: new Map() };
      };
      const contestants: Contestant[] = [
        {
          name: "Meridian",
          wire: async (round) => {
            const { room } = await client.rooms.create({ room: `bench-${round}` });
            return roomWire(port, () => room, demo.apiKey);
          },
          cpu: () => runtimeCpuSeconds() ?? Number.NaN,
          results: new Map(),
        },
        await peer("socket.io", "peer-socketio.ts", socketIoWire),
        await peer("socket.io, SQLite", "peer-socketio.ts", socketIoWire, ["--sqlite", join(folder, "io.sqlite")]),
        await peer("ws", "peer-ws.ts", plainWire),
      ];
      await compare(
        contestants,
        numbers(values.sockets),
        numbers(values["in-flight"]),
        Number(values.rounds),
        Number(values.seconds) * 1_000,
      );
    }
    if (wanted("recovery")) await runRecovery(client, port, demo.apiKey);
    if (wanted("many")) {
      const sockets = Number(values["many-sockets"]);
      await runMany(client, port, demo.apiKey, { sockets, seconds: Number(values["many-seconds"]), resident: runtimeResidentBytes });
    }
  } finally {
    for (const { stop } of peers) stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(
  contestants: readonly Contestant[],
  sockets: number[],
  inFlight: number[],
  rounds: number,
  ms: number,
): Promise<void> {
  let id = 1;
  for (let round = 0; round < rounds; round++)
    for (const count of sockets)
      for (const contestant of contestants) {
        const crowd = new Crowd(await contestant.wire(`${count}-${round}`));
        await crowd.open(count);
        for (const flight of inFlight) {
          id += (await crowd.run(flight, ms / 8, MESSAGE_BYTES, id)).sent; // warm
          const before = contestant.cpu();
          const told = await crowd.run(flight, ms, MESSAGE_BYTES, id);
          id += told.sent;
          const key = `${count} ${flight}`;
          const cpuMicros = (1e6 * (contestant.cpu() - before)) / Math.max(1, told.sent);
          contestant.results.set(key, [...(contestant.results.get(key) ?? []), { ...told, cpuMicros }]);
          if (told.lost + told.twice > 0) {
            console.log(`${contestant.name}: ${told.lost} lost, ${told.twice} twice`);
            process.exitCode = 1;
          }
        }
        crowd.close();
      }
  for (const flight of inFlight)
    for (const count of sockets) {
      console.log(`\n${count} sockets, ${flight} in flight | deliveries/s | p50 ms | p99 ms | sends/s | server's CPU us a send`);
      const [own, io] = contestants.map((one) => medians(one.results.get(`${count} ${flight}`) ?? []));
      for (const one of contestants) {
        const { rate, p50, p99, sends, cpu } = medians(one.results.get(`${count} ${flight}`) ?? []);
        console.log(
          `${one.name} | ${Math.round(rate)} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${Math.round(sends)} | ${Math.round(cpu)}`,
        );
      }
      if (!own || !io) continue;
      const bound = flight === 64 ? BOUNDS[64] : BOUNDS[4];
      console.log(
        `ratio ${(own.rate / io.rate).toFixed(2)} (bound ${bound.rate}${flight === 64 && count === 200 ? ", must" : ""}), p99 ${(own.p99 / io.p99).toFixed(2)} (bound ${bound.p99})`,
      );
      if (flight === 64 && count === 200 && !(own.rate / io.rate >= bound.rate)) process.exitCode = 1;
      if (flight === 4 && count === 20) console.log(`p50 ${own.p50.toFixed(1)} ms (bound ${SMALL_P50_MS})`);
    }
}

function medians(results: readonly (Told & { cpuMicros: number })[]) {
  const middle = (of: (one: Told & { cpuMicros: number }) => number) =>
    results.map(of).sort((a, b) => a - b)[Math.floor(results.length / 2)] ?? Number.NaN;
  return {
    rate: middle(({ deliveries, seconds }) => deliveries / seconds),
    sends: middle(({ sent, seconds }) => sent / seconds),
    p50: middle(({ latencies }) => at(latencies, 0.5)),
    p99: middle(({ latencies }) => at(latencies, 0.99)),
    cpu: middle(({ cpuMicros }) => cpuMicros),
  };
}

/** A quantile of unordered values. */
export function at(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

function numbers(text: string): number[] {
  return text.split(",").map(Number);
}
