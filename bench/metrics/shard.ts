import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MemoryStore } from "../../core/observe/memory-store.ts";
import { Shard } from "../../core/observe/shard.ts";
import { upkeep, UPKEEP } from "../../core/observe/upkeep.ts";
import { TargetBatches, type Values } from "../../core/observe/workload-testing.ts";

const TARGETS = 20;
const SERIES = 1_000;
const STEP_MS = 5_000;
/** Half an hour of points every 5 s. */
const POINTS = 360;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const KEPT = { raw: DAY_MS, minute: 7 * DAY_MS, hour: 90 * DAY_MS };

/**
 * One full shard in this process, over a store in memory: 20,000 series of 11 labels, a point every 5 s for half an hour in batches of 1,000, then
 * its upkeep and two starts. Times are CPU, except the longest waits, which are what a request would feel.
 */
export function runShard(values: Values): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void; // the flag makes it
  // Memory of columns goes a collection later than what held it.
  const gc = () => [1, 2, 3].forEach(() => collect());
  const store = new MemoryStore();
  const startMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const endMs = startMs + POINTS * STEP_MS;
  const open = (): Shard => {
    const shard = new Shard({
      store,
      transaction: (work) => work(),
      room: () => ({ active: 20_000, perHour: 20_000, shard: 20_000 }),
      randomId: () => 7,
    });
    shard.load(endMs);
    return shard;
  };
  const targets = Array.from({ length: TARGETS }, (_, target) => new TargetBatches(target, SERIES, values));
  let shard = open();
  const ingest = { cpuMs: 0, longestMs: 0 };
  for (let point = 0; point < POINTS; point++) {
    for (const [n, target] of targets.entries()) {
      const batch = target.at(point, startMs + point * STEP_MS + n);
      const timer = stopwatch();
      const [outcome] = shard.commit([{ batch, id: `${n}/${point}` }], startMs + point * STEP_MS);
      const { cpuMs, wallMs } = timer();
      if (!outcome?.ok) throw new Error("a batch was refused");
      if (point === 0) target.learn(outcome.value.dictionary, outcome.value.assigned);
      else {
        ingest.cpuMs += cpuMs;
        ingest.longestMs = Math.max(ingest.longestMs, wallMs);
      }
    }
  }
  const samples = TARGETS * SERIES * POINTS;
  const headsBytes = shard.heads.bytes;
  const heldBytes = shard.heads.heldBytes;
  const logBytes = shard.log.unsealedBytes;

  // A shard read from rows shares no text with those who sent it. The store stays: it is SQLite's part in a real object.
  shard = open();
  gc();
  const withShard = memoryBytes();
  shard.labels.match("node_cpu_bytes_total", []);
  gc();
  const withIndex = memoryBytes();
  shard = undefined as unknown as Shard; // made anew below
  gc();
  const without = memoryBytes();
  const coldFull = stopwatch();
  shard = open();
  const coldFullMs = coldFull();

  const slices: number[] = [];
  const all = stopwatch();
  const steps = upkeep(shard, endMs, KEPT, 0);
  for (;;) {
    const slice = stopwatch();
    const { done } = steps.next();
    slices.push(slice().wallMs);
    if (done) break;
  }
  const upkeepCpuMs = all().cpuMs;
  const rolling = stopwatch();
  // Late enough for the minutes of everything.
  for (const step of upkeep(shard, startMs + 5 * HOUR_MS, KEPT, 0)) void step;
  const rollingCpuMs = rolling().cpuMs;
  if (store.counts().minute === 0) throw new Error("no minutes were made");
  gc();
  const coldSealed = stopwatch();
  shard = open();
  const coldSealedMs = coldSealed();
  slices.sort((a, b) => b - a);

  const perSample = (ms: number) => `${Math.round((ms * 1e6) / samples)} ns`;
  console.log(`\none shard in Node: 20,000 series, ${samples.toLocaleString("en")} samples, values ${values}\n`);
  console.log("| what | |\n|---|---|");
  for (const [name, value] of [
    ["commit, a sample", perSample(ingest.cpuMs)],
    ["longest commit of 1,000 samples", `${ingest.longestMs.toFixed(1)} ms`],
    ["seal, a sample", perSample(upkeepCpuMs)],
    ["minutes of rollups, a sample", perSample(rollingCpuMs)],
    [
      `longest slices of ${slices.length}`,
      `${slices
        .slice(0, 5)
        .map((ms) => ms.toFixed(1))
        .join(", ")} ms`,
    ],
    ["compressed points in memory, a sample", `${(headsBytes / samples).toFixed(2)} bytes`],
    ["packed points, a sample", `${(shard.blocks.bytes / samples).toFixed(2)} bytes`],
    ["memory of the heads", mib(heldBytes)],
    ["memory of the shard, half an hour unsealed", mib(withShard - without)],
    ["with its index of labels, which the first question makes", mib(withIndex - without)],
    [
      "start with all of it unsealed",
      `${Math.round(coldFullMs.cpuMs)} ms of CPU for ${mib(logBytes)}; it is sealed at ${mib(UPKEEP.sealAtLogBytes)} at the latest: ${Math.round((coldFullMs.cpuMs * Math.min(logBytes, UPKEEP.sealAtLogBytes)) / logBytes)} ms`,
    ],
    ["start after the seal", `${Math.round(coldSealedMs.cpuMs)} ms of CPU`],
  ]) {
    console.log(`| ${name} | ${value} |`);
  }
}

function stopwatch(): () => { cpuMs: number; wallMs: number } {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { cpuMs: (user + system) / 1_000, wallMs: performance.now() - wall };
  };
}

function memoryBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
