import { useSignal } from "@preact/signals";
import { X } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import type { FieldError } from "../../../../contract/problems.ts";
import { METRIC_LIMITS } from "../../../../contract/metric-limits.ts";
import { Button } from "../../../ui/button.tsx";
import { problemsUnder } from "../../identity/field-problems.ts";
import type { FormulaDraft } from "./explore-state.ts";
import { LabelChips } from "./group-fields.tsx";

const MATCHES = ["all", "on", "ignoring"] as const;
const MATCH_WORDS = { all: "all labels", on: "only the labels", ignoring: "all labels but" } as const;
const SIDES = ["", "left", "right"] as const;
const SIDE_WORDS = { "": "one with one", left: "many on the left", right: "many on the right" } as const;

interface FormulaCardProps {
  readonly draft: FormulaDraft;
  readonly index: number;
  /** The metric whose labels are suggested. */
  readonly metric: string;
  readonly problems: readonly FieldError[];
  readonly onChange: (draft: FormulaDraft) => void;
  readonly onRemove: () => void;
}

/** Arithmetic between queries, and how their series find each other. */
export function FormulaCard({ draft, index, metric, problems, onChange, onRemove }: FormulaCardProps) {
  const typed = useSignal<string | undefined>(undefined);
  const input = useRef<HTMLInputElement>(null);
  const pointer = `/formulas/${index}`;
  const error = problemsUnder(problems, `${pointer}/expression`) ?? problemsUnder(problems, pointer);
  useEffect(() => {
    if (draft.expression === "") input.current?.focus();
  }, []);
  const commit = () => {
    const next = typed.value?.trim();
    typed.value = undefined;
    if (next !== undefined && next !== draft.expression) onChange({ ...draft, expression: next });
  };
  return (
    <section class="query-card" aria-label={`Formula ${draft.name}`}>
      <div class="query-head">
        <span class="query-letter">{draft.name}</span>
        <div class="formula-field">
          <input
            ref={input}
            type="text"
            class="mono"
            aria-label={`Expression of ${draft.name}`}
            aria-invalid={error ? "true" : undefined}
            placeholder="a / b * 100"
            maxLength={METRIC_LIMITS.formulaChars}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={typed.value ?? draft.expression}
            onInput={(event) => (typed.value = event.currentTarget.value)}
            onBlur={commit}
            onKeyDown={(event) => {
              if (event.key === "Enter") commit();
            }}
          />
          {error && <div class="field-error">{error}</div>}
        </div>
        <Button kind="quiet" icon={X} label={`Remove formula ${draft.name}`} onClick={onRemove} />
      </div>
      <div class="explore-line">
        <label class="explore-pair">
          <span class="explore-word">series pair up by</span>
          <select
            aria-label={`Matching of ${draft.name}`}
            value={draft.match}
            onChange={(event) =>
              onChange({ ...draft, match: MATCHES.find((one) => one === event.currentTarget.value) ?? "all", labels: [] })
            }
          >
            {MATCHES.map((one) => (
              <option key={one} value={one}>
                {MATCH_WORDS[one]}
              </option>
            ))}
          </select>
        </label>
        {draft.match !== "all" && (
          <LabelChips
            of={`the matching of ${draft.name}`}
            metric={metric}
            labels={draft.labels}
            onChange={(labels) => onChange({ ...draft, labels })}
          />
        )}
        <label class="explore-pair">
          <span class="visually-hidden">Sides of {draft.name}</span>
          <select
            value={draft.many}
            onChange={(event) => onChange({ ...draft, many: SIDES.find((one) => one === event.currentTarget.value) ?? "" })}
          >
            {SIDES.map((one) => (
              <option key={one} value={one}>
                {SIDE_WORDS[one]}
              </option>
            ))}
          </select>
        </label>
      </div>
    </section>
  );
}
