import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../scripts/lib/project.ts";

export interface TestServerOptions {
  /** Reuse a folder of an earlier server; a new temporary one otherwise. */
  readonly state?: string;
  readonly port?: number;
  readonly agent?: boolean;
  /** With the demo's data, which goes on loading after the start. */
  readonly seed?: boolean;
  /** With the log of every request. */
  readonly loud?: boolean;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly state: string;
  readonly process: ChildProcess;
  readonly demo: { url: string; email: string; password: string; apiKey: string; agentKey: string };
  /** Everything printed so far. */
  output(): string;
  /** Ends the server and its runtime at once, as a power cut would. */
  kill9(): Promise<void>;
  /** Ends it as Ctrl-C does. */
  stop(): Promise<void>;
}

/** Below those that systems give to outgoing connections, one of which could take a port between its probe and its use. */
const PORTS = { first: 10_240, count: 22_000 } as const;
/** Files of tests run in processes of their own: each begins elsewhere, and gives no port twice. */
let given = process.pid * 137;

/** A port of this process that nobody listens on. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1_000; tries++) {
    const port = PORTS.first + (given++ % PORTS.count);
    if (await listens(port)) return port;
  }
  throw new Error("no free port");
}

/** Whether a server can listen there. */
async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/** Starts the server as `npm start` does, in a process group of its own, and waits until it says that it runs. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const port = options.port ?? (await freePort());
  const state = options.state ?? mkdtempSync(join(tmpdir(), "meridian-test-"));
  const args = [
    join(ROOT, "scripts/start.ts"),
    "--port",
    String(port),
    "--state",
    state,
    ...(options.loud ? [] : ["--quiet"]),
    ...(options.agent ? [] : ["--no-agent"]),
    ...(options.seed ? [] : ["--no-seed"]),
    ...(options.args ?? []),
  ];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
  });
  let printed = "";
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const running = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      printed += chunk.toString();
      if (printed.includes("Ctrl-C stops")) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    void exited.then(() => reject(new Error(`the server ended:\n${printed}`)));
  });
  // A server that a test does not wait for to the end must not fail the run by its exit.
  running.catch(() => {});
  // Nothing that a test started outlives the test's process.
  process.once("exit", () => signalGroup(child, "SIGKILL"));
  await running;
  const demoFile = join(state, "demo.json");
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    state,
    process: child,
    demo: options.args?.some((arg) => arg === "--no-demo" || arg === "--production")
      ? { url, email: "", password: "", apiKey: "", agentKey: "" }
      : JSON.parse(readFileSync(demoFile, "utf8")),
    output: () => printed,
    kill9: async () => {
      signalGroup(child, "SIGKILL");
      await exited;
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGINT");
      await exited;
      signalGroup(child, "SIGKILL");
    },
  };
}

/** Deletes a test server's state. */
export function removeState(server: TestServer): void {
  rmSync(server.state, { recursive: true, force: true });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // ESRCH: the whole group has ended already, which is what was asked for.
  }
}
