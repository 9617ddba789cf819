import { useEffect, useRef } from "preact/hooks";
import type { Submission } from "../../../contract/leaderboard-reads.ts";
import { formatValue, plural } from "../../lib/format.ts";
import { StateBadge } from "../../ui/state-badge.tsx";
import { When } from "../../ui/when.tsx";
import { scoreWords, VERDICT_TONES } from "./board-words.ts";

/** Of a long case the others are as suspicious; a decision takes back at most 200. */
export const RUNS_SHOWN = 100;

interface RunsProps {
  readonly runs: readonly Submission[];
  readonly label: string;
  /** With it, runs can be chosen to be taken back, and one is under the keys. */
  readonly choice?: {
    readonly at: number;
    readonly removed: ReadonlySet<string>;
    readonly toggle: (submissionId: string) => void;
  };
}

/** Runs with what the rules said of each. */
export function RunsTable({ runs, label, choice }: RunsProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => body.current?.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" }), [choice?.at]);
  const shown = runs.slice(0, RUNS_SHOWN);
  return (
    // What scrolls is to be reached by keyboard, also where nothing in it is.
    <div class="table-scroll lb-runs" role="group" aria-label={label} tabIndex={0}>
      <table class="table" aria-label={label}>
        <thead>
          <tr>
            {choice && (
              <th scope="col" class="check">
                <span class="visually-hidden">Take back</span>
              </th>
            )}
            <th scope="col" class="number">
              Score
            </th>
            <th scope="col">Verdict</th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col" class="number">
              When
            </th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {shown.map(({ submissionId, score, verdict, durationMs, at, reasons, removed }, i) => (
            <tr key={submissionId} class={removed ? "lb-removed" : undefined} aria-current={choice?.at === i ? "true" : undefined}>
              {choice && (
                <td class="check">
                  <input
                    type="checkbox"
                    aria-label={`Take back the run of ${scoreWords(score)}`}
                    disabled={removed}
                    checked={removed || choice.removed.has(submissionId)}
                    onChange={() => choice.toggle(submissionId)}
                  />
                </td>
              )}
              <td class="number">{scoreWords(score)}</td>
              <td>
                {removed ? <StateBadge tone="muted" word="taken back" /> : <StateBadge tone={VERDICT_TONES[verdict]} word={verdict} />}
              </td>
              <td class="number">{formatValue(durationMs, "milliseconds")}</td>
              <td class="number">
                <When at={at} />
              </td>
              <td class="lb-why">{reasons.map(({ detail }) => detail).join(" ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {runs.length > shown.length && <p class="muted lb-more">{plural(runs.length - shown.length, "more run")} are not listed.</p>}
    </div>
  );
}
