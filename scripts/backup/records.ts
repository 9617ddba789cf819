import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { type Backup, backupSchema } from "../../contract/platform.ts";
import { isRunning, type ProcessId, processOf } from "../serve/processes.ts";

/** Records kept of a node; ids are UUIDv7, so the oldest go first. */
const KEPT = 100;
const RECORD_BYTES = 8 * 1024;

const recordSchema = backupSchema.extend({ process: z.object({ pid: z.number(), began: z.string() }).nullable() });

/** Leaves word of a backup in the state folder, where the running server finds it and passes it on. */
export function noteBackup(state: string, backup: Backup): void {
  const folder = join(state, "backups");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${backup.id}.json`);
  const process_: ProcessId | null = backup.state === "running" ? (processOf(process.pid) ?? null) : null;
  writeFileSync(`${file}.new`, `${JSON.stringify({ ...backup, process: process_ })}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  for (const name of recordNames(folder).slice(KEPT)) rmSync(join(folder, name), { force: true });
}

/** The backups of a node, newest first. One whose process was killed has failed. What cannot be read is left out. */
export function readBackups(state: string): Backup[] {
  const folder = join(state, "backups");
  if (!existsSync(folder)) return [];
  return recordNames(folder)
    .slice(0, KEPT)
    .flatMap((name) => readRecord(join(folder, name)) ?? []);
}

function recordNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^[0-9a-f-]{36}\.json$/.test(name))
    .sort()
    .reverse();
}

function readRecord(file: string): Backup | undefined {
  try {
    const text = readFileSync(file, "utf8");
    if (text.length > RECORD_BYTES) return undefined;
    const found = recordSchema.safeParse(JSON.parse(text));
    if (!found.success) return undefined;
    const { process: owner, ...backup } = found.data;
    if (backup.state !== "running" || (owner && isRunning(owner))) return backup;
    return { ...backup, state: "failed", problem: "The backup was ended before it was whole." };
  } catch {
    return undefined; // written over or removed just now; the next look finds it
  }
}
