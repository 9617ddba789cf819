import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Meridian } from "../../sdk/client.ts";
import { ROOT, run } from "../../scripts/lib/project.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";

/** Writers at once, and what each may write at most: together no more series than a query answers. */
const LANES = Array.from({ length: 30 }, (_, lane) => lane);
const WRITES = 30;

let server: TestServer;
let folder: string;

beforeAll(async () => {
  server = await startTestServer();
  folder = mkdtempSync(join(tmpdir(), "meridian-saved-"));
});

afterAll(async () => {
  await server.stop();
  removeState(server);
  rmSync(folder, { recursive: true, force: true });
});

async function backup(...args: readonly string[]) {
  return await run(process.execPath, [join(ROOT, "scripts/backup.ts"), "--state", server.state, ...args]);
}

async function restore(from: string, state: string) {
  const ring = join(server.state, "key-ring.json");
  return await run(process.execPath, [join(ROOT, "scripts/restore.ts"), "--from", from, "--state", state, "--key-ring", ring]);
}

/** Sends a sample of a series of its own. */
async function write(client: Meridian, lane: number, n: number): Promise<void> {
  const labels = { lane: String(lane), n: String(n) };
  await client.metrics.ingest({ samples: [{ metric: "backup_probe", labels, timestamp: Date.now(), value: n }] });
}

/** Of each lane the numbers of the series that are there, sorted. */
async function written(client: Meridian): Promise<number[][]> {
  const [start, end] = [-600_000, 60_000].map((ms) => new Date(Date.now() + ms).toISOString());
  const { series } = await client.metrics.query({ metric: "backup_probe", matchers: [], start: start ?? "", end: end ?? "" });
  return LANES.map((lane) =>
    series
      .filter(({ labels }) => labels["lane"] === String(lane))
      .map(({ labels }) => Number(labels["n"]))
      .sort((a, b) => a - b),
  );
}

/** Kills a command once it has got as far as its folder shows. */
async function killWhen(child: ChildProcess, reached: () => boolean): Promise<void> {
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  while (!reached() && child.exitCode === null) await new Promise((done) => setTimeout(done, 2));
  child.kill("SIGKILL");
  await ended;
}

describe("backup and restore of a running node", () => {
  it("[ND61] saves it while it is written to, and starts again from it: sign-in, keys, samples", async () => {
    const { apiKey, email, password } = server.demo;
    const client = new Meridian({ url: server.url, key: apiKey });
    for (const n of [0, 1]) await Promise.all(LANES.map(async (lane) => await write(client, lane, n)));
    let writing = true;
    const next = LANES.map(() => 2);
    const writes = LANES.map(async (lane) => {
      for (let n = 2; writing && n < WRITES; n++) {
        await write(client, lane, n);
        next[lane] = n + 1;
      }
    });
    const saved = await backup("--to", join(folder, "saved"), "--verify");
    writing = false;
    await Promise.all(writes);
    expect(saved.code, saved.output).toBe(0);
    expect(saved.output).toMatch(/do\/meridian-MetricShard {2}log +1 +(\d+) +\1 +agrees/);
    expect(saved.output).not.toContain("DIFFERS");
    expect(Math.max(...next)).toBeGreaterThan(2);

    const [name = ""] = readdirSync(join(folder, "saved"));
    const restored = await restore(join(folder, "saved", name), join(folder, "state"));
    expect(restored.code, restored.output).toBe(0);
    expect(restored.output).toContain("all checksums agree");
    const again = await startTestServer({ state: join(folder, "state") });
    try {
      const signIn = await fetch(`${again.url}/v1/auth/sign-in/email`, {
        method: "POST",
        headers: { "content-type": "application/json", origin: again.url },
        body: JSON.stringify({ email, password }),
      });
      expect(signIn.status).toBe(200);
      const restoredClient = new Meridian({ url: again.url, key: apiKey });
      const found = await written(restoredClient);
      // As it was at one moment: of every writer all up to some write, at least those from before, and nothing that was never acknowledged.
      for (const [lane, numbers] of found.entries()) {
        expect(numbers).toEqual(numbers.map((_, at) => at));
        expect(numbers.length).toBeGreaterThanOrEqual(2);
        expect(numbers.length).toBeLessThanOrEqual(next[lane] ?? 0);
      }
      await write(restoredClient, 0, found[0]?.length ?? 0);
      expect((await written(restoredClient))[0]).toHaveLength((found[0]?.length ?? 0) + 1);
    } finally {
      await again.stop();
    }
  });

  it("[ND51] recognises a backup that was killed, whenever, and saves again", async () => {
    const to = join(folder, "killed");
    const args = [join(ROOT, "scripts/backup.ts"), "--state", server.state, "--to", to];
    for (const files of [1, 5, 9]) {
      const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "ignore" });
      const partial = () => (existsSync(to) ? readdirSync(to).filter((entry) => entry.endsWith(".partial")) : []);
      await killWhen(child, () => partial().some((entry) => readdirSync(join(to, entry)).length > files));
      for (const half of partial()) {
        const refused = await restore(join(to, half), join(folder, "never"));
        expect(refused.code).toBe(1);
        expect(refused.output).toContain("was not finished");
      }
    }
    expect(existsSync(join(folder, "never"))).toBe(false);
    const saved = await backup("--to", to);
    expect(saved.code, saved.output).toBe(0);
    expect(readdirSync(to).filter((entry) => entry.endsWith(".partial"))).toEqual([]);
    expect(readdirSync(join(server.state, "backups")).filter((entry) => entry.endsWith(".work"))).toEqual([]);
  });

  it("[ND57] recognises a restore that was killed, whenever, and restores again", async () => {
    const to = join(folder, "for restore");
    expect((await backup("--to", to)).code).toBe(0);
    const from = join(to, readdirSync(to)[0] ?? "");
    const state = join(folder, "half");
    const half = `${state}.restoring`;
    const ring = join(server.state, "key-ring.json");
    for (const part of ["state.json", "v3/do", "v3/d1"]) {
      const args = [join(ROOT, "scripts/restore.ts"), "--from", from, "--state", state, "--key-ring", ring];
      await killWhen(spawn(process.execPath, args, { cwd: ROOT, stdio: "ignore" }), () => existsSync(join(half, part)));
      rmSync(state, { recursive: true, force: true }); // when it was faster than the kill
      if (!existsSync(join(half, "unfinished.json"))) continue;
      const refused = await run(process.execPath, [join(ROOT, "scripts/start.ts"), "--state", half, "--port", "1024"]);
      expect(refused.code).toBe(1);
      expect(refused.output).toContain("not readable as a state file");
    }
    const restored = await restore(from, state);
    expect(restored.code, restored.output).toBe(0);
    expect(existsSync(half)).toBe(false);
  });

  it("[ND55] says in one sentence what it refuses", async () => {
    const used = join(folder, "used");
    writeFileSync(used, "");
    const to = join(folder, "plain words");
    expect((await backup("--to", to)).code).toBe(0);
    const from = join(to, readdirSync(to)[0] ?? "");
    const refused = await restore(from, server.state);
    expect([refused.code, refused.output.trim().split("\n").length]).toEqual([1, 1]);
    expect(refused.output).toContain("is not empty");
    expect((await backup()).code).toBe(2);
  });
});
