import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEMO_EMAIL } from "./demo.ts";
import { demoFilesIn, hasDemoOperator, hasOperator } from "./demo-traces.ts";
import { removeSetupToken, setupTokenOf } from "./setup-token.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meridian-traces-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The local D1 as a start leaves it: one database with people, one without such a table. */
function databases(...emails: string[]): void {
  const d1 = join(folder, "v3/d1/miniflare-D1DatabaseObject");
  mkdirSync(d1, { recursive: true });
  for (const [name, table] of [
    ["a".repeat(64), "identity_user"],
    ["b".repeat(64), "control_event"],
  ] as const) {
    const database = new DatabaseSync(join(d1, `${name}.sqlite`));
    database.exec(`CREATE TABLE ${table} (email TEXT)`);
    if (table === "identity_user") for (const email of emails) database.prepare(`INSERT INTO ${table} VALUES (?)`).run(email);
    database.close();
  }
  writeFileSync(join(d1, "metadata.sqlite"), "no database");
}

describe("traces of the demo", () => {
  it("[ND5] are its files, and its operator in the database", () => {
    expect(demoFilesIn(folder)).toEqual([]);
    expect(hasDemoOperator(folder)).toBe(false);
    writeFileSync(join(folder, "demo.begun.json"), "{}");
    expect(demoFilesIn(folder)).toEqual(["demo.begun.json"]);
    databases("someone@example.com");
    expect(hasDemoOperator(folder)).toBe(false);
    expect(hasOperator(folder)).toBe(true);
  });

  it("[ND5] are found when only the operator is left", () => {
    databases("someone@example.com", DEMO_EMAIL);
    expect(hasDemoOperator(folder)).toBe(true);
  });

  it("[ND6] a state without people has no operator", () => {
    databases();
    expect(hasOperator(folder)).toBe(false);
  });
});

describe("the setup token", () => {
  it("[ND6] stands in a file for its owner only, the same over starts, until it is not needed", () => {
    const { token, file } = setupTokenOf(folder, undefined);
    expect(token.length).toBeGreaterThanOrEqual(32);
    expect(readFileSync(file ?? "", "utf8").trim()).toBe(token);
    expect(statSync(file ?? "").mode & 0o077).toBe(0);
    expect(setupTokenOf(folder, undefined).token).toBe(token);
    removeSetupToken(folder);
    expect(setupTokenOf(folder, undefined).token).not.toBe(token);
  });

  it("[ND6] is the environment's when that gives one, and then in no file", () => {
    expect(setupTokenOf(folder, "given-given-given")).toEqual({ token: "given-given-given", file: undefined });
  });
});
