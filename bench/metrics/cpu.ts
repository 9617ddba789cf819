import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second of /proc; Linux has had no other value for decades. */
const TICKS = 100;

/** CPU seconds so far of this process's children named `workerd`; undefined where there is no /proc. */
export function runtimeCpuSeconds(): number | undefined {
  let ticks = 0;
  let found = false;
  for (const pid of processes()) {
    const stat = readStat(pid);
    if (stat?.name !== "workerd" || stat.parent !== process.pid) continue;
    found = true;
    ticks += stat.ticks;
  }
  return found ? ticks / TICKS : undefined;
}

function processes(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // not Linux
  }
}

function readStat(pid: string): { name: string; parent: number; ticks: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const name = text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { name, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined; // it ended meanwhile
  }
}
