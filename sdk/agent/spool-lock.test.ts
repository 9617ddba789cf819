import { existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LOCK_TOUCH_MS, lockSpool, type SpoolLock } from "./spool-lock.ts";
import { temporaryFolder } from "./testing.ts";

const take = (folder: string, pid: number, alive = true, now = Date.now()): SpoolLock => {
  const lock = lockSpool(folder, now, pid, () => alive);
  if ("heldBy" in lock) throw new Error(`held by ${lock.heldBy}`);
  return lock;
};

describe("lockSpool", () => {
  it("[AG74] lets one agent into a folder and names it to the second", () => {
    using folder = temporaryFolder();
    const lock = take(folder.path, 100);
    expect(lockSpool(folder.path, Date.now(), 200, () => true)).toEqual({ heldBy: 100 });
    lock.release();
    expect(existsSync(join(folder.path, "agent.lock"))).toBe(false);
    take(folder.path, 200);
  });

  it("[AG74] takes over from a process that is gone, from one that stopped touching its lock, and from its own number", () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "agent.lock");
    take(folder.path, 100);
    take(folder.path, 200, false);
    expect(readFileSync(file, "utf8")).toBe("200");
    const longAgo = Date.now() / 1_000 - (3 * LOCK_TOUCH_MS) / 1_000 - 1;
    utimesSync(file, longAgo, longAgo);
    take(folder.path, 300);
    take(folder.path, 300);
    writeFileSync(file, "no number");
    take(folder.path, 400);
  });

  it("[AG74] a touched lock stays held", () => {
    using folder = temporaryFolder();
    const lock = take(folder.path, 100);
    const later = Date.now() + 10 * LOCK_TOUCH_MS;
    lock.touch(later);
    expect(lockSpool(folder.path, later + LOCK_TOUCH_MS, 200, () => true)).toEqual({ heldBy: 100 });
  });
});
