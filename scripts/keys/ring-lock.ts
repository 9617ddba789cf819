import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { isRunning, processOf } from "../serve/processes.ts";
import { RingError } from "./ring-edit.ts";

/**
 * Lets one edit at a time at a key ring's file. A lock whose process is gone is taken over.
 * @throws RingError when another edit is under way
 */
export function withRingLock<T>(file: string, work: () => T): T {
  const lock = `${file}.lock`;
  const own = JSON.stringify(processOf(process.pid) ?? { pid: process.pid, began: "" });
  for (let tries = 0; ; tries++) {
    try {
      writeFileSync(lock, own, { flag: "wx", mode: 0o600 });
      break;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      if (tries > 0 || holderRuns(lock)) throw new RingError(`${file} is being edited by another process (${lock}).`);
      rmSync(lock, { force: true });
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function holderRuns(lock: string): boolean {
  try {
    const holder: unknown = JSON.parse(readFileSync(lock, "utf8"));
    if (typeof holder !== "object" || holder === null || !("pid" in holder) || !("began" in holder)) return false;
    return isRunning({ pid: Number(holder.pid), began: String(holder.began) });
  } catch {
    return false; // cut short, or gone in between
  }
}
