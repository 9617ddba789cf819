import { startObjectWorker } from "../lib/object-worker.ts";

const BOARD = "a";
const SLICE = 20_000;
const TIMES = 2_000;
/** Each counts half of all rows one by one. */
const PLAIN_TIMES = 5;
/** The quickest counts: the others are those in which something else ran. */
const ROUNDS = 7;

interface Timed {
  readonly times: number;
  readonly micros: number;
  readonly rowsWritten: number;
}

/** What one ranking of so many players costs inside of its object: time of each operation, heap, cold start, rows written. */
export async function runInside(players: number): Promise<void> {
  const worker = await startObjectWorker("durable-objects/live/leaderboard/ranking-worker-testing.ts", "BOARDS", "RankingBoard");
  const ask = async (what: string): Promise<Timed> => (await worker.ask(BOARD, what)) as Timed; // the worker of this bench
  let sleep = (): void => undefined;
  try {
    await ask("ping");
    const fills: Timed[] = [];
    for (let from = 0; from < players; from += SLICE) fills.push(await ask(`fill?from=${from}&to=${Math.min(players, from + SLICE)}`));
    sleep = worker.keepAwake([BOARD]);
    const measure = async (what: string, times = TIMES) => {
      const rounds: Timed[] = [];
      for (let round = 0; round < ROUNDS; round++) rounds.push(await ask(`${what}?times=${times}&players=${players}`));
      return rounds;
    };
    const rank = await measure("rank");
    const updates = await measure("update");
    const around = await measure("around");
    const top = await measure("top");
    const plain = await measure("plainRank", PLAIN_TIMES);
    const full = await worker.heap();
    await ask("forget");
    const forgotten = await worker.heap();
    const colds: number[] = [];
    for (let player = 0; player < 5; player++) colds.push((await ask(`cold?player=${player}`)).micros / 1_000);
    const rows = (timed: readonly Timed[]) =>
      timed.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0) / timed.reduce((sum, { times }) => sum + times, 0);
    console.log(`\none ranking of ${players} players inside of an object of workerd\n`);
    console.log("| what | |\n|---|---|");
    for (const [name, value] of [
      ["rank of a player", micros(rank)],
      ["the same by counting rows", micros(plain)],
      ["score of a player moved, with its row of the log", micros(updates)],
      ["10 around a player", micros(around)],
      ["top 100", micros(top)],
      ["new player, at the end of filling", micros(fills.slice(-5))],
      ["heap of its buckets", `${Math.round((full - forgotten) / 1_024)} KiB`],
      ["first rank after a start", `${colds.map((ms) => ms.toFixed(0)).join(", ")} ms`],
      ["rows written for a new player, splits and checkpoints included", rows(fills).toFixed(3)],
      ["rows written for a move, splits and checkpoints included", rows(updates).toFixed(3)],
    ]) {
      console.log(`| ${name} | ${value} |`);
    }
  } finally {
    sleep();
    await worker.stop();
  }
}

function micros(rounds: readonly Timed[]): string {
  return `${Math.min(...rounds.map((round) => round.micros)).toFixed(1)} us`;
}
