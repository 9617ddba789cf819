import { useEffect, useRef } from "preact/hooks";
import type { Review } from "../../../contract/leaderboard-reads.ts";
import { decisionWords, nameOf } from "./board-words.ts";

interface ListProps {
  readonly cases: readonly Review[];
  readonly current: string;
  readonly onChoose: (reviewId: string) => void;
}

/** The queue, worst first. */
export function ReviewList({ cases, current, onChoose }: ListProps) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => list.current?.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" }), [current]);
  return (
    <ol ref={list} class="lb-cases" aria-label="Cases">
      {cases.map((review) => (
        <li key={review.reviewId}>
          <button
            type="button"
            class="keyed"
            aria-current={review.reviewId === current ? "true" : undefined}
            onClick={() => onChoose(review.reviewId)}
          >
            <span class="lb-suspect">{nameOf(review)}</span>
            <span class="muted">
              {review.decision ? decisionWords(review.decision.decision) : (review.suspicious[0]?.reasons[0]?.rule ?? "")}
            </span>
            <span class="lb-severity" title="How far the worst run stands out, and how many there are">
              {review.severity.toLocaleString("en", { maximumFractionDigits: 1 })}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

const KEYS: readonly (readonly [string, string])[] = [
  ["j k", "case"],
  ["h l", "run"],
  ["x", "take the run back"],
  ["c s b", "clear, suspend, ban"],
  ["Enter", "confirm"],
  ["u", "undo"],
];

/** What the keys do here. */
export function ReviewKeys() {
  return (
    <p class="lb-keys muted">
      {KEYS.map(([keys, words]) => (
        <span key={keys}>
          {keys.split(" ").map((key) => (
            <kbd key={key}>{key}</kbd>
          ))}{" "}
          {words}
        </span>
      ))}
    </p>
  );
}
