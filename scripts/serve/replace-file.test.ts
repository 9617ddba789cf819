import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { replaceFile } from "./replace-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meridian-replace-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a file that is replaced as a whole", () => {
  it("[ND25] stays where a link leads to, for its owner only, and leaves nothing beside it", () => {
    mkdirSync(join(folder, "kept"));
    const [file, link] = [join(folder, "kept/ring.json"), join(folder, "ring.json")];
    writeFileSync(file, "old", { mode: 0o644 });
    symlinkSync(file, link);
    replaceFile(link, "new");
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect([readdirSync(folder).sort(), readdirSync(join(folder, "kept"))]).toEqual([["kept", "ring.json"], ["ring.json"]]);
  });

  it("[ND25] is the old one still when the new one cannot be written", () => {
    const file = join(folder, "ring.json");
    writeFileSync(file, "old");
    mkdirSync(`${file}.${process.pid}.new`);
    expect(() => replaceFile(file, "new")).toThrow();
    expect(readFileSync(file, "utf8")).toBe("old");
  });
});
