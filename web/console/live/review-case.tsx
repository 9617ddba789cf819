import type { Review } from "../../../contract/leaderboard-reads.ts";
import { place } from "../../lib/location.ts";
import { withQuery } from "../../lib/url-state.ts";
import { Card } from "../../ui/card.tsx";
import { When } from "../../ui/when.tsx";
import { decisionWords, deviationWords, nameOf } from "./board-words.ts";
import { runsOf } from "./case-pictures.ts";
import { PopulationPicture } from "./population-picture.tsx";
import type { ReviewState } from "./review-machine.ts";
import { RunHistory } from "./run-history.tsx";
import { RunsTable } from "./runs-table.tsx";

interface CaseProps {
  readonly of: Review;
  readonly state: ReviewState;
  readonly toggle: (submissionId: string) => void;
}

/** One suspect: what was seen of them, beside what everybody does. */
export function ReviewCase({ of, state, toggle }: CaseProps) {
  const runs = runsOf(of);
  const counted = of.suspicious.length;
  return (
    <div class="lb-case">
      <header>
        <h2>
          <a class="link" href={place.value.path + withQuery(place.value.search, { player: of.player })}>
            {nameOf(of)}
          </a>
        </h2>
        <p>
          <strong>{deviationWords(of.robustZ)}</strong>, {counted.toLocaleString("en")} suspicious {counted === 1 ? "run" : "runs"}, first
          noticed <When at={of.openedAt} />
        </p>
        {of.decision && (
          <p>
            {decisionWords(of.decision.decision)} <When at={of.decision.at} /> by {of.decision.by}
            {of.decision.note !== "" && `: ${of.decision.note}`}
          </p>
        )}
      </header>
      <div class="lb-pictures">
        <Card title="Their runs">
          <RunHistory runs={runs} population={of.population} marked={runs[state.run]?.submissionId} />
        </Card>
        <PopulationPicture of={of} />
      </div>
      <RunsTable runs={runs} label={`Runs of ${nameOf(of)}`} choice={{ at: state.run, removed: state.removed, toggle }} />
    </div>
  );
}
