import { Plus, X } from "lucide";
import type { FieldError } from "../../../../contract/problems.ts";
import { METRIC_LIMITS } from "../../../../contract/metric-limits.ts";
import type { MatcherOp } from "../../../../contract/metric-query.ts";
import { plural } from "../../../lib/format.ts";
import { Button } from "../../../ui/button.tsx";
import { Suggest } from "../../../ui/suggest.tsx";
import { problemsUnder } from "../../identity/field-problems.ts";
import { metricsApi } from "../metrics-api.ts";
import { type MatcherDraft, OPS, type QueryDraft } from "./explore-state.ts";
import "./explore.css";

const OP_WORDS: Record<MatcherOp, string> = { "=": "is", "!=": "is not", "=~": "matches", "!~": "matches not" };

interface MatcherRowsProps {
  readonly draft: QueryDraft;
  /** The draft's place in problems: `/queries/0`. */
  readonly pointer: string;
  readonly problems: readonly FieldError[];
  readonly onChange: (matchers: readonly MatcherDraft[]) => void;
}

/** Which series: conditions on labels, with the labels and values that there are. */
export function MatcherRows({ draft, pointer, problems, onChange }: MatcherRowsProps) {
  const { matchers, metric } = draft;
  const change = (at: number, part: Partial<MatcherDraft>) => onChange(matchers.map((one, i) => (i === at ? { ...one, ...part } : one)));
  const others = (at: number) => matchers.filter((one, i) => i !== at && one.label !== "");
  return (
    <div class="explore-line matchers" role="group" aria-label={`Series of ${draft.name}`}>
      <span class="explore-word">where</span>
      {matchers.length === 0 && <span class="muted explore-all">all series</span>}
      {matchers.map((matcher, i) => (
        <div key={i} class="matcher">
          <Suggest
            class="matcher-label"
            label={`Label ${i + 1} of ${draft.name}`}
            placeholder="label"
            value={matcher.label}
            keepTyped
            autofocus={matcher.label === ""}
            maxLength={METRIC_LIMITS.labelNameChars}
            error={problemsUnder(problems, `${pointer}/matchers/${i}/label`)}
            load={async (search, abort) =>
              (await metricsApi.labels({ metric, match: others(i), search, limit: 50 }, abort)).items.map(({ value, series }) => ({
                value,
                aside: plural(series, "series", "series"),
              }))
            }
            onChoose={(label) => change(i, { label })}
          />
          <select
            class="matcher-op"
            aria-label={`How ${matcher.label || "the label"} is compared`}
            value={matcher.op}
            onChange={(event) => change(i, { op: OPS.find((op) => op === event.currentTarget.value) ?? "=" })}
          >
            {OPS.map((op) => (
              <option key={op} value={op}>
                {op} {OP_WORDS[op]}
              </option>
            ))}
          </select>
          <Suggest
            class="matcher-value"
            label={`Value of ${matcher.label || `label ${i + 1}`}`}
            placeholder={matcher.op.includes("~") ? "expression" : "value"}
            value={matcher.value}
            keepTyped
            maxLength={METRIC_LIMITS.labelValueChars}
            error={problemsUnder(problems, `${pointer}/matchers/${i}/value`)}
            load={async (search, abort) => {
              if (matcher.label === "") return [];
              const { items } = await metricsApi.values(matcher.label, { metric, match: others(i), search, limit: 50 }, abort);
              return items.map(({ value, series }) => ({ value, aside: plural(series, "series", "series") }));
            }}
            onChoose={(value) => change(i, { value })}
          />
          <Button
            kind="quiet"
            icon={X}
            label={`Remove the condition on ${matcher.label || "a label"}`}
            onClick={() => onChange(matchers.filter((_, at) => at !== i))}
          />
        </div>
      ))}
      {matchers.length < METRIC_LIMITS.matchers && (
        <Button kind="quiet" icon={Plus} onClick={() => onChange([...matchers, { label: "", op: "=", value: "" }])}>
          Condition
        </Button>
      )}
    </div>
  );
}
