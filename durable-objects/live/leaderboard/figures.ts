import type { BoardStats } from "../../../contract/leaderboard-reads.ts";
import type { BoardParts } from "./parts.ts";

/** Rows of the log that are looked at; beyond them counts of the last minute are told from their share. */
const SAMPLE_ROWS = 1_000;
const MINUTE_MS = 60_000;

type FigureParts = Pick<BoardParts, "kit" | "sets" | "windows" | "log" | "reviews" | "live">;

/**
 * What happens on the board: read from the end of the log, so that nothing is counted per score. Up to 1,000 scores a minute the counts
 * are exact; above, the number of scores is exact, verdicts are told by the share of the newest thousand, and at least so many players
 * were active.
 */
export function figuresOf({ kit, sets, windows, log, reviews, live }: FigureParts, now: number): BoardStats {
  const newest = log.newest(SAMPLE_ROWS).filter(({ at }) => at > now - MINUTE_MS);
  const rows = newest.length < SAMPLE_ROWS ? newest.length : log.lastSeq() - seqAt(log, now - MINUTE_MS);
  const share = newest.length === 0 ? 0 : rows / newest.length;
  const scores = newest.filter(({ verdict }) => verdict !== null);
  const counted = (wanted: string) => Math.round(share * scores.filter(({ verdict }) => verdict === wanted).length);
  const open = windows.open().filter(({ shadow }) => !shadow);
  return {
    at: new Date(now).toISOString(),
    activePlayers: new Set(scores.map(({ player }) => player)).size,
    scoresPerSecond: (share * scores.length * 1_000) / MINUTE_MS,
    verdicts: {
      accepted: counted("accepted"),
      flagged: counted("flagged"),
      quarantined: counted("quarantined"),
      rejected: counted("rejected"),
    },
    sockets: live.sockets(),
    outboxDepth: kit.outbox.status().depth,
    sets: open.length,
    entries: open.reduce((sum, { id }) => sum + sets.total(id), 0),
    openReviews: reviews.openCases(),
  };
}

/** The last row that is not younger than this, by halving: rows are in the order of their times. */
function seqAt(log: FigureParts["log"], at: number): number {
  let [low, high] = [log.archivedUpTo(), log.lastSeq()];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [row] = log.after(middle, 1);
    if (row && row.at <= at) low = row.seq;
    else high = middle;
  }
  return low;
}
