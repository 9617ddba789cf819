import type { DecisionReply, Review, ReviewList } from "../../../contract/leaderboard-reads.ts";
import type { SubmitReply } from "../../../contract/leaderboard-scores.ts";
import type { Outcome } from "../../../contract/problems.ts";
import { meta, type TestBoard, valueOf } from "./board-testing.ts";

/** Above 1,000 a run is quarantined, above 20 points a second it is flagged. */
export const RULES = [
  { type: "max-score", max: 1_000, action: "quarantine" },
  { type: "points-per-second", max: 20, action: "flag" },
] as const;

/** A second and a half for so many points is too fast. */
export async function flagged(board: TestBoard, player: string, score: number): Promise<SubmitReply> {
  return await board.submit(player, score, { durationMs: 1_500 });
}

export async function queue(board: TestBoard, state: "open" | "decided" = "open"): Promise<ReviewList> {
  return await board.ask("reviews", { state, limit: 50 });
}

/** The newest case of a player. @throws when there is none */
export async function caseOf(board: TestBoard, player: string): Promise<Review> {
  const lists = [await queue(board), await queue(board, "decided")];
  const cases = lists.flatMap(({ items }) => items).filter((review) => review.player === player);
  const newest = cases.toSorted((a, b) => Number(a.reviewId.slice(3)) - Number(b.reviewId.slice(3))).at(-1);
  if (!newest) throw new Error(`${player} has no case`);
  return newest;
}

export interface Verdict {
  readonly until?: string;
  readonly remove?: readonly string[];
  readonly note?: string;
  readonly reviewId?: string;
}

/** What is decided of a player's newest case. */
export async function tryDecide(
  board: TestBoard,
  player: string,
  decision: "clear" | "suspend" | "ban",
  { until, remove = [], note = "", reviewId }: Verdict = {},
): Promise<Outcome<DecisionReply>> {
  const id = reviewId ?? (await caseOf(board, player)).reviewId;
  return await board.rpc.decide(id, { decision, ...(until && { until }), removeSubmissions: [...remove], note }, meta);
}

/** @throws when it is refused */
export async function decide(...args: Parameters<typeof tryDecide>): Promise<DecisionReply> {
  return valueOf(await tryDecide(...args));
}

/** Every entry of every ranking, shadows marked, in the order of ids: what must be the same after a way there and back. */
export async function entries(board: TestBoard): Promise<string[]> {
  const rows = await board.rows(
    `SELECT s.window, s.part, s.shadow, e.player, e.inv, e.sub, e.at FROM entries e JOIN ranking_set s ON s.id = e.set_id
      ORDER BY s.window, s.part, s.shadow, e.inv, e.sub, e.at, e.player`,
  );
  return rows.map(
    (row) => `${row.window}${row.part ? `:${row.part}` : ""}${row.shadow === 1 ? "/shadow" : ""} ${row.player} ${row.inv} ${row.at}`,
  );
}
