import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT, run } from "../../scripts/lib/project.ts";
import { startServer } from "../../scripts/serve/server.ts";
import { openState } from "../../scripts/serve/state.ts";
import { Meridian } from "../../sdk/client.ts";
import { freePort, removeState, startTestServer, type TestServer } from "../lib/server.ts";

let server: TestServer;
let folder: string;

beforeAll(async () => {
  server = await startTestServer();
  folder = mkdtempSync(join(tmpdir(), "meridian-tenant-"));
});

afterAll(async () => {
  await server.stop();
  removeState(server);
  rmSync(folder, { recursive: true, force: true });
});

it("[ND66] a tenant is saved through the API into a folder, and brought back on an empty node with the same ring", async () => {
  const { apiKey, email } = server.demo;
  const here = new Meridian({ url: server.url, key: apiKey });
  const timestamp = Date.now();
  await here.metrics.ingest({ samples: [{ metric: "moved_probe", labels: {}, timestamp, value: 41 }] });
  const saved = await run(process.execPath, [
    join(ROOT, "scripts/backup.ts"),
    "--tenant",
    "demo",
    "--url",
    server.url,
    "--state",
    server.state,
    "--to",
    folder,
  ]);
  expect(saved.code, saved.output).toBe(0);
  const [name = ""] = readdirSync(folder);
  for (const file of readdirSync(join(folder, name))) expect(statSync(join(folder, name, file)).mode & 0o077, file).toBe(0);

  // Another node of the same deployment: its ring, an admin, and nobody else.
  const text = readFileSync(join(server.state, "key-ring.json"), "utf8");
  const state = openState(join(folder, "other"), false, { ring: { text, file: undefined } });
  const port = await freePort();
  const other = await startServer({ host: "127.0.0.1", port, state, vars: { DEPLOYMENT_ADMINS: email, LOG_REQUESTS: "errors" } });
  try {
    const signUp = await fetch(`${other.url}/v1/auth/sign-up/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: other.url },
      body: JSON.stringify({ name: "Admin", email, password: "another-password-1", tenantName: "Home" }),
    });
    expect(signUp.status, await signUp.clone().text()).toBe(200);
    const env = { MERIDIAN_EMAIL: email, MERIDIAN_PASSWORD: "another-password-1" };
    const args = [join(ROOT, "scripts/restore.ts"), "--tenant-from", join(folder, name), "--url", other.url];
    const restored = await run(process.execPath, args, { env });
    expect(restored.code, restored.output).toBe(0);
    expect(restored.output).toMatch(/tenant\/main {2}tenant_key +\d+ +\d+ +agrees/);
    expect(restored.output).not.toContain("DIFFERS");
    // The tenant's own key opens its own data there.
    const there = new Meridian({ url: other.url, key: apiKey });
    const [start = "", end = ""] = [timestamp - 60_000, timestamp + 60_000].map((at) => new Date(at).toISOString());
    const { series } = await there.metrics.query({ metric: "moved_probe", matchers: [], start, end });
    expect(series.flatMap(({ values }) => values).filter((value) => value !== null)).toEqual([41]);
    const twice = await run(process.execPath, args, { env });
    expect([twice.code, twice.output]).toEqual([1, expect.stringMatching(/already|No backup\.json/)]);
  } finally {
    await other.stop();
  }
});
