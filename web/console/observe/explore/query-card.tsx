import { Copy, Eye, EyeOff, X } from "lucide";
import type { FieldError } from "../../../../contract/problems.ts";
import { Button } from "../../../ui/button.tsx";
import { problemsUnder } from "../../identity/field-problems.ts";
import type { QueryDraft } from "./explore-state.ts";
import { FunctionFields } from "./function-fields.tsx";
import { GroupFields } from "./group-fields.tsx";
import { MatcherRows } from "./matcher-rows.tsx";
import { MetricFinder } from "./metric-finder.tsx";
import { metricInfo } from "./metric-info.ts";
import { firstQuestion } from "./metric-words.ts";

interface QueryCardProps {
  readonly draft: QueryDraft;
  readonly index: number;
  readonly problems: readonly FieldError[];
  readonly onChange: (draft: QueryDraft) => void;
  /** Absent where there is nothing to take away. */
  readonly onRemove?: (() => void) | undefined;
  readonly onCopy?: (() => void) | undefined;
}

/** One query: a metric, which of its series, and what becomes of them. */
export function QueryCard({ draft, index, problems, onChange, onRemove, onCopy }: QueryCardProps) {
  const pointer = `/queries/${index}`;
  const change = (part: Partial<QueryDraft>) => onChange({ ...draft, ...part });
  const info = metricInfo(draft.metric);
  const choose = (metric: string) => {
    // A first choice gets the question that is most likely meant; a later one keeps what was built around the metric before.
    const fresh = draft.metric === "" || (draft.matchers.length === 0 && draft.group === "each");
    const matchers = draft.matchers;
    change(fresh ? { ...firstQuestion(metric, metricInfo(metric)?.type, draft.name), matchers } : { metric });
  };
  return (
    <section class={`query-card${draft.shown ? "" : " off"}`} aria-label={`Query ${draft.name}`}>
      <div class="query-head">
        <span class="query-letter" title="Formulas call it by this letter">
          {draft.name}
        </span>
        <MetricFinder
          label={`Metric of ${draft.name}`}
          value={draft.metric}
          autofocus={draft.metric === "" && onRemove !== undefined}
          search={index === 0}
          error={problemsUnder(problems, `${pointer}/metric`)}
          onChoose={choose}
        />
        {draft.metric !== "" && (
          <>
            {onCopy && <Button kind="quiet" icon={Copy} label={`Copy query ${draft.name} as another`} onClick={onCopy} />}
            <Button
              kind="quiet"
              icon={draft.shown ? Eye : EyeOff}
              label={draft.shown ? `Hide ${draft.name}, for formulas only` : `Show ${draft.name}`}
              pressed={!draft.shown}
              onClick={() => change({ shown: !draft.shown })}
            />
          </>
        )}
        {onRemove && <Button kind="quiet" icon={X} label={`Remove query ${draft.name}`} onClick={onRemove} />}
      </div>
      {draft.metric !== "" && (
        <>
          {info?.help && <p class="query-help muted">{info.help}</p>}
          <MatcherRows draft={draft} pointer={pointer} problems={problems} onChange={(matchers) => change({ matchers })} />
          <div class="explore-fields">
            <FunctionFields draft={draft} pointer={pointer} problems={problems} onChange={change} />
            <GroupFields draft={draft} pointer={pointer} problems={problems} onChange={change} />
          </div>
        </>
      )}
    </section>
  );
}
