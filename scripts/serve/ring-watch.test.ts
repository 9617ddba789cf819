import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { replaceFile } from "./replace-file.ts";
import { digestsOf, noteRing, noteWalk, readRingStatus } from "./ring-status.ts";
import { watchRing } from "./ring-watch.ts";

const makeKey = () => randomBytes(32).toString("base64url");
/** The same key for the same id, as in the edits of one ring. */
const keyOf = (id: string) => createHash("sha256").update(id).digest("base64url");
const ring = (...ids: string[]) => JSON.stringify({ current: ids[0], keys: Object.fromEntries(ids.map((id) => [id, keyOf(id)])) });

let folder: string;
let file: string;
let stop: (() => void) | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meridian-ring-"));
  file = join(folder, "ring.json");
});
afterEach(() => {
  stop?.();
  rmSync(folder, { recursive: true });
});

describe("the key ring's file while a node runs", () => {
  it("[ND29] is handed over when it changes, also when it changed before anyone watched, and never when it is no ring", async () => {
    const [first, second, third] = [ring("k1"), ring("k2", "k1"), ring("k3", "k2", "k1")];
    const loaded: string[] = [];
    const said: string[] = [];
    writeFileSync(file, second, { mode: 0o600 });
    const reload = async (text: string) => void loaded.push(text);
    stop = watchRing({ file, text: first, reload, say: (sentence) => said.push(sentence), pollMs: 20 });
    await expect.poll(() => loaded).toEqual([second]);
    replaceFile(file, `{"current":"k9","keys":{"k1":"secret-secret"}}`);
    await expect.poll(() => said.at(-1)).toContain("was not taken");
    rmSync(file);
    await expect.poll(() => said.at(-1)).toContain("ENOENT");
    replaceFile(file, third);
    await expect.poll(() => loaded).toEqual([second, third]);
    expect(said.at(-1)).toContain("k3, k2, k1");
    expect(said.join()).not.toContain("secret-secret");
  });

  it("[ND29] is not taken when things were made with a key that it lacks or has otherwise, nor when it is an earlier edit", async () => {
    const said: string[] = [];
    const loaded: string[] = [];
    const versioned = (text: string, version: number) => JSON.stringify({ ...(JSON.parse(text) as object), version });
    const inForce = versioned(ring("k2", "k1"), 5);
    writeFileSync(file, inForce, { mode: 0o600 });
    const reload = async (text: string) => void loaded.push(text);
    stop = watchRing({ file, text: inForce, reload, say: (sentence) => said.push(sentence), pollMs: 20 });
    const refused: [string, string][] = [
      [versioned(ring("k1"), 6), "it lacks k2, the current key"],
      [versioned(ring("k3", "k1"), 6), "it lacks k2, the current key"],
      [JSON.stringify({ current: "k2", keys: { k2: makeKey(), k1: keyOf("k1") } }), "another key under the id k2"],
      [versioned(ring("k2", "k1"), 4), "an earlier edit"],
    ];
    for (const [text, why] of refused) {
      replaceFile(file, text);
      await expect.poll(() => said.at(-1)).toContain(why);
    }
    const next = versioned(ring("k3", "k2"), 6);
    replaceFile(file, next);
    await expect.poll(() => loaded).toEqual([next]);
  });

  it("[ND29] stays the one in force while the platform does not take another, and the node says so", async () => {
    const said: string[] = [];
    writeFileSync(file, ring("k2", "k1"), { mode: 0o600 });
    const reload = async () => {
      throw new Error("the platform did not take the key ring");
    };
    stop = watchRing({ file, text: ring("k1"), reload, say: (sentence) => said.push(sentence), pollMs: 20 });
    await expect.poll(() => said.at(-1)).toContain("the platform did not take the key ring");
  });
});

describe("what a node leaves about its ring", () => {
  it("[ND27] names its keys by digests, and keeps the walk when the ring changes", () => {
    expect(readRingStatus(folder)).toBeUndefined();
    const text = ring("k1");
    noteWalk(folder, JSON.stringify({ ringId: "k1", startedAt: 1, finishedAt: null }));
    expect(readRingStatus(folder)).toBeUndefined();
    noteRing(folder, { text, file });
    noteWalk(folder, JSON.stringify({ ringId: "k1", startedAt: 1, finishedAt: 2 }));
    noteRing(folder, { text, file: null });
    expect(readRingStatus(folder)).toEqual({
      v: 1,
      file: null,
      current: "k1",
      digests: digestsOf(text),
      walk: { ringId: "k1", startedAt: 1, finishedAt: 2 },
    });
    const key = (JSON.parse(text) as { keys: { k1: string } }).keys.k1;
    expect(JSON.stringify(readRingStatus(folder))).not.toContain(key.slice(0, 8));
    expect(() => noteWalk(folder, "{}")).toThrow();
  });
});
