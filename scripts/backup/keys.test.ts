import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { noteRing } from "../serve/ring-status.ts";
import { readRing } from "./keys.ts";
import { ringOf, scratch } from "./testing.ts";

describe("the key ring of a backup", () => {
  it("[ND54] is the one that the node itself uses, wherever that is from", () => {
    const folder = scratch();
    const state = join(folder, "state");
    mkdirSync(state);
    const rings = Object.fromEntries(["named", "variable", "file", "status", "own"].map((id, at) => [id, ringOf(at * 10 + 1, id).text]));
    for (const [id, text] of Object.entries(rings)) writeFileSync(join(folder, id), text);
    writeFileSync(join(state, "key-ring.json"), rings["own"] ?? "");
    const read = (file?: string, env = {}) => readRing({ file, state }, env).ring.current;
    expect(read()).toBe("own");
    noteRing(state, { text: rings["status"] ?? "", file: join(folder, "status") });
    expect(read()).toBe("status");
    expect(read(undefined, { MERIDIAN_KEY_RING_FILE: join(folder, "file") })).toBe("file");
    expect(read(undefined, { MERIDIAN_KEY_RING: rings["variable"] })).toBe("variable");
    expect(read(join(folder, "named"), { MERIDIAN_KEY_RING: rings["variable"] })).toBe("named");
    expect(readRing({ state }, { MERIDIAN_KEY_RING: rings["variable"] }).fromEnvironment).toBe(true);
    rmSync(folder, { recursive: true });
  });

  it("[ND54] that is missing or no ring is said in a sentence, never with what it holds", () => {
    const folder = scratch();
    expect(() => readRing({}, {})).toThrow(/name its file with --key-ring/);
    expect(() => readRing({ state: folder }, {})).toThrow(/There is no key ring at/);
    writeFileSync(join(folder, "broken"), '{"current":"k1","keys":{"k1":"top-secret"}}');
    expect(() => readRing({ file: join(folder, "broken") }, {})).toThrow(/cannot be read: (?!.*top-secret)/);
    rmSync(folder, { recursive: true });
  });
});
