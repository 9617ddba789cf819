import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Standing } from "../../../contract/leaderboard-reads.ts";
import type { BoardConfig } from "../../../contract/leaderboards.ts";
import { plural, threeDigits } from "../../lib/format.ts";
import type { UserBoards } from "../../../sdk/user.ts";
import { type RankingOf, setOf } from "./boards.ts";
import { missingTo, nextTier } from "./tiers.ts";

interface OwnRankProps {
  readonly api: UserBoards;
  readonly of: RankingOf;
  readonly config: Pick<BoardConfig, "order" | "decimals">;
  readonly standing: Standing;
}

/** Where one stands, always in sight, and what is missing to the next tier. */
export function OwnRank({ api, of, config, standing: { rank, total, percentile, entry } }: OwnRankProps) {
  const tier = rank === null ? undefined : nextTier(rank);
  const ahead = useSignal<{ readonly tier: number; readonly score: number } | undefined>(undefined);
  useEffect(() => {
    ahead.value = undefined;
    if (tier === undefined) return;
    const abort = new AbortController();
    api.entries(of.board, { ...setOf(of), rank: tier, limit: 1 }, { signal: abort.signal }).then(
      ({ items: [there] }) => {
        if (there && !abort.signal.aborted) ahead.value = { tier, score: there.score };
      },
      () => undefined, // the place itself is shown; how far it is to the next is extra
    );
    return () => abort.abort();
  }, [tier, rank, of.board, of.window, of.partition]);
  if (rank === null || entry === null) {
    return <p class="own-rank muted">You have no score here yet.</p>;
  }
  const missing = ahead.value && missingTo(entry.score, ahead.value.score, config.order, config.decimals);
  return (
    <div class="own-rank" role="status" aria-label="Your rank">
      <span class="own-figure">
        #<strong>{rank.toLocaleString("en")}</strong>
      </span>
      <span class="own-words">
        <span>
          {plural(entry.score, "point")}, of {plural(total, "player")}; better than or level with {threeDigits(percentile)} %
        </span>
        <span class="muted">
          {tier === undefined
            ? "Nobody stands before you."
            : missing === undefined
              ? `Next: ${tierName(tier)}.`
              : `${missing.toLocaleString("en")} ${config.order === "desc" ? "more" : "less"} to ${tierName(tier)}.`}
        </span>
      </span>
    </div>
  );
}

function tierName(tier: number): string {
  return tier === 1 ? "the first place" : `the top ${tier}`;
}
