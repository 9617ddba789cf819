import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { noteRing } from "./ring-status.ts";
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

  const dirs = () => readdirSync(base).sort();
  /** A folder of version 1 with something in it, and the steps to version 3, of which one may fail. */
  const older = () => {
    const folder = join(base, "state");
    openState(folder);
    writeFileSync(join(folder, "state.json"), JSON.stringify({ version: 1 }));
    writeFileSync(join(folder, "data.txt"), "one");
    const grow = (word: string) => (at: string) =>
      writeFileSync(join(at, "data.txt"), `${readFileSync(join(at, "data.txt"), "utf8")} ${word}`);
    return { folder, grow };
  };

  it("[ND20] is copied aside whole, then brought up step by step", () => {
    const { folder, grow } = older();
    openState(folder, false, {
      layout: {
        version: 3,
        migrations: [
          { from: 2, up: grow("three") },
          { from: 1, up: grow("two") },
        ],
      },
    });
    expect(readFileSync(join(folder, "data.txt"), "utf8")).toBe("one two three");
    expect(JSON.parse(readFileSync(join(folder, "state.json"), "utf8"))).toEqual({ version: 3 });
    expect(dirs()).toEqual(["state", "state.v1.bak"]);
    expect(readFileSync(join(`${folder}.v1.bak`, "data.txt"), "utf8")).toBe("one");
    expect(JSON.parse(readFileSync(join(`${folder}.v1.bak`, "state.json"), "utf8"))).toEqual({ version: 1 });
  });

  it("[ND20] goes on where a kill interrupted it, and keeps the copy from before", () => {
    const { folder, grow } = older();
    const killed = () => {
      throw new Error("killed");
    };
    const layout = (second: (at: string) => void) => ({
      version: 3,
      migrations: [
        { from: 1, up: grow("two") },
        { from: 2, up: second },
      ],
    });
    expect(() => openState(folder, false, { layout: layout(killed) })).toThrow("killed");
    // Half changed: the next start neither copies it nor repeats the step that is done.
    openState(folder, false, { layout: layout(grow("three")) });
    expect(readFileSync(join(folder, "data.txt"), "utf8")).toBe("one two three");
    expect(dirs()).toEqual(["state", "state.v1.bak"]);
    expect(readFileSync(join(`${folder}.v1.bak`, "data.txt"), "utf8")).toBe("one");
  });

  it("[ND20] overwrites no copy of an earlier time, and leaves no lock in one", () => {
    const { folder, grow } = older();
    mkdirSync(`${folder}.v1.bak`);
    mkdirSync(`${folder}.v1.bak.2.partial`);
    writeFileSync(join(folder, "server.json"), "{}");
    openState(folder, false, { layout: { version: 2, migrations: [{ from: 1, up: grow("two") }] } });
    expect(dirs()).toEqual(["state", "state.v1.bak", "state.v1.bak.2"]);
    expect(readdirSync(`${folder}.v1.bak.2`).sort()).toEqual(["data.txt", "key-ring.json", "state.json"]);
  });

  it("[ND20] is copied with what its links lead to", () => {
    const { folder, grow } = older();
    const link = join(base, "link");
    symlinkSync(folder, link);
    mkdirSync(join(base, "disk"));
    writeFileSync(join(base, "disk/data.txt"), "one");
    symlinkSync(join(base, "disk"), join(folder, "v3"));
    const up = (at: string): void => {
      grow("two")(at);
      grow("two")(join(at, "v3"));
    };
    openState(link, false, { layout: { version: 2, migrations: [{ from: 1, up }] } });
    expect(readFileSync(join(folder, "data.txt"), "utf8")).toBe("one two");
    for (const part of [".", "v3"]) expect(readFileSync(join(`${link}.v1.bak`, part, "data.txt"), "utf8"), part).toBe("one");
  });

  it("[SC7] is emptied where a link leads to it", () => {
    const folder = join(base, "state");
    const link = join(base, "link");
    const before = openState(folder).keyRing;
    writeFileSync(join(folder, "data.txt"), "one");
    chmodSync(folder, 0o755);
    symlinkSync(folder, link);
    expect(openState(link, true).keyRing).not.toBe(before);
    expect(readdirSync(folder).sort()).toEqual(["key-ring.json", "state.json"]);
    expect(statSync(folder).mode & 0o077).toBe(0);
  });

  it("[ND20] refuses a version that it has no step from", () => {
    const { folder } = older();
    expect(() => openState(folder, false, { layout: { version: 3, migrations: [{ from: 2, up: () => {} }] } })).toThrow(
      /cannot bring to 3/,
    );
  });

  it("[ND2] keeps no ring of its own when one comes from the environment", () => {
    const folder = join(base, "state");
    const ring = { text: "{}", file: undefined };
    expect(openState(folder, false, { ring })).toMatchObject({ keyRing: "{}", keyRingFile: undefined });
    expect(existsSync(join(folder, "key-ring.json"))).toBe(false);
  });

  it("[ND2] makes no ring of its own for a state that was made with another one", () => {
    const folder = join(base, "state");
    const text = openState(folder).keyRing;
    const file = join(folder, "key-ring.json");
    noteRing(folder, { text, file });
    expect(openState(folder).keyRing).toBe(text);
    rmSync(file);
    expect(() => openState(folder)).toThrow(/that stood in it/);
    noteRing(folder, { text, file: "/etc/meridian/key-ring.json" });
    expect(() => openState(folder)).toThrow(/of a production node \(\/etc\/meridian\/key-ring.json\).*--production/);
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, openState(join(base, "other")).keyRing);
    expect(() => openState(folder)).toThrow(/lacks k1, with which this state was made/);
    expect(openState(folder, false, { ring: { text, file: undefined } }).keyRing).toBe(text);
    expect(openState(folder, true).keyRing).not.toBe(text);
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
