import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { childrenOf, isRunning, processOf } from "./processes.ts";
import { replaceFile } from "./replace-file.ts";
import { StateError } from "./state.ts";

/** How long a start waits for another one that is taking the folder. */
const WAIT_MS = 15_000;

const processSchema = z.object({ pid: z.number().int().positive(), began: z.string() });
const lockSchema = z.object({
  server: processSchema,
  /** What the server started: the runtime, the host agent. They outlive a server that is killed. */
  children: z.array(processSchema),
});
type Lock = z.infer<typeof lockSchema>;

export interface StateLock {
  /** Notes the children that this process has now. */
  noteChildren(): void;
  release(): void;
}

/**
 * Makes sure that nobody works on this state: two servers over one state would overwrite what each other has acknowledged.
 * A server that was killed leaves its runtime behind, which goes on answering on its port; that is ended here.
 * @returns how many processes of an earlier server were ended
 * @throws StateError when a server runs on this state
 */
export async function freeState(folder: string): Promise<number> {
  if (!existsSync(lockFile(folder))) return 0;
  return await alone(folder, async () => await free(folder));
}

/** Takes the state folder, which exists, for this process. @throws StateError when another one was faster */
export async function lockState(folder: string): Promise<StateLock> {
  const file = lockFile(folder);
  const server = processOf(process.pid) ?? { pid: process.pid, began: "" }; // without /proc and ps nothing is known of anybody
  const text = (children: Lock["children"]) => `${JSON.stringify({ server, children } satisfies Lock)}\n`;
  await alone(folder, async () => {
    await free(folder);
    writeFileSync(file, text([]), { flag: "wx", mode: 0o600 });
  });
  return {
    // Whole at any moment: a half one would be taken for that of a killed writer.
    noteChildren: () => replaceFile(file, text(childrenOf(process.pid))),
    release: () => rmSync(file, { force: true }),
  };
}

/** Ends what a killed server left and removes its lock. Between reading and removing nobody else may do the same: see {@link alone}. */
async function free(folder: string): Promise<number> {
  const file = lockFile(folder);
  const lock = readLock(file);
  if (lock && lock.server.pid !== process.pid && isRunning(lock.server)) {
    throw new StateError(`${folder} is in use by Meridian, process ${lock.server.pid}. Stop that one, or choose another --state folder.`);
  }
  const left = lock?.children.filter(isRunning) ?? [];
  for (const { pid } of left) kill(pid);
  for (let tries = 0; left.some(isRunning); tries++) {
    if (tries === 100)
      throw new StateError(
        `A process of an earlier server does not end: ${left.map(({ pid }) => pid).join(", ")}. End it, then start again.`,
      );
    await new Promise((done) => setTimeout(done, 50));
  }
  rmSync(file, { force: true });
  return left.length;
}

/**
 * Does work on the lock while no other process does: of two starts after a kill, the slower one would remove the lock that the faster
 * one has just written. SQLite's lock on an empty file is the system's own, and ends with its process however that ends.
 */
async function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const file = join(folder, "server.lock");
  closeSync(openSync(file, "a", 0o600));
  const guard = new DatabaseSync(file, { timeout: WAIT_MS });
  try {
    try {
      guard.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      throw new StateError(`${folder} is being taken by another Meridian (${error instanceof Error ? error.message : String(error)}).`);
    }
    return await work();
  } finally {
    guard.close();
  }
}

/** The process of the server that runs on this state now. */
export function runningServerOf(folder: string): number | undefined {
  const lock = readLock(lockFile(folder));
  return lock && isRunning(lock.server) ? lock.server.pid : undefined;
}

function lockFile(folder: string): string {
  return join(folder, "server.json");
}

/** A lock that cannot be read was cut short by the kill of its writer. */
function readLock(file: string): Lock | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return lockSchema.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
  } catch {
    return undefined; // not JSON, the same as another shape; or it went in between
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself in between.
  }
}
