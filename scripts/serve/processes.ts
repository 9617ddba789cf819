import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** A process of this machine. A pid alone proves nothing: it is given out again. */
export interface ProcessId {
  readonly pid: number;
  /** When it began, in whatever form the system says it; the same for as long as it lives. */
  readonly began: string;
}

/** The living process with this pid; undefined when there is none, or it only waits to be buried. */
export function processOf(pid: number): ProcessId | undefined {
  const began = existsSync("/proc/self/stat") ? beganByProc(pid) : beganByPs(pid);
  return began === undefined ? undefined : { pid, began };
}

/** The living children of a process. */
export function childrenOf(pid: number): ProcessId[] {
  const pids = existsSync("/proc/self/stat") ? childPidsByProc(pid) : childPidsByPs(pid);
  return pids.flatMap((child) => processOf(child) ?? []);
}

export function isRunning(process: ProcessId): boolean {
  return processOf(process.pid)?.began === process.began;
}

/** Fields of /proc/{pid}/stat from the third on (proc_pid_stat(5)); the second may hold blanks and brackets. */
function statOf(pid: number | string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined; // it has ended
  }
}

function beganByProc(pid: number): string | undefined {
  const fields = statOf(pid);
  // A process of several threads may be called dead while some of them still hold its port and files.
  if (!fields || fields[0] === "X" || (fields[0] === "Z" && Number(fields[17]) <= 1)) return undefined;
  // Ticks since the boot, so the boot belongs to it.
  return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${fields[19]}`;
}

function childPidsByProc(parent: number): number[] {
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) && statOf(name)?.[1] === String(parent) ? Number(name) : []));
}

function ps(...args: readonly string[]): string {
  try {
    return execFileSync("ps", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return ""; // no such process, or no ps: then nothing can be known
  }
}

function beganByPs(pid: number): string | undefined {
  return ps("-o", "lstart=", "-p", String(pid)).trim() || undefined;
}

function childPidsByPs(parent: number): number[] {
  const rows = ps("-A", "-o", "pid=,ppid=").split("\n");
  return rows.flatMap((row) => {
    const [pid, ppid] = row.trim().split(/\s+/).map(Number);
    return pid !== undefined && ppid === parent ? pid : [];
  });
}
