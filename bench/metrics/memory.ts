import { startObjectWorker } from "../lib/object-worker.ts";
import { runtimeResidentBytes } from "./cpu.ts";

const SHARDS = ["a", "b"];
const TARGETS = 20;
/** Half an hour of points every 5 s. */
const POINTS = 360;
const DAY_MS = 24 * 3_600_000;

/** Two full shards in one isolate of the real runtime, over SQLite on disk: their memory, their start, and what a request feels of their upkeep. */
export async function runMemory(points = POINTS): Promise<void> {
  const worker = await startObjectWorker("durable-objects/observe/memory-worker-testing.ts", "SHARDS", "MemoryShard");
  const { ask } = worker;
  let sleep = (): void => undefined;
  try {
    for (const shard of SHARDS) await ask(shard, "ping");
    const startMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const empty = await worker.heap();
    const resident = runtimeResidentBytes();
    sleep = worker.keepAwake(SHARDS);
    for (const shard of SHARDS) await ask(shard, `fill?targets=${TARGETS}&points=${points}&startMs=${startMs}`);
    for (const shard of SHARDS) if ((await ask(shard, "ping")) !== 1_000 * TARGETS) throw new Error("a shard was evicted");
    const full = await worker.heap();
    const residentFull = runtimeResidentBytes();
    for (const shard of SHARDS) await ask(shard, "index");
    const indexed = await worker.heap();
    sleep();
    const restarts: number[] = [];
    let restarted: unknown;
    for (const shard of SHARDS) {
      const began = performance.now();
      restarted = await ask(shard, "restart");
      restarts.push(performance.now() - began);
    }
    const quiet = await longestPing(ask, SHARDS[0] ?? "", new Promise((later) => setTimeout(later, 2_000)));
    const sealing = ask(SHARDS[0] ?? "", "upkeep");
    const busy = await longestPing(ask, SHARDS[0] ?? "", sealing);
    const sealedStart = performance.now();
    await ask(SHARDS[0] ?? "", "restart");
    const sealedMs = performance.now() - sealedStart;
    console.log(`\ntwo shards in one isolate of workerd: 20,000 series of 11 labels each, ${points} points of each unsealed\n`);
    console.log("| what | |\n|---|---|");
    for (const [name, value] of [
      ["heap of the isolate, both empty", mib(empty)],
      ["memory of one shard (must: 40 MiB)", mib((full - empty) / 2)],
      ["memory of one shard with its index of labels", mib((indexed - empty) / 2)],
      ["resident memory of the runtime, before and after", `${mib(resident)}, ${mib(residentFull)}`],
      ["start with all of it unsealed", `${restarts.map((ms) => Math.round(ms)).join(" and ")} ms (${JSON.stringify(restarted)})`],
      ["start after the seal", `${Math.round(sealedMs)} ms`],
      ["longest of calls every 2 ms, nothing else going on", `${quiet.toFixed(1)} ms`],
      ["longest of calls every 2 ms during a seal (must: 50 ms more)", `${busy.toFixed(1)} ms (${JSON.stringify(await sealing)})`],
    ]) {
      console.log(`| ${name} | ${value} |`);
    }
  } finally {
    sleep();
    await worker.stop();
  }
}

/** The longest wait of calls one after another, while some work goes on. */
async function longestPing(ask: (shard: string, what: string) => Promise<unknown>, shard: string, work: Promise<unknown>): Promise<number> {
  let isDone = false;
  const ended = work.finally(() => (isDone = true));
  let longest = 0;
  while (!isDone) {
    const began = performance.now();
    await ask(shard, "ping");
    longest = Math.max(longest, performance.now() - began);
    await new Promise((later) => setTimeout(later, 2));
  }
  await ended;
  return longest;
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
