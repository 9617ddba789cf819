import { fork } from "node:child_process";
import { constants, setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { LocalCopier } from "./backup/copier.ts";
import { PARENT_VARIABLE, serveCopier } from "./backup/copier-messages.ts";

// Two processes, because of a server that runs meanwhile. To begin a read SQLite takes a lock for an instant, and whoever meets it
// waits; a process of low priority may be put aside within that instant, and the server with it. So this one pins and copies, is small, and
// keeps its priority. What takes time, from loading its own code to compressing, is done by the other, below the server's priority; not at
// the lowest, because it writes to the same file system, where others wait for whoever is in the middle of a change.
const child = fork(fileURLToPath(new URL("backup/main.ts", import.meta.url)), process.argv.slice(2), {
  env: { ...process.env, [PARENT_VARIABLE]: String(process.pid) },
  execArgv: [],
});
try {
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // It has ended already, or the system has no priorities.
}
serveCopier(child, new LocalCopier());
// Ctrl-C reaches the child by itself; it ends, and this one with it.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.once("exit", (code, signal) => process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
