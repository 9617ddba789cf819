import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** Programs of others that tests and benchmarks hold ours against, by their names in Debian. */
export type PeerName = "prometheus" | "promtool" | "prometheus-node-exporter" | "victoria-metrics" | "redis-server";

const CACHE = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "meridian/peers");

/** Where Debian keeps shared libraries of this processor. */
const LIBRARIES = `usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;

/** How to get all of them on Debian 12 without root and without services that start by themselves. */
export const PEER_INSTALL = `mkdir -p ${CACHE} && cd ${CACHE} && apt-get download prometheus prometheus-node-exporter victoria-metrics redis-server redis-tools libjemalloc2 liblzf1 && for file in *.deb; do dpkg -x "$file" .; done`;

/** Where a program is: on the PATH, or in the folder that `PEER_INSTALL` fills. */
export function findPeer(name: PeerName): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(CACHE, "usr/bin")];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** The environment for a program that {@link findPeer} found: one of our folder finds its libraries there too. */
export function peerEnv(program: string): NodeJS.ProcessEnv {
  return program.startsWith(CACHE) ? { ...process.env, LD_LIBRARY_PATH: join(CACHE, LIBRARIES) } : process.env;
}

/**
 * Whether a test that needs these programs can run. Without them it is skipped, so that a fresh machine passes; where
 * `REQUIRE_PEERS` is set a missing one is an error instead. @throws with how to get them
 */
export function havePeers(...names: PeerName[]): boolean {
  const missing = names.filter((name) => findPeer(name) === undefined);
  if (missing.length === 0) return true;
  const text = `${missing.join(", ")} not found. To get them:\n  ${PEER_INSTALL}`;
  if (process.env["REQUIRE_PEERS"]) throw new Error(text);
  console.warn(`skipped: ${text}`);
  return false;
}

export interface Peer {
  readonly process: ChildProcess;
  /** Everything printed so far. */
  output(): string;
  stop(): Promise<void>;
  /** Ends it at once, as a power cut would. */
  kill9(): Promise<void>;
}

/** Starts a program and waits until this address answers with success. @throws with what it printed when it ends or never answers */
export async function startPeer(name: PeerName, args: readonly string[], readyUrl: string): Promise<Peer> {
  const program = findPeer(name);
  if (program === undefined) throw new Error(`${name} not found. To get it:\n  ${PEER_INSTALL}`);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: peerEnv(program) });
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
    process.removeListener("exit", endWithUs);
  };
  for (let tries = 0; ; tries++) {
    const ready = await fetch(readyUrl).then(
      ({ ok }) => ok,
      () => false, // it does not listen yet
    );
    if (ready) break;
    if (child.exitCode !== null || tries > 600) {
      await end("SIGKILL");
      throw new Error(`${name} does not answer:\n${printed}`);
    }
    await new Promise((later) => setTimeout(later, 50));
  }
  return { process: child, output: () => printed, stop: async () => await end("SIGTERM"), kill9: async () => await end("SIGKILL") };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not ours to run
  }
}
