import { parseArgs } from "node:util";
import { type RoomRun, runRoomModel } from "../../core/live/rooms/network-model-testing.ts";

/** The seed of the first run; the others follow it. */
const FIRST_SEED = 1;
const TOLD_EVERY = 1_000;

/** What all runs together saw. @throws with its seed when a run finds something missing, twice or out of order */
export function proveRoomModel(first: number, seeds: number, log: (line: string) => void): RoomRun {
  let sum: RoomRun | undefined;
  for (let n = 0; n < seeds; n++) {
    const run = runSeed(first + n);
    sum = sum ? added(sum, run) : run;
    if ((n + 1) % TOLD_EVERY === 0) log(`${n + 1} seeds: ${JSON.stringify(sum)}`);
  }
  if (!sum) throw new Error("no seed was run");
  return sum;
}

function runSeed(seed: number): RoomRun {
  try {
    return runRoomModel(seed);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function added(sum: RoomRun, run: RoomRun): RoomRun {
  const all = { ...sum };
  for (const name of Object.keys(run) as (keyof RoomRun)[]) all[name] += run[name]; // a RoomRun's own
  return all;
}

/** `npm run soak -- room-model [--seeds 10000] [--first 1]`: rooms and their clients over a bad network. */
export async function soak(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { seeds: { type: "string", default: "10000" }, first: { type: "string", default: String(FIRST_SEED) } },
  });
  console.log(`room-model: ${values.seeds} seeds from ${values.first}`);
  console.log(JSON.stringify(proveRoomModel(Number(values.first), Number(values.seeds), console.log)));
}
