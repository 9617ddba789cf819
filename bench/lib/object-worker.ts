import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { build } from "vite";
import { ROOT } from "../../scripts/lib/project.ts";
import { freePort } from "../../tests/lib/server.ts";
import { inspect } from "./inspector.ts";

const WORKER = "bench";
/** An object that nobody calls for ten seconds is evicted. */
const KEEP_AWAKE_MS = 2_000;

/** One class of objects alone in the real runtime, over SQLite on disk. */
export interface ObjectWorker {
  /** `/{object}/{what}` of the worker's fetch. */
  ask(object: string, what: string): Promise<unknown>;
  /** Keeps objects from being evicted, by `ping`, until it is called. */
  keepAwake(objects: readonly string[]): () => void;
  /** Bytes that live objects of the isolate take, the memory of their columns included. */
  heap(): Promise<number>;
  stop(): Promise<void>;
}

/** @param entry source of a worker whose fetch reaches objects of this class through the binding of this name */
export async function startObjectWorker(entry: string, binding: string, className: string): Promise<ObjectWorker> {
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
          compatibilityFlags: ["nodejs_compat"],
          modules: [{ type: "ESModule", path: "worker.js", contents: await bundle(entry) }],
          durableObjects: { [binding]: { className, useSQLite: true } },
          unsafeDirectSockets: [{ host: "127.0.0.1", port, entrypoint: "default" }],
        },
      ],
    } as unknown as Parameters<typeof convertV4MiniflareOptions>[0]), // wrangler's and miniflare's copies of these types differ in name only
  );
  const stop = async (): Promise<void> => {
    await miniflare.dispose();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await miniflare.ready;
  } catch (error) {
    await stop();
    throw error;
  }
  const ask = async (object: string, what: string): Promise<unknown> => {
    // The runtime closes a connection that idles for some seconds, which a request on its way would meet.
    const response = await fetch(`http://127.0.0.1:${port}/${object}/${what}`, { headers: { connection: "close" } });
    if (!response.ok) throw new Error(await response.text());
    return await response.json();
  };
  return {
    ask,
    keepAwake: (objects) => {
      const timer = setInterval(() => objects.forEach((object) => void ask(object, "ping").catch(console.error)), KEEP_AWAKE_MS);
      return () => clearInterval(timer);
    },
    heap: async () => {
      const inspector = await inspect(inspectorPort, WORKER);
      await inspector.call("HeapProfiler.enable");
      // The runtime never answers collectGarbage; a snapshot collects too.
      for (let i = 0; i < 2; i++) await inspector.call("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
      const usage = await inspector.call("Runtime.getHeapUsage");
      inspector.close();
      return Number(usage["usedSize"]) + Number(usage["backingStorageSize"] ?? 0);
    },
    stop,
  };
}

async function bundle(entry: string): Promise<string> {
  const result = await build({
    root: ROOT,
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      target: "esnext",
      rollupOptions: {
        input: join(ROOT, entry),
        external: [/^(?:cloudflare|node):/],
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
