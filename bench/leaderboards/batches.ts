import { startObjectWorker } from "../lib/object-worker.ts";
import { runtimeCpuSeconds } from "../metrics/cpu.ts";

const BATCHES = 10;
const ROUNDS = 5;
const SCORES = 1_000;
const SUBMITS = 500;
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
  } finally {
    await worker.stop();
  }
}
