import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../../scripts/lib/project.ts";
import { seedMetrics, SIZES } from "../../scripts/seeds/metrics.ts";
import { Meridian } from "../../sdk/client.ts";
import { removeState, startTestServer } from "../../tests/lib/server.ts";
import { Pace, type Shape } from "./pace.ts";

/** No request may take longer than this because of a backup, says the issue. */
const BUDGET_MS = 250;

/**
 * A demo node with simulated hosts gets requests at a steady pace, by turns without a backup and with backups one after the
 * other. There is no peer: the node without a backup, in the same run, is what the other is held against.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "10" },
      rounds: { type: "string", default: "4" },
      rate: { type: "string", default: "100" },
      size: { type: "string", default: "bench" },
    },
  });
  const isSize = (text: string): text is keyof typeof SIZES => Object.hasOwn(SIZES, text);
  if (!isSize(values.size)) throw new Error(`--size is one of ${Object.keys(SIZES).join(", ")}`);
  const server = await startTestServer();
  const to = mkdtempSync(join(tmpdir(), "meridian-bench-"));
  const sending = new AbortController();
  const client = new Meridian({ url: server.url, key: server.demo.apiKey });
  try {
    const live = seedMetrics(client, values.size, true, sending.signal);
    await settle(client, SIZES[values.size].hosts);
    const shapes = requests();
    const pace = new Pace(server.url, server.demo.apiKey, Number(values.rate), shapes);
    await pace.run(3, "warm"); // connections, caches
    let backups = 0;
    for (let round = 0; round < Number(values.rounds); round++) {
      await pace.run(Number(values.seconds), "without");
      const stop = new AbortController();
      const saving = (async () => {
        for (; !stop.signal.aborted; backups++) await backup(server.state, to);
      })();
      await pace.run(Number(values.seconds), "with");
      stop.abort();
      await saving;
    }
    sending.abort();
    await live;
    report(pace, shapes, backups);
  } finally {
    sending.abort();
    await server.stop();
    removeState(server);
    rmSync(to, { recursive: true, force: true });
  }
}

function requests(): Shape[] {
  const now = Date.now();
  const query = {
    metric: "host_cpu_used_ratio",
    start: new Date(now - 600_000).toISOString(),
    end: new Date(now).toISOString(),
    groupBy: [],
  };
  return [
    { name: "GET /v1/me", method: "GET", path: "/v1/me" },
    { name: "GET /v1/hosts", method: "GET", path: "/v1/hosts" },
    { name: "POST /v1/metrics/query", method: "POST", path: "/v1/metrics/query", body: () => query },
    {
      name: "POST /v1/metrics/ingest",
      method: "POST",
      path: "/v1/metrics/ingest",
      body: (n) => ({ samples: [{ metric: "bench_probe", labels: { n: String(n % 50) }, timestamp: Date.now(), value: n }] }),
    },
  ];
}

/** Until every host of the history is there. */
async function settle(client: Meridian, hosts: number): Promise<void> {
  for (;;) {
    const { items } = await client.hosts.list({ limit: 200 });
    if (items.length >= Math.min(hosts, 200)) return;
    await new Promise((done) => setTimeout(done, 500));
  }
}

async function backup(state: string, to: string): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, "scripts/backup.ts"), "--state", state, "--to", to], { stdio: "ignore" });
  const code = await new Promise((done) => child.once("exit", done));
  if (code !== 0) throw new Error(`a backup ended with ${String(code)}`);
  for (const name of readdirSync(to)) rmSync(join(to, name), { recursive: true });
}

function report(pace: Pace, shapes: readonly Shape[], backups: number): void {
  console.log(`| request | | requests | failed | p50 ms | p99 ms | max ms |`);
  console.log("|---|---|---|---|---|---|---|");
  let worst = 0;
  for (const { name } of shapes) {
    const [without, during] = [pace.figures("without", name), pace.figures("with", name)];
    for (const [label, figures] of [
      ["without", without],
      ["with a backup", during],
    ] as const)
      // prettier-ignore
      console.log(
        `| ${label === "without" ? name : ""} | ${label} | ${figures.requests} | ${figures.failed} | ${figures.p50.toFixed(1)} | ${figures.p99.toFixed(1)} | ${figures.max.toFixed(1)} |`,
      );
    worst = Math.max(worst, during.max - without.max);
  }
  console.log(
    `\n${backups} backups; the slowest request of a kind took at most ${worst.toFixed(0)} ms more with a backup than without; budget ${BUDGET_MS} ms`,
  );
  if (worst > BUDGET_MS) process.exitCode = 1;
}
