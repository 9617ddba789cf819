import { type ObjectWorker, startObjectWorker } from "../lib/object-worker.ts";
import { runtimeCpuSeconds } from "../metrics/cpu.ts";

const BATCHES = 10;
const ROUNDS = 5;
const SCORES = 1_000;
const SUBMITS = 500;
/** Calls that cross together, as with 32 connections at once, and how often. */
const TOGETHER = 10;
const CROSSINGS = 300;
/** Scores a second that one object takes in batches at least, by windows. */
const BOUNDS = { 1: 3_000, 5: 1_000 } as const;

/** How many scores a second a single board takes in batches of 1,000, with 1 and with 5 windows: what the clock says, and CPU alone. */
export async function runBatches(): Promise<void> {
  const worker = await startObjectWorker("durable-objects/live/leaderboard/board-worker-testing.ts", "BOARDS", "BenchBoard");
  console.log("\nscores in batches of 1,000 that one object takes, rules, log, players and ranks included\n");
  console.log("| windows | scores a second | by CPU alone | bound | rows written by a single score | bound |\n|---|---|---|---|---|---|");
  try {
    for (const windows of [1, 5] as const) {
      await worker.ask(`w${windows}`, `begin?windows=${windows}`);
      await worker.ask(`w${windows}`, `take?batches=${BATCHES}`);
      let best = 0;
      const cpu = runtimeCpuSeconds() ?? Number.NaN;
      for (let round = 0; round < ROUNDS; round++) {
        const began = performance.now();
        await worker.ask(`w${windows}`, `take?batches=${BATCHES}`);
        best = Math.max(best, (1_000 * BATCHES * SCORES) / (performance.now() - began));
      }
      const byCpu = (ROUNDS * BATCHES * SCORES) / ((runtimeCpuSeconds() ?? Number.NaN) - cpu);
      const rows = Number(await worker.ask(`w${windows}`, `rows?submits=${SUBMITS}`));
      console.log(
        `| ${windows} | ${best.toFixed(0)} | ${byCpu.toFixed(0)} | ${BOUNDS[windows]} | ${rows.toFixed(1)} | ${8 + 3 * windows} |`,
      );
    }
    await printTogether(worker);
  } finally {
    await worker.stop();
  }
}

/** CPU of a single score and of a rank inside of the object of 100,000 players, when ten cross together. */
async function printTogether(worker: ObjectWorker): Promise<void> {
  await worker.ask("together", "begin?windows=1");
  await worker.ask("together", "fill");
  console.log(`\ninside of the object, 100,000 players, ${TOGETHER} calls together: CPU us a call, the median of ${ROUNDS} rounds\n`);
  for (const what of ["submits", "ranks"] as const) {
    const call = `${what}?calls=${CROSSINGS}&together=${TOGETHER}`;
    await worker.ask("together", call);
    const micros: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const cpu = runtimeCpuSeconds() ?? Number.NaN;
      await worker.ask("together", call);
      micros.push((1e6 * ((runtimeCpuSeconds() ?? Number.NaN) - cpu)) / (CROSSINGS * TOGETHER));
    }
    console.log(`| ${what} | ${(micros.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN).toFixed(0)} |`);
  }
}
