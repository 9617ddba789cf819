import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { findPeer, peerEnv, PEER_INSTALL } from "../../tests/lib/peers.ts";
import { ROOT } from "../../scripts/lib/project.ts";
import { type PeerProcess, startPeerProcess } from "../lib/peer-process.ts";

/** A Redis of our own, on a socket in a folder of its own. */
export interface OwnRedis {
  readonly client: Redis;
  readonly path: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** @param fsync Redis' `appendfsync`: `always` is durable before the reply, as we are @throws with how to get it when it is not there */
export async function startRedis(fsync: "always" | "everysec"): Promise<OwnRedis> {
  const program = findPeer("redis-server");
  if (program === undefined) {
    console.error(`redis-server not found. To get it:\n  ${PEER_INSTALL}`);
    process.exit(2);
  }
  const folder = mkdtempSync(join(tmpdir(), "meridian-redis-"));
  const path = join(folder, "redis.sock");
  const args = ["--port", "0", "--unixsocket", path, "--dir", folder, "--appendonly", "yes", "--appendfsync", fsync, "--save", ""];
  const child = spawn(program, args, { stdio: "ignore", env: peerEnv(program) });
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const client = new Redis(path, { retryStrategy: (tries) => (tries > 100 ? null : 50) });
  client.on("error", () => undefined); // it does not listen yet; commands wait
  await client.ping();
  return {
    client,
    path,
    pid: pidOf(child),
    stop: async () => {
      client.disconnect();
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await ended;
      process.removeListener("exit", endWithUs);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function version(client: Redis): Promise<string> {
  return /redis_version:(\S+)/.exec(await client.info("server"))?.[1] ?? "unknown";
}

export async function usedMemory(client: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
}

/** Microseconds that the server itself spends in one ZREVRANK of a random player, as its own statistics say. */
export async function rawRankMicros(client: Redis, players: number, random: () => number): Promise<number> {
  await client.config("RESETSTAT");
  for (let round = 0; round < 100; round++) {
    const pipeline = client.pipeline();
    for (let n = 0; n < 100; n++) pipeline.zrevrank("board", `player-${Math.floor(random() * players)}`);
    await pipeline.exec();
  }
  return Number(/cmdstat_zrevrank:calls=\d+,usec=\d+,usec_per_call=([\d.]+)/.exec(await client.info("commandstats"))?.[1]);
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error("a peer did not start");
  return pid;
}

/** The Fastify server of `peer.ts` in front of this Redis. */
export async function startPeerServer(path: string, token: string): Promise<PeerProcess> {
  return await startPeerProcess(join(ROOT, "bench/leaderboards/peer.ts"), [path, token]);
}
