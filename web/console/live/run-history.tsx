import type { Review, Submission } from "../../../contract/leaderboard-reads.ts";
import type { Verdict } from "../../../contract/leaderboard-scores.ts";
import { formatExact, plural } from "../../lib/format.ts";
import { historyDots, historyTop } from "./case-pictures.ts";
import { scoreWords } from "./board-words.ts";

const WIDTH = 560;
const HEIGHT = 150;
const EDGE = 8;

/** A shape per verdict, so that none is told by colour alone: disc, ring, triangle, diamond. */
function Mark({ verdict, x, y, marked }: { verdict: Verdict; x: number; y: number; marked: boolean }) {
  const size = marked ? 1.6 : 1;
  const shape = {
    accepted: <circle r="3.5" />,
    flagged: <circle r="4" class="ring" />,
    quarantined: <path d="M0 -5 5 4.5H-5Z" />,
    rejected: <path d="M0 -5.5 5.5 0 0 5.5 -5.5 0Z" />,
  }[verdict];
  return (
    <g class={`run-mark ${verdict}${marked ? " marked" : ""}`} transform={`translate(${x} ${y}) scale(${size})`}>
      {shape}
    </g>
  );
}

interface HistoryProps {
  readonly runs: readonly Submission[];
  readonly population: Pick<Review["population"], "median" | "p99">;
  /** The run under the keys. */
  readonly marked?: string | undefined;
}

/** A player's runs over time, with the middle and the best hundredth of everybody. The table of runs says the same in words. */
export function RunHistory({ runs, population, marked }: HistoryProps) {
  if (runs.length === 0) return null;
  const top = historyTop(runs, population);
  const across = (part: number) => EDGE + part * (WIDTH - 2 * EDGE);
  const up = (part: number) => HEIGHT - EDGE - part * (HEIGHT - 2 * EDGE);
  const times = runs.map(({ at }) => Date.parse(at));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const lines = [
    { words: "median", value: population.median },
    { words: "p99", value: population.p99 },
  ].flatMap(({ words, value }) => (value === null ? [] : [{ words, value }]));
  return (
    <figure class="lb-picture">
      <div class="run-lines">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${plural(runs.length, "run")} over time; the table below has each`}>
          {lines.map(({ words, value }) => (
            <path key={words} class="run-line" d={`M${EDGE} ${up(value / top)}H${WIDTH - EDGE}`} />
          ))}
          {historyDots(runs, top).map(({ x, y, run }) => (
            <Mark key={run.submissionId} verdict={run.verdict} x={across(x)} y={up(y)} marked={run.submissionId === marked} />
          ))}
        </svg>
        {lines.map(({ words, value }) => (
          <span key={words} class="run-line-words muted" style={{ bottom: `${(1 - up(value / top) / HEIGHT) * 100}%` }}>
            {words} {scoreWords(Math.round(value))}
          </span>
        ))}
      </div>
      <figcaption class="muted">
        <span>{formatExact(first)}</span>
        {last > first && <span>{formatExact(last)}</span>}
      </figcaption>
    </figure>
  );
}
