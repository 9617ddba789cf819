import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openState, STATE_VERSION, StateError } from "./state.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "meridian-state-"));
});
afterEach(() => rmSync(base, { recursive: true }));

describe("the state folder", () => {
  it("[SC7] is made once and keeps its key ring, which only its owner may read", () => {
    const folder = join(base, "state");
    const first = openState(folder);
    expect(openState(folder).keyRing).toBe(first.keyRing);
    expect(statSync(join(folder, "key-ring.json")).mode & 0o077).toBe(0);
    expect(JSON.parse(readFileSync(join(folder, "state.json"), "utf8"))).toEqual({ version: STATE_VERSION });
  });

  it("[SC7] refuses a newer version and copies an older one aside first", () => {
    const folder = join(base, "state");
    openState(folder);
    writeFileSync(join(folder, "state.json"), JSON.stringify({ version: STATE_VERSION + 1 }));
    expect(() => openState(folder)).toThrow(StateError);
    writeFileSync(join(folder, "state.json"), JSON.stringify({ version: STATE_VERSION - 1 }));
    openState(folder);
    expect(existsSync(join(`${folder}.v${STATE_VERSION - 1}.bak`, "key-ring.json"))).toBe(true);
  });

  it("[SC7] never deletes a folder that is not a state folder, and refuses a broken one", () => {
    writeFileSync(join(base, "precious.txt"), "x");
    expect(() => openState(base, true)).toThrow(/no state.json/);
    expect(existsSync(join(base, "precious.txt"))).toBe(true);
    writeFileSync(join(base, "state.json"), "not json");
    expect(() => openState(base)).toThrow(StateError);
  });

  it("[SC7] starts anew when asked to", () => {
    const folder = join(base, "state");
    const before = openState(folder).keyRing;
    expect(openState(folder, true).keyRing).not.toBe(before);
  });
});
