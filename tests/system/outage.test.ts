import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../scripts/lib/project.ts";
import { Meridian } from "../../sdk/client.ts";
import { removeState, startTestServer } from "../lib/server.ts";

const INTERVAL_MS = 1_000;
const OUTAGE_MS = 20_000;
const ROUNDS = 4;

it("[SC13] a server that was away leaves no hole: the agent spools, then catches up", async () => {
  const spool = mkdtempSync(join(tmpdir(), "meridian-spool-"));
  const first = await startTestServer();
  const agent = spawn(process.execPath, [join(ROOT, "sdk/agent/main.ts"), "--host", "outage", "--interval", String(INTERVAL_MS / 1_000)], {
    stdio: "ignore",
    env: { ...process.env, MERIDIAN_URL: first.url, MERIDIAN_KEY: first.demo.agentKey, MERIDIAN_SPOOL: spool },
  });
  const pause = async (ms: number) => await new Promise((later) => setTimeout(later, ms));
  try {
    const find = async (url: string) =>
      await new Meridian({ url, key: first.demo.apiKey }).hosts.list().then(({ items }) => items.find(({ host }) => host === "outage"));
    await expect.poll(async () => (await find(first.url))?.lastSampleAt ?? 0, { timeout: 60_000, interval: 500 }).toBeGreaterThan(0);
    await pause(5_000);
    await first.stop();
    const from = Date.now();
    await pause(OUTAGE_MS);
    const second = await startTestServer({ state: first.state, port: first.port });
    try {
      const until = Date.now();
      // Oldest first: once something from after the return is there, everything before it is.
      await expect
        .poll(async () => (await find(second.url))?.lastSampleAt ?? 0, { timeout: 120_000, interval: 500 })
        .toBeGreaterThan(until + 2 * INTERVAL_MS);
      const reply = await new Meridian({ url: second.url, key: second.demo.apiKey }).metrics.query({
        metric: "host_cpu_used_ratio",
        matchers: [
          { label: "host", op: "=", value: "outage" },
          { label: "core", op: "=", value: "all" },
        ],
        start: new Date(from).toISOString(),
        end: new Date(until).toISOString(),
        // Several rounds a step: the check is for holes, not for the pace of a busy machine.
        stepMs: ROUNDS * INTERVAL_MS,
      });
      const values = reply.series[0]?.values ?? [];
      expect(values.length).toBeGreaterThanOrEqual(Math.floor(OUTAGE_MS / (ROUNDS * INTERVAL_MS)));
      expect(values.filter((value) => value === null)).toEqual([]);
    } finally {
      await second.stop();
    }
  } finally {
    const ended = new Promise((done) => agent.once("exit", done));
    agent.kill("SIGTERM");
    await ended;
    await first.stop();
    removeState(first);
    rmSync(spool, { recursive: true, force: true });
  }
});
