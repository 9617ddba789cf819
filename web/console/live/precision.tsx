import type { ReviewList } from "../../../contract/leaderboard-reads.ts";
import { Card } from "../../ui/card.tsx";
import { precisionWords } from "./board-words.ts";

/** Of each rule, how often a decision agreed with it: one that is mostly wrong costs time and players. */
export function Precision({ of }: { of: ReviewList["precision"] }) {
  if (of.length === 0) return null;
  return (
    <Card title="What the rules were worth">
      <dl class="facts">
        {of.map((rule) => (
          <>
            <dt>
              <code>{rule.rule}</code>
            </dt>
            <dd>{precisionWords(rule)}</dd>
          </>
        ))}
      </dl>
    </Card>
  );
}
