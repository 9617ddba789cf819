import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT, run } from "../../scripts/lib/project.ts";
import { startTestServer } from "../lib/server.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meridian-fit-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const KEY = `${"A".repeat(42)}E`;
const RING = JSON.stringify({ current: "k1", keys: { k1: KEY } });
const FIT = ["--production", "--public-url", "https://ops.example.com"];
const start = async (args: string[], env: Record<string, string> = {}) =>
  await run(process.execPath, [join(ROOT, "scripts/start.ts"), ...args], { env });

describe("npm start -- --production", () => {
  it("[ND1] ends at once, and says all that it misses without a secret", async () => {
    const state = join(folder, "state");
    const bare = await start(["--production", "--host", "0.0.0.0", "--state", state]);
    expect(bare.code).toBe(1);
    for (const name of ["MERIDIAN_KEY_RING_FILE", "--public-url", "--host 0.0.0.0"]) expect(bare.output).toContain(name);
    expect(bare.output).not.toContain("    at ");
    const file = join(folder, "ring.json");
    writeFileSync(file, RING.replace("k1", "k9"), { mode: 0o644 });
    const open = await start([...FIT, "--state", state], { MERIDIAN_KEY_RING_FILE: file });
    expect(open.code).toBe(1);
    expect(open.output).toContain(`chmod 600 ${file}`);
    expect(open.output).toContain("current key is not in the ring");
    expect(open.output).not.toContain(KEY);
    expect(existsSync(state)).toBe(false);
  });

  it("[ND5] does not start on a demo, also when only its operator is left of it", async () => {
    const demo = await startTestServer({ state: join(folder, "state") });
    await demo.stop();
    chmodSync(demo.state, 0o700);
    const refused = await start([...FIT, "--state", demo.state], { MERIDIAN_KEY_RING: RING });
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("demo.json, the demo's operator");
    expect(refused.output).toContain("--fresh");
    // The state was made with a ring of its own, which this is not.
    expect(refused.output).toContain("lacks k1");
    for (const name of readdirSync(demo.state).filter((one) => one.endsWith(".json") && one !== "state.json"))
      rmSync(join(demo.state, name));
    const stillRefused = await start([...FIT, "--state", demo.state], { MERIDIAN_KEY_RING: RING });
    expect(stillRefused.code).toBe(1);
    expect(stillRefused.output).toContain("the demo's operator");
    expect(stillRefused.output).not.toContain("demo.json");
  });
});
