import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../scripts/lib/project.ts";
import { freePort, startTestServer } from "../lib/server.ts";

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

it("[SC25] a signal during the start ends it in order: nothing is left running, and the next start finds a free state", async () => {
  const [port, state] = [await freePort(), mkdtempSync(join(tmpdir(), "meridian-test-"))];
  const args = [join(ROOT, "scripts/start.ts"), "--port", String(port), "--state", state, "--quiet", "--no-agent", "--no-seed"];
  const child = spawn(process.execPath, args, { cwd: ROOT, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const group = -(child.pid ?? 0);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  try {
    // The runtime listens: its databases are being made, or its demo tenant.
    for (let i = 0; i < 600 && child.exitCode === null && !(await answers(port)); i++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(printed).not.toContain("Ctrl-C stops");
    child.kill("SIGINT"); // this process alone, not its group as a terminal would
    expect(await exited).toBe(0);
    expect(printed).toContain("meridian: stopping");
    expect(printed).not.toMatch(/Error|fetch failed|\n\s+at /);
    expect(() => process.kill(group, 0)).toThrow("ESRCH");
  } finally {
    if (child.exitCode === null) process.kill(group, "SIGKILL");
  }
  const next = await startTestServer({ state });
  try {
    expect(next.output()).not.toContain("ended what a killed server had left");
    expect((await fetch(`${next.url}/v1/hosts`, { headers: { authorization: `Bearer ${next.demo.apiKey}` } })).status).toBe(200);
  } finally {
    await next.stop();
    rmSync(state, { recursive: true, force: true });
  }
});
