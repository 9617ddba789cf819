import type { DecisionReply } from "../../../contract/leaderboard-reads.ts";
import { Meridian } from "../../../sdk/client.ts";
import { plural } from "../../lib/format.ts";
import type { HeldDecision } from "./decision-desk.ts";
import { windowWords } from "./board-words.ts";

/** Outlives its page: a decision that is held back goes out when the page is closed. */
const lasting = new Meridian({
  attempts: 2,
  timeoutMs: 15_000,
  fetch: async (url, init) => await fetch(url, { ...init, keepalive: true }),
});

export async function sendDecision({ board, reviewId, input }: HeldDecision): Promise<DecisionReply> {
  return await lasting.leaderboards.decide(board, reviewId, input);
}

const DONE = { clear: "is cleared", suspend: "is suspended", ban: "is banned" } as const;

/** What a decision did: `totally-legit-4 is banned. 3 rankings are corrected.` and rewards that somebody may want back. */
export function decidedWords({ player, input }: HeldDecision, { corrected, rewards }: DecisionReply): string {
  const ranks = corrected.length === 0 ? "No ranking changed." : `${plural(corrected.length, "ranking")} corrected.`;
  if (rewards.length === 0) return `${player} ${DONE[input.decision]}. ${ranks}`;
  const granted = rewards.slice(0, 3).map(({ reward, window }) => `${reward} (${windowWords(window)})`);
  const more = rewards.length > granted.length ? ` and ${rewards.length - granted.length} more` : "";
  return `${player} ${DONE[input.decision]}. ${ranks} They had been granted ${granted.join(", ")}${more}: taking that back is up to you.`;
}
