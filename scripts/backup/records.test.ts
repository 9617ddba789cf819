import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import type { Backup } from "../../contract/platform.ts";
import { answerBackups } from "../serve/node-backups.ts";
import { noteBackup, readBackups } from "./records.ts";
import { scratch } from "./testing.ts";

function backupOf(at: number, state: Backup["state"] = "done"): Backup {
  const startedAt = new Date(at).toISOString();
  const rest = { finishedAt: null, target: "saved", bytes: 1, objects: 2, rows: 3, checksum: null, problem: null };
  return { id: uuidv7(at, cryptoRandom), scope: "node", state, startedAt, ...rest };
}

describe("word of backups", () => {
  it("[ND60] is left while one runs and when it has ended, readable by its owner only", () => {
    const state = scratch();
    const backup = backupOf(1_000, "running");
    noteBackup(state, backup);
    expect(readBackups(state)).toEqual([backup]);
    noteBackup(state, { ...backup, state: "done", checksum: "c" });
    expect(JSON.parse(answerBackups(state).body)).toEqual([{ ...backup, state: "done", checksum: "c" }]);
    for (const name of readdirSync(join(state, "backups"))) expect(statSync(join(state, "backups", name)).mode & 0o077).toBe(0);
    rmSync(state, { recursive: true });
  });

  it("[ND60] of one whose process was killed says that it failed", () => {
    const state = scratch();
    const backup = backupOf(1_000, "running");
    noteBackup(state, backup);
    const file = join(state, "backups", `${backup.id}.json`);
    writeFileSync(
      file,
      JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), process: { pid: 2 ** 22 + 1, began: "x" } }),
    );
    expect(readBackups(state)).toMatchObject([{ id: backup.id, state: "failed", problem: expect.stringContaining("ended before") }]);
    rmSync(state, { recursive: true });
  });

  it("[ND60] is kept of the hundred newest, and what is no record is left out", () => {
    const state = scratch();
    expect(readBackups(state)).toEqual([]);
    mkdirSync(join(state, "backups"));
    writeFileSync(join(state, "backups", `${uuidv7(9_000_000, cryptoRandom)}.json`), "{ cut sho");
    for (let at = 1; at <= 101; at++) noteBackup(state, backupOf(at * 1_000));
    const found = readBackups(state);
    expect(found).toHaveLength(99); // the newest hundred, of which one cannot be read
    expect(found[0]?.startedAt).toBe(new Date(101_000).toISOString());
    rmSync(state, { recursive: true });
  });
});
