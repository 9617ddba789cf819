import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT, run } from "../../scripts/lib/project.ts";
import { missingIn, noteRing, noteWalk, readRingStatus } from "../../scripts/serve/ring-status.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meridian-keys-"));
  file = join(folder, "ring.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

const keys = async (...args: string[]) => await run(process.execPath, [join(ROOT, "scripts/keys.ts"), ...args]);
const ring = () => JSON.parse(readFileSync(file, "utf8")) as { current: string; keys: Record<string, string> };

describe("npm run keys", () => {
  it("[ND25] replaces the file as a whole, for its owner only, one edit at a time", async () => {
    expect((await keys("new", "--file", file)).code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await keys("new", "--file", file)).output).toContain("never overwritten");
    chmodSync(file, 0o644);
    const all = await Promise.all(Array.from({ length: 4 }, async () => await keys("add", "--file", file)));
    const made = all.filter(({ code }) => code === 0).length;
    expect(made).toBeGreaterThan(0);
    for (const { code, output } of all) if (code !== 0) expect(output).toContain("is being edited by another process");
    // Every edit that said it was made is there.
    expect(Object.keys(ring().keys)).toHaveLength(1 + made);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(`${file}.lock`, JSON.stringify({ pid: 4_190_000, began: "long ago" }));
    expect((await keys("add", "--file", file)).code).toBe(0);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it("[ND27] keeps a key while no node says that nothing is sealed with it", async () => {
    await keys("new", "--file", file);
    await keys("rotate", "--file", file);
    const refused = await keys("retire", "k1", "--file", file, "--now");
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("--state");
    expect(Object.keys(ring().keys)).toEqual(["k1", "k2"]);
  });

  it("[ND27] lets a stopped node start without the retired key, whether its ring is a file or a variable", async () => {
    await keys("new", "--file", file);
    for (const [place, old] of [
      [file, "k1"],
      [null, "k2"],
    ] as const) {
      await keys("rotate", "--file", file);
      const text = readFileSync(file, "utf8");
      noteRing(folder, { text, file: place });
      noteWalk(folder, JSON.stringify({ ringId: ring().current, startedAt: 1, finishedAt: 2 }));
      expect(missingIn(text, readRingStatus(folder))).toEqual([]);
      const { code, output } = await keys("retire", old, "--file", file, "--state", folder, "--now");
      expect(code, output).toBe(0);
      expect(ring().keys).not.toHaveProperty(old);
      expect(missingIn(readFileSync(file, "utf8"), readRingStatus(folder))).toEqual([]);
      expect(missingIn(undefined, readRingStatus(folder))).toEqual([ring().current]);
    }
  });

  it("[ND28] prints what hands the ring to both scripts of a deployment, the objects first", async () => {
    await keys("new", "--file", file);
    const early = await keys("rotate", "--file", file, "--env", "production");
    expect(early.code).toBe(1);
    expect(early.output).toContain("Add a key first");
    const { output } = await keys("add", "--file", file, "--env", "production");
    const commands = output.split("\n").filter((line) => line.includes("wrangler secret put KEY_RING"));
    expect(commands).toHaveLength(2);
    expect(commands[0]).toContain("deploy/objects/wrangler.toml --env production");
    expect(commands[1]).toContain("deploy/edge/wrangler.toml --env production");
    expect(output).not.toContain(ring().keys["k2"]);
    expect((await keys("rotate", "--file", file, "--env", "production")).code).toBe(0);
    expect((await keys("retire", "k1", "--file", file, "--env", "production")).output).toContain("in use nowhere");
    expect((await keys("retire", "k1", "--file", file, "--env", "production", "--now")).code).toBe(0);
    expect(ring()).toMatchObject({ current: "k2" });
    expect((await keys("add", "--env", "production")).output).toContain("--env needs --file");
  });

  it("[ND25] says in a sentence what it does not know", async () => {
    for (const args of [
      ["frobnicate", "--file", file],
      ["list", "--file", file],
      ["retire", "--file", file],
      ["list", "--state", folder],
      ["--bogus"],
    ]) {
      const { code, output } = await keys(...args);
      expect(code, args.join(" ")).not.toBe(0);
      expect(output, args.join(" ")).toMatch(/^meridian: /);
      expect(output).not.toContain("    at ");
    }
  });
});
