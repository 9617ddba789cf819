import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { childrenOf, isRunning, processOf } from "./processes.ts";
import { StateError } from "./state.ts";

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
  const file = lockFile(folder);
  const lock = readLock(file);
  if (!lock) return 0;
  if (lock.server.pid !== process.pid && isRunning(lock.server)) {
    throw new StateError(`${folder} is in use by Meridian, process ${lock.server.pid}. Stop that one, or choose another --state folder.`);
  }
  const left = lock.children.filter(isRunning);
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

/** Takes the state folder, which exists, for this process. @throws StateError when another one was faster */
export async function lockState(folder: string): Promise<StateLock> {
  const file = lockFile(folder);
  await freeState(folder);
  const server = processOf(process.pid) ?? { pid: process.pid, began: "" }; // without /proc and ps nothing is known of anybody
  const text = (children: Lock["children"]) => `${JSON.stringify({ server, children } satisfies Lock)}\n`;
  try {
    writeFileSync(file, text([]), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST")
      throw new StateError(`${folder} was taken by another Meridian just now.`);
    throw error;
  }
  return {
    noteChildren: () => writeFileSync(file, text(childrenOf(process.pid)), { mode: 0o600 }),
    release: () => rmSync(file, { force: true }),
  };
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
    const lock = lockSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
    if (lock.success) return lock.data;
  } catch {
    // Not JSON: the same as another shape.
  }
  rmSync(file, { force: true });
  return undefined;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself in between.
  }
}
