import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { PARENT_VARIABLE } from "./copier-messages.ts";
import { BackupError } from "./backup-error.ts";
import { isRunning, processOf } from "../serve/processes.ts";

/** In a folder that is being filled: by whom. */
const MARK_NAME = "unfinished.json";
const markSchema = z.object({ pid: z.number().int().positive(), began: z.string() });

/** Makes a folder for work that is not whole yet, readable by its owner only, and notes whose it is. @throws BackupError when it exists */
export function makeWorkFolder(folder: string): void {
  mkdirSync(join(folder, ".."), { recursive: true, mode: 0o700 });
  if (existsSync(folder))
    throw new BackupError(`${folder} is there already: another backup or restore works in it, or it is not ours. Remove it if not.`);
  mkdirSync(folder, { mode: 0o700 });
  // Of a backup's two processes the one that people see and kill.
  const pid = Number(process.env[PARENT_VARIABLE] ?? process.pid);
  const owner = processOf(pid) ?? { pid, began: "" };
  writeFileSync(join(folder, MARK_NAME), `${JSON.stringify(owner)}\n`, { mode: 0o600 });
}

/** Takes the note away: what is in the folder is whole. */
export function unmark(folder: string): void {
  rmSync(join(folder, MARK_NAME), { force: true });
}

/** Removes work folders that a killed process left: of those whose name says so, never one whose process lives. @returns how many went */
export function clearAbandoned(parent: string, isWork: (name: string) => boolean): number {
  if (!existsSync(parent)) return 0;
  const left = readdirSync(parent).filter((entry) => isWork(entry) && isAbandoned(join(parent, entry)));
  for (const entry of left) rmSync(join(parent, entry), { recursive: true, force: true });
  return left.length;
}

function isAbandoned(folder: string): boolean {
  const file = join(folder, MARK_NAME);
  if (!existsSync(file)) return false; // not one of ours, or killed in the instant of its making, when it was still empty
  try {
    const owner = markSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
    return !owner.success || !isRunning(owner.data);
  } catch {
    return true; // cut short by the kill of its writer
  }
}
