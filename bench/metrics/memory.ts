import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { build } from "vite";
import { ROOT } from "../../scripts/lib/project.ts";
import { freePort } from "../../tests/lib/server.ts";
import { inspect, type Inspector } from "../lib/inspector.ts";
import { runtimeResidentBytes } from "./cpu.ts";

const WORKER = "memory";
const SHARDS = ["a", "b"];
const TARGETS = 20;
/** Half an hour of points every 5 s. */
const POINTS = 360;
const DAY_MS = 24 * 3_600_000;

/** Two full shards in one isolate of the real runtime, over SQLite on disk: their memory, their start, and what a request feels of their upkeep. */
export async function runMemory(points = POINTS): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "meridian-bench-"));
  const inspectorPort = await freePort();
  const port = await freePort();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      inspectorPort,
      cf: false,
      resourcePersistencePath: folder,
      telemetry: { enabled: false },
      unsafeObservability: false,
      unsafeLocalExplorer: false,
      log: new Log(LogLevel.ERROR),
      workers: [
        {
          name: WORKER,
          compatibilityDate: "2026-08-15",
          modules: [{ type: "ESModule", path: "memory-worker.js", contents: await bundle() }],
          durableObjects: { SHARDS: { className: "MemoryShard", useSQLite: true } },
          unsafeDirectSockets: [{ host: "127.0.0.1", port, entrypoint: "default" }],
        },
      ],
    } as unknown as Parameters<typeof convertV4MiniflareOptions>[0]), // wrangler's and miniflare's copies of these types differ in name only
  );
  let keepAwake: ReturnType<typeof setInterval> | undefined;
  try {
    await miniflare.ready;
    const ask = async (shard: string, what: string): Promise<unknown> => {
      const response = await fetch(`http://127.0.0.1:${port}/${shard}/${what}`);
      if (!response.ok) throw new Error(await response.text());
      return await response.json();
    };
    for (const shard of SHARDS) await ask(shard, "ping");
    const inspector = await inspect(inspectorPort, WORKER);
    await inspector.call("HeapProfiler.enable");
    const startMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const empty = await heapOf(inspector);
    const resident = runtimeResidentBytes();
    // An object that nobody calls for ten seconds is evicted.
    keepAwake = setInterval(() => SHARDS.forEach((shard) => void ask(shard, "ping").catch(console.error)), 2_000);
    for (const shard of SHARDS) await ask(shard, `fill?targets=${TARGETS}&points=${points}&startMs=${startMs}`);
    for (const shard of SHARDS) if ((await ask(shard, "ping")) !== 1_000 * TARGETS) throw new Error("a shard was evicted");
    const full = await heapOf(inspector);
    const residentFull = runtimeResidentBytes();
    for (const shard of SHARDS) await ask(shard, "index");
    const indexed = await heapOf(inspector);
    clearInterval(keepAwake);
    const restarts: number[] = [];
    let restarted: unknown;
    for (const shard of SHARDS) {
      const began = performance.now();
      restarted = await ask(shard, "restart");
      restarts.push(performance.now() - began);
    }
    const quiet = await longestPing(ask, SHARDS[0] ?? "", new Promise((later) => setTimeout(later, 2_000)));
    const sealing = ask(SHARDS[0] ?? "", "upkeep");
    const busy = await longestPing(ask, SHARDS[0] ?? "", sealing);
    const sealedStart = performance.now();
    await ask(SHARDS[0] ?? "", "restart");
    const sealedMs = performance.now() - sealedStart;
    inspector.close();
    console.log(`\ntwo shards in one isolate of workerd: 20,000 series of 11 labels each, ${points} points of each unsealed\n`);
    console.log("| what | |\n|---|---|");
    for (const [name, value] of [
      ["heap of the isolate, both empty", mib(empty)],
      ["memory of one shard (must: 40 MiB)", mib((full - empty) / 2)],
      ["memory of one shard with its index of labels", mib((indexed - empty) / 2)],
      ["resident memory of the runtime, before and after", `${mib(resident)}, ${mib(residentFull)}`],
      ["start with all of it unsealed", `${restarts.map((ms) => Math.round(ms)).join(" and ")} ms (${JSON.stringify(restarted)})`],
      ["start after the seal", `${Math.round(sealedMs)} ms`],
      ["longest of calls every 2 ms, nothing else going on", `${quiet.toFixed(1)} ms`],
      ["longest of calls every 2 ms during a seal (must: 50 ms more)", `${busy.toFixed(1)} ms (${JSON.stringify(await sealing)})`],
    ]) {
      console.log(`| ${name} | ${value} |`);
    }
  } finally {
    clearInterval(keepAwake);
    await miniflare.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The longest wait of calls one after another, while some work goes on. */
async function longestPing(ask: (shard: string, what: string) => Promise<unknown>, shard: string, work: Promise<unknown>): Promise<number> {
  let isDone = false;
  const ended = work.finally(() => (isDone = true));
  let longest = 0;
  while (!isDone) {
    const began = performance.now();
    await ask(shard, "ping");
    longest = Math.max(longest, performance.now() - began);
    await new Promise((later) => setTimeout(later, 2));
  }
  await ended;
  return longest;
}

/** Bytes that live objects of the isolate take, the memory of their columns included. */
async function heapOf(inspector: Inspector): Promise<number> {
  // The runtime never answers collectGarbage; a snapshot collects too.
  for (let i = 0; i < 2; i++) await inspector.call("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  const usage = await inspector.call("Runtime.getHeapUsage");
  return Number(usage["usedSize"]) + Number(usage["backingStorageSize"] ?? 0);
}

async function bundle(): Promise<string> {
  const result = await build({
    root: ROOT,
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      target: "esnext",
      rollupOptions: {
        input: join(ROOT, "durable-objects/observe/memory-worker-testing.ts"),
        external: [/^cloudflare:/],
        preserveEntrySignatures: "strict",
        output: { format: "es", codeSplitting: false },
      },
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  const chunk = output && "output" in output ? output.output.find((one) => one.type === "chunk") : undefined;
  if (!chunk || chunk.type !== "chunk") throw new Error("the worker was not bundled");
  return chunk.code;
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
