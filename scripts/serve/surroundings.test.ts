import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readOptions } from "./options.ts";
import { digestsOf, noteRing } from "./ring-status.ts";
import { openState } from "./state.ts";
import { lookAround } from "./surroundings.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "meridian-around-"));
});
afterEach(() => rmSync(base, { recursive: true }));

describe("what a production start finds", () => {
  it("[ND2] asks for the keys of the folder's own ring until a node has noted another one", () => {
    const folder = join(base, "state");
    const found = () => lookAround(readOptions(["--state", folder])).ringDigests;
    expect(found()).toEqual({});
    const own = openState(folder).keyRing;
    expect(found()).toEqual(digestsOf(own));
    // The node moved to production with this ring, and its first key was retired since.
    const later = JSON.stringify({ current: "k2", keys: { k2: Buffer.alloc(32, 2).toString("base64url") } });
    noteRing(folder, { text: later, file: "/etc/meridian/key-ring.json" });
    expect(found()).toEqual(digestsOf(later));
    rmSync(join(folder, "key-ring-status.json"));
    writeFileSync(join(folder, "key-ring.json"), "no ring");
    expect(found()).toEqual({});
  });
});
