import { startObjectWorker } from "../lib/object-worker.ts";
import { runtimeCpuSeconds } from "../metrics/cpu.ts";

const BOARD = "a";
const SLICE = 20_000;
const TIMES = 2_000;
/** Each counts half of all rows one by one. */
const PLAIN_TIMES = 5;
const ROUNDS = 7;
const COLD_STARTS = 20;

interface Timed {
  readonly times: number;
  readonly micros: number;
  readonly rowsWritten: number;
}

/** Of several rounds: the quickest, as in others something else ran, and the slowest; CPU of all of them, calls included. */
interface Measured {
  readonly wall: number;
  readonly worst: number;
  readonly cpu: number;
  readonly rows: number;
}

export interface InsideFigures {
  /** Of one rank, calls included, in microseconds of CPU where it can be told. */
  readonly rankMicros: number;
  /** What memory holds of the ranking. */
  readonly heapBytes: number;
}

/** What one ranking of so many players costs inside of its object: time of each operation, heap, cold start, rows written. */
export async function runInside(players: number): Promise<InsideFigures> {
  const worker = await startObjectWorker("durable-objects/live/leaderboard/ranking-worker-testing.ts", "BOARDS", "RankingBoard");
  const ask = async (what: string): Promise<Timed> => (await worker.ask(BOARD, what)) as Timed; // the worker of this bench
  let sleep = (): void => undefined;
  try {
    await ask("ping");
    const rounds = async (count: number, what: (round: number) => string): Promise<Measured> => {
      const cpu = runtimeCpuSeconds() ?? Number.NaN;
      const timed: Timed[] = [];
      for (let round = 0; round < count; round++) timed.push(await ask(what(round)));
      const times = timed.reduce((sum, one) => sum + one.times, 0);
      return {
        wall: Math.min(...timed.map((one) => one.micros)),
        worst: Math.max(...timed.map((one) => one.micros)),
        cpu: (1e6 * ((runtimeCpuSeconds() ?? Number.NaN) - cpu)) / times,
        rows: timed.reduce((sum, one) => sum + one.rowsWritten, 0) / times,
      };
    };
    const measure = async (what: string, times = TIMES) => await rounds(ROUNDS, () => `${what}?times=${times}&players=${players}`);
    const fills = await rounds(Math.ceil(players / SLICE), (n) => `fill?from=${n * SLICE}&to=${Math.min(players, (n + 1) * SLICE)}`);
    sleep = worker.keepAwake([BOARD]);
    const rank = await measure("rank");
    const updates = await measure("update");
    const around = await measure("around");
    const top = await measure("top");
    const plain = await measure("plainRank", PLAIN_TIMES);
    const full = await worker.heap();
    await ask("forget");
    const forgotten = await worker.heap();
    const cold = await rounds(COLD_STARTS, (player) => `cold?player=${player}`);
    console.log(`\none ranking of ${players} players inside of an object of workerd\n`);
    console.log("| what | |\n|---|---|");
    for (const [name, value] of [
      ["rank of a player", micros(rank)],
      ["the same by counting rows", micros(plain)],
      ["score of a player moved, with its row of the log", micros(updates)],
      ["10 around a player", micros(around)],
      ["top 100", micros(top)],
      ["new player, with its row of the log", micros(fills)],
      ["heap of its buckets", `${Math.round((full - forgotten) / 1_024)} KiB`],
      [
        "first rank after a start (bound at a million: 50 ms)",
        `${cold.worst / 1_000} ms at worst, ${(cold.cpu / 1_000).toFixed(1)} ms of CPU`,
      ],
      ["rows written for a new player, splits and checkpoints included", fills.rows.toFixed(3)],
      ["rows written for a move, splits and checkpoints included", updates.rows.toFixed(3)],
    ]) {
      console.log(`| ${name} | ${value} |`);
    }
    return { rankMicros: Number.isNaN(rank.cpu) ? rank.wall : rank.cpu, heapBytes: full - forgotten };
  } finally {
    sleep();
    await worker.stop();
  }
}

function micros({ wall, cpu }: Measured): string {
  return `${wall.toFixed(1)} us, ${cpu.toFixed(1)} us of CPU`;
}
