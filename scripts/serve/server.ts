import { createServer } from "node:net";
import { join } from "node:path";
import { Cron } from "croner";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, Response as MiniflareResponse } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { RELOAD_NODE } from "../../contract/key-ring.ts";
import { ROOT } from "../lib/project.ts";
import { applyMigrations } from "./migrations.ts";
import { answerBackups } from "./node-backups.ts";
import { answerPlatform, type NodeRoutes } from "./node-service.ts";
import { guardedFetch } from "./outbound.ts";
import type { NodeState } from "./state.ts";

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly state: NodeState;
  /** Origin under which browsers see the platform, when that is not where it listens. */
  readonly publicUrl?: string;
  /** What the platform may ask of this process besides the key ring. */
  readonly nodeRoutes?: NodeRoutes;
  /** Bindings beside those of wrangler.toml. */
  readonly vars?: Readonly<Record<string, string>>;
  readonly clockOffsetMs?: number;
  /** `host:port` of private places that Workers may reach. */
  readonly outboundAllow?: readonly string[];
  /** Workers beside the platform, in the same runtime: what a benchmark measures against. */
  readonly beside?: readonly Readonly<Record<string, unknown>>[];
  /** Opens the runtime's inspector (Chrome DevTools Protocol) on this port, for profiles. Never on a node that others reach. */
  readonly inspectorPort?: number;
  /** A line of the runtime: a JSON log line of ours, or an error of its own. */
  readonly onLog?: (line: string, level: string) => void;
}

export interface Server {
  readonly url: string;
  readonly miniflare: Miniflare;
  /** Gives the running platform another key ring. @throws when it does not take it, and goes on with the one it has */
  reloadKeyRing(text: string): Promise<void>;
  stop(): Promise<void>;
}

export class PortTakenError extends Error {
  override readonly name = "PortTakenError";
}

/**
 * Runs the built platform on one port with state on disk. This is the one place that touches miniflare's and wrangler's
 * `unstable_` and `unsafe` names, which is why both are pinned exactly.
 * The socket is direct: workerd itself listens, and hands each request to the entrypoint `Door`, five times faster than through a proxy.
 * @throws PortTakenError
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  // wrangler, whose configuration is read here, would keep a log of its own in the home folder, which a service may not have.
  process.env["WRANGLER_WRITE_LOGS"] ??= "false";
  await claimPort(options.host, options.port);
  const url = `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${options.port}`;
  const configPath = join(ROOT, "wrangler.toml");
  // wrangler types this after a miniflare of another major; it is a plain object of options.
  const workerOptions = unstable_getMiniflareWorkerOptions(configPath).workerOptions as unknown as { bindings?: Record<string, unknown> };
  let keyRing = options.state.keyRing;
  const outboundAllow = new Set(options.outboundAllow);
  const nodeRoutes: NodeRoutes = {
    ...options.nodeRoutes,
    "GET /key-ring": () => ({ status: 200, body: keyRing }),
    "GET /backups": () => answerBackups(options.state.folder),
  };
  const dropSignals = signalsSince();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      // Miniflare's own port only serves this process; it is picked by the system.
      host: "127.0.0.1",
      port: 0,
      cf: false,
      resourcePersistencePath: options.state.resources,
      unsafeObservability: false,
      unsafeLocalExplorer: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.ERROR),
      ...(options.inspectorPort === undefined ? {} : { inspectorPort: options.inspectorPort }),
      handleStructuredLogs: ({ level, message }: { level: string; message: string }) => options.onLog?.(message, level),
      workers: [
        {
          ...withoutBundling(workerOptions),
          name: "meridian",
          rootPath: ROOT,
          modulesRoot: join(ROOT, "dist/worker"),
          modules: [{ type: "ESModule", path: join(ROOT, "dist/worker/platform.js") }],
          bindings: {
            ...workerOptions.bindings,
            PUBLIC_URL: options.publicUrl ?? url,
            SINGLE_NODE: "true",
            KEY_RING: keyRing,
            CLOCK_OFFSET_MS: String(options.clockOffsetMs ?? 0),
            ...options.vars,
          },
          unsafeDirectSockets: [{ host: options.host, port: options.port, entrypoint: "Door" }],
          serviceBindings: {
            NODE: async (request: Request) => {
              const { status, body } = await answerPlatform(nodeRoutes, request);
              return new MiniflareResponse(body, { status });
            },
          },
          outboundService: async (request: Request) => {
            const response = await guardedFetch(request, outboundAllow);
            return new MiniflareResponse(response.body, { status: response.status, headers: Object.fromEntries(response.headers) });
          },
        },
        ...(options.beside ?? []),
      ],
    } as unknown as Parameters<typeof convertV4MiniflareOptions>[0]), // wrangler's and miniflare's copies of these types differ in name only
  );
  dropSignals();
  await miniflare.ready;
  dropSignals();
  await applyMigrations(miniflare);
  const crons = startCrons(miniflare, unstable_readConfig({ config: configPath }).triggers.crons ?? [], options.onLog ?? console.error);
  return {
    url,
    miniflare,
    reloadKeyRing: async (text) => {
      keyRing = text;
      const worker = await miniflare.getWorker("meridian");
      const { outcome } = await worker.scheduled({ cron: RELOAD_NODE, scheduledTime: new Date() });
      if (outcome !== "ok") throw new Error(`the platform did not take the key ring (${outcome}); its log says why`);
    },
    stop: async () => {
      for (const cron of crons) cron.stop();
      await miniflare.dispose();
    },
  };
}

/**
 * Miniflare leaves the process on a signal before anyone can flush; its hook on `exit` still ends the runtime.
 * @returns removes the listeners that came since; those of the program stay
 */
function signalsSince(): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const ours = new Map(signals.map((signal) => [signal, new Set(process.rawListeners(signal))]));
  return () => {
    for (const signal of signals) {
      for (const listener of process.rawListeners(signal)) {
        if (!ours.get(signal)?.has(listener)) process.removeListener(signal, listener as () => void); // what listens to a signal
      }
    }
  };
}

/** Rules of bundling are of no use to a script that is bundled already, and miniflare refuses them. */
function withoutBundling<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([name]) => name !== "modulesRules")) as T; // an optional property less
}

/** Cron triggers never fire by themselves in the local runtime. A tick that is still running is not started twice. */
function startCrons(miniflare: Miniflare, patterns: readonly string[], log: (line: string, level: string) => void): Cron[] {
  return patterns.map(
    (pattern) =>
      new Cron(pattern, { timezone: "UTC", protect: true }, async () => {
        try {
          const worker = await miniflare.getWorker("meridian");
          await worker.scheduled({ cron: pattern, scheduledTime: new Date() });
        } catch (error) {
          log(JSON.stringify({ level: "error", message: "a scheduled run failed", cron: pattern, error: String(error) }), "error");
        }
      }),
  );
}

async function claimPort(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE" && error.code !== "EACCES") return reject(error);
      const why = error.code === "EACCES" ? "may not be opened by this user" : "is taken by another program";
      reject(new PortTakenError(`Port ${port} on ${host} ${why}. Choose another one with --port <number>.`));
    });
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}
