import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { CpuTimes, HostSource, InterfaceCounters, MemoryReading, ProcessReading } from "../source.ts";
import { LinuxDisks } from "./linux-disks.ts";
import { readTemperatures } from "./linux-temperatures.ts";

/** Processes read before the event loop gets a turn: about 2 ms of work. */
const PROCESSES_PER_SLICE = 100;

/**
 * Linux, straight from the kernel's files. The same figures through systeminformation cost 70 ms of CPU a round without and 160 ms with processes
 * (it runs `ps`, `df`, `lsblk` and shells), 1.5 to 3 % of a core at 5 s; these files cost about 3 ms.
 * @param roots other folders in tests
 */
export function linuxSource(roots: { proc: string; sys: string } = { proc: "/proc", sys: "/sys" }): HostSource {
  const disks = new LinuxDisks(roots.proc);
  const { pageBytes, ticksPerSecond } = auxiliary(roots.proc);
  const text = (file: string) => readFile(`${roots.proc}/${file}`, "latin1");
  return {
    cpuTimes: async () => parseCpuTimes(await text("stat")),
    memory: async () => parseMemory(await text("meminfo")),
    disks: (warn) => disks.space(warn),
    diskIo: () => disks.io(),
    interfaces: async () => parseInterfaces(await text("net/dev")),
    processes: () => readProcesses(roots.proc, pageBytes, ticksPerSecond),
    processName: (process) => betterName(process.name, readOrEmpty(`${roots.proc}/${process.pid}/cmdline`)),
    temperatures: () => readTemperatures(roots.sys),
  };
}

/** `/proc/stat` (proc_stat(5)): user nice system idle iowait irq softirq steal; guest time is already within user and nice. */
export function parseCpuTimes(text: string): CpuTimes[] {
  const cores: CpuTimes[] = [];
  for (const match of text.matchAll(/^cpu(\d+) (.+)$/gm)) {
    const times = (match[2] ?? "").trim().split(/ +/).slice(0, 8).map(Number);
    const total = times.reduce((sum, time) => sum + time, 0);
    cores.push({ core: match[1] ?? "", total, busy: total - (times[3] ?? 0) - (times[4] ?? 0) });
  }
  return cores;
}

/** `/proc/meminfo` in KiB. Kernels before 3.14 have no MemAvailable; free, buffers and cache stand in for it. */
export function parseMemory(text: string): MemoryReading {
  const field = (name: string): number => {
    const match = new RegExp(`^${name}: +(\\d+)`, "m").exec(text);
    return match ? Number(match[1]) * 1_024 : 0;
  };
  const totalBytes = field("MemTotal");
  const available = field("MemAvailable") || field("MemFree") + field("Buffers") + field("Cached");
  const swapTotalBytes = field("SwapTotal");
  return { totalBytes, usedBytes: totalBytes - available, swapTotalBytes, swapUsedBytes: swapTotalBytes - field("SwapFree") };
}

/** `/proc/net/dev`: received bytes are the first column after the name, transmitted bytes the ninth. */
export function parseInterfaces(text: string): InterfaceCounters[] {
  return text.split("\n").flatMap((line) => {
    const colon = line.lastIndexOf(":"); // an alias such as `eth0:1` holds one itself
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/ +/)
      .map(Number);
    if (colon < 0 || columns.length < 16) return [];
    return [{ name: line.slice(0, colon).trim(), receivedBytes: columns[0] ?? 0, transmittedBytes: columns[8] ?? 0 }];
  });
}

/** One line of `/proc/{pid}/stat`; undefined when it is none. The name stands in parentheses and may hold any character, also `)`. */
export function parseProcess(text: string, pageBytes: number, ticksPerSecond: number): ProcessReading | undefined {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(" "); // field 3 of the manual is index 0
  const tick = (field: number): number => Number(fields[field - 3] ?? 0);
  return {
    pid: Number.parseInt(text, 10),
    name: text.slice(open + 1, close),
    startedAt: tick(22),
    cpuSeconds: (tick(14) + tick(15)) / ticksPerSecond,
    memoryBytes: Math.max(0, tick(24)) * pageBytes,
  };
}

/**
 * The kernel cuts names at 15 bytes and takes a thread's (`MainThread` for every Node). The program's own first argument says more, when it
 * is the same program: daemons write whole sentences there. Further arguments may hold secrets and are never looked at.
 */
export function betterName(name: string, commandLine: string): string {
  const program = (commandLine.split("\0")[0] ?? "").replace(/^.*\//, "");
  const sameProgram = name === "MainThread" ? /^[\w.+-]+$/.test(program) : program.startsWith(name);
  return program !== "" && program.length <= 64 && sameProgram ? program : name;
}

async function readProcesses(proc: string, pageBytes: number, ticksPerSecond: number): Promise<ProcessReading[]> {
  const found: ProcessReading[] = [];
  const pids = readdirSync(proc).filter((name) => /^\d+$/.test(name));
  for (let i = 0; i < pids.length; i += PROCESSES_PER_SLICE) {
    for (const pid of pids.slice(i, i + PROCESSES_PER_SLICE)) {
      // Synchronous on purpose: these files never block, and a trip over the thread pool costs ten times the read.
      const process = parseProcess(readOrEmpty(`${proc}/${pid}/stat`), pageBytes, ticksPerSecond);
      if (process) found.push(process);
    }
    await new Promise<void>((next) => setImmediate(next));
  }
  return found;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // the process ended between the listing and the read
  }
}

/** Page size (AT_PAGESZ, 6) and clock ticks (AT_CLKTCK, 17) of the auxiliary vector, 64-bit pairs; the usual ones where it cannot be read. */
function auxiliary(proc: string): { pageBytes: number; ticksPerSecond: number } {
  const values = new Map<number, number>();
  try {
    const bytes = readFileSync(`${proc}/self/auxv`);
    for (let at = 0; at + 16 <= bytes.length; at += 16) {
      const kind = process.arch === "s390x" ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at);
      const value = process.arch === "s390x" ? bytes.readBigUInt64BE(at + 8) : bytes.readBigUInt64LE(at + 8);
      if (kind === 6n || kind === 17n) values.set(Number(kind), Number(value));
    }
  } catch {
    // Hardened kernels hide it.
  }
  return { pageBytes: values.get(6) ?? 4_096, ticksPerSecond: values.get(17) ?? 100 };
}
