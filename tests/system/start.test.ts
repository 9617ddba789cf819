import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, run } from "../../scripts/lib/project.ts";
import { removeState, startTestServer } from "../lib/server.ts";

async function until<T>(what: string, attempt: () => Promise<T | undefined>, seconds = 60): Promise<T> {
  for (let i = 0; i < seconds * 2; i++) {
    const value = await attempt();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${what} did not happen within ${seconds} s`);
}

describe("npm start", () => {
  it("[SC10] brings this machine's own samples, stops on a signal and starts again on the same state", async () => {
    const first = await startTestServer({ agent: true });
    const headers = { authorization: `Bearer ${first.demo.apiKey}` };
    const hosts = async (url: string) =>
      (
        (await (await fetch(`${url}/v1/hosts`, { headers })).json()) as {
          items: { host: string; state: string; cpuRatio: number | null }[];
        }
      ).items;
    const host = await until("a host with a CPU figure", async () => (await hosts(first.url)).find((item) => item.cpuRatio !== null));
    expect(host.state).toBe("online");
    expect(statSync(join(first.state, "demo.json")).mode & 0o077).toBe(0);
    await first.stop();
    expect(first.process.exitCode).toBe(0);
    // Both were asked, in this order: the agent flushed while the server still answered.
    expect(first.output()).toMatch(/meridian: stopping[^]*stopped by SIGTERM/);

    const second = await startTestServer({ state: first.state });
    try {
      expect(second.demo.apiKey).toBe(first.demo.apiKey);
      expect((await hosts(second.url)).map((item) => item.host)).toContain(host.host);
    } finally {
      await second.stop();
      removeState(second);
    }
  });

  it("[SC11] says in one sentence that a port is taken or an option unknown", async () => {
    const holder = createServer();
    const state = mkdtempSync(join(tmpdir(), "meridian-test-"));
    const port = await new Promise<number>((resolve) =>
      holder.listen(0, "127.0.0.1", () => {
        const address = holder.address();
        resolve(typeof address === "object" && address ? address.port : 0);
      }),
    );
    try {
      const taken = await run(process.execPath, [join(ROOT, "scripts/start.ts"), "--port", String(port), "--state", state]);
      expect(taken.code).toBe(1);
      expect(taken.output).toMatch(new RegExp(`Port ${port} .* is taken by another program. Choose another one with --port`));
    } finally {
      holder.close();
      rmSync(state, { recursive: true });
    }
    const unknown = await run(process.execPath, [join(ROOT, "scripts/start.ts"), "--prot", "1"]);
    expect(unknown.code).toBe(2);
    expect(unknown.output).toMatch(/--prot/);
  });
});
