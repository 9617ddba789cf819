import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second of /proc; Linux has had no other value for decades. */
const TICKS = 100;

interface Stat {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  /** Of this process, and of its children that have ended. */
  readonly ticks: number;
  readonly residentPages: number;
}

/** CPU seconds so far of this process's children named `workerd`; undefined where there is no /proc. */
export function runtimeCpuSeconds(): number | undefined {
  const runtimes = runtimeStats();
  return runtimes.length > 0 ? runtimes.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS : undefined;
}

/** Resident memory in bytes of this process's children named `workerd`. */
export function runtimeResidentBytes(): number {
  return runtimeStats().reduce((sum, { residentPages }) => sum + residentPages, 0) * 4_096;
}

/** CPU seconds so far of a process, its threads and everything that it has started; undefined where there is no /proc. */
export function treeCpuSeconds(pid: number): number | undefined {
  const stats = allStats();
  const tree = new Set([pid]);
  // A child may stand before its parent in the list.
  for (let size = 0; size !== tree.size;) {
    size = tree.size;
    for (const stat of stats) if (tree.has(stat.parent)) tree.add(stat.pid);
  }
  const own = stats.filter((stat) => tree.has(stat.pid));
  return own.length > 0 ? own.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS : undefined;
}

function runtimeStats(): Stat[] {
  return allStats().filter(({ name, parent }) => name === "workerd" && parent === process.pid);
}

function allStats(): Stat[] {
  return processes().flatMap((pid) => readStat(pid) ?? []);
}

function processes(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return []; // not Linux
  }
}

function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const name = text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
    // From the third field of proc(5) on.
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const [utime = 0, stime = 0, ofChildren = 0, systemOfChildren = 0] = fields.slice(11);
    return { pid, name, parent: fields[1] ?? 0, ticks: utime + stime + ofChildren + systemOfChildren, residentPages: fields[21] ?? 0 };
  } catch {
    return undefined; // it ended meanwhile
  }
}
