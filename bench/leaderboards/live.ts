import type { Meridian } from "../../sdk/client.ts";
import { boardSocket } from "../../sdk/live-board.ts";
import { figures, type LoadResult, openLoop, type Shape } from "./load.ts";

const PLAYER = "leader";
/** Above every score of the load. */
const FIRST_SCORE = 1_000_000_000;
const BETWEEN_MS = 100;
const LOST_MS = 10_000;

/**
 * From the answer to a score that leads the board to the frame that tells of it, while others submit at a steady pace.
 * @throws when a frame does not come within ten seconds
 */
export async function commitToFrame(client: Meridian, board: string, load: Shape, perSecond: number, seconds: number): Promise<LoadResult> {
  const socket = boardSocket(client.request, board);
  let shown = 0;
  let told: () => void = () => undefined;
  const stop = socket.top({ window: "all" }, ({ items, live }) => {
    if (!live || items[0]?.player !== PLAYER) return;
    shown = items[0].score;
    told();
  });
  socket.connect();
  try {
    const latencies: number[] = [];
    const end = performance.now() + seconds * 1_000;
    const others = openLoop(load, perSecond, seconds);
    for (let score = FIRST_SCORE; performance.now() < end; score++) {
      await client.leaderboards.submit(board, { player: PLAYER, score });
      const committed = performance.now();
      await within(LOST_MS, async () => {
        while (shown < score) await new Promise<void>((resolve) => (told = resolve));
      });
      // The first one waits for the socket to open.
      if (score > FIRST_SCORE) latencies.push(performance.now() - committed);
      await new Promise((later) => setTimeout(later, BETWEEN_MS));
    }
    await others;
    return figures(latencies, seconds);
  } finally {
    stop();
    socket.close();
  }
}

async function within(ms: number, work: () => Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no frame within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
