import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A holder touches its lock this often; one that was not touched for thrice as long is left over from a kill. */
export const LOCK_TOUCH_MS = 10_000;
const STALE_MS = 3 * LOCK_TOUCH_MS;

export interface SpoolLock {
  touch(wallMs: number): void;
  release(): void;
}

/**
 * Takes the spool folder for this process: two agents in one folder would send each other's batches twice and tear each other's files.
 * @returns the pid of the other agent when there is one
 */
export function lockSpool(folder: string, wallMs: number, pid = process.pid, isAlive = alive): SpoolLock | { readonly heldBy: number } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "agent.lock");
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, String(pid), { flag: "wx", mode: 0o600 });
      break;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST") || attempt > 2) throw error;
      const holder = holderOf(file, wallMs);
      if (holder !== undefined && holder !== pid && isAlive(holder)) return { heldBy: holder };
      rmSync(file, { force: true });
    }
  }
  return {
    touch: (nowMs) => {
      try {
        utimesSync(file, nowMs / 1_000, nowMs / 1_000);
      } catch {
        // The folder was removed under us or is read-only; the spool reports its own write errors.
      }
    },
    release: () => rmSync(file, { force: true }),
  };
}

function holderOf(file: string, wallMs: number): number | undefined {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    // A pid alone proves nothing: containers hand out the same few again.
    return Number.isSafeInteger(pid) && pid > 0 && Math.abs(wallMs - statSync(file).mtimeMs) < STALE_MS ? pid : undefined;
  } catch {
    return undefined; // it went between the two calls
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"; // it lives and belongs to someone else
  }
}
