import type { RankPush } from "../../../contract/leaderboard-live.ts";
import { boardSocket } from "../../../sdk/live-board.ts";
import type { MeridianUser } from "../../../sdk/user.ts";
import type { RankingOf } from "./boards.ts";

/** How the page keeps up: by the board's socket, or by asking now and then. */
export type Following = "live" | "polling";

export interface BoardListener {
  /** Something moved in the ranking. */
  moved(): void;
  /** Where one stands oneself, as soon as it is told. */
  placed(push: RankPush): void;
  following(how: Following): void;
}

const POLL_MS = 5_000;

/**
 * Follows a ranking: by the board's socket for who is signed in, else by asking every five seconds. Visitors have no socket, and
 * one that cannot be opened is no reason to stand still.
 * @returns how to stop
 */
export function followBoard(user: MeridianUser, of: RankingOf, listener: BoardListener): () => void {
  const set = { window: of.window, ...(of.partition !== undefined && { partition: of.partition }) };
  let polling: ReturnType<typeof setInterval> | undefined;
  const poll = (wanted: boolean) => {
    if (wanted === (polling !== undefined)) return;
    clearInterval(polling);
    polling = wanted ? setInterval(() => listener.moved(), POLL_MS) : undefined;
    listener.following(wanted ? "polling" : "live");
  };
  poll(true);
  if (user.subject === null) return () => poll(false);
  const socket = boardSocket(user.request, of.board);
  const stops = [
    socket.onStatus(({ light }) => poll(light !== "live")),
    socket.rank(set, (push) => listener.placed(push)),
    socket.top(set, () => listener.moved()),
    socket.feed(set, () => listener.moved()),
    socket.corrections(() => listener.moved()),
    socket.windows(() => listener.moved()),
  ];
  socket.connect();
  return () => {
    for (const stop of stops) stop();
    socket.close();
    clearInterval(polling);
  };
}
