import { X } from "lucide";
import type { FieldError } from "../../../../contract/problems.ts";
import { ACROSS, METRIC_LIMITS, type OverTime } from "../../../../contract/metric-limits.ts";
import { plural } from "../../../lib/format.ts";
import { Button } from "../../../ui/button.tsx";
import { Suggest } from "../../../ui/suggest.tsx";
import { problemsUnder } from "../../identity/field-problems.ts";
import { metricsApi } from "../metrics-api.ts";
import type { QueryDraft } from "./explore-state.ts";
import { ACROSS_WORDS } from "./metric-words.ts";
import { NumberField } from "./number-field.tsx";
import "./explore.css";

const GROUP_WORDS = { each: "each series", by: "together by", without: "together without" } as const;
const GROUPS = ["each", "by", "without"] as const;

interface FieldsProps {
  readonly draft: QueryDraft;
  readonly pointer: string;
  readonly problems: readonly FieldError[];
  readonly onChange: (part: Partial<QueryDraft>) => void;
}

/** What the contract takes when nothing is said: the function itself where it makes sense across series, else the sum. */
function usualAcross(over: OverTime): string {
  return `${ACROSS_WORDS[ACROSS.find((one) => one === over) ?? "sum"]} (usual)`;
}

interface LabelsProps {
  readonly of: string;
  readonly metric: string;
  readonly labels: readonly string[];
  readonly onChange: (labels: readonly string[]) => void;
}

/** Chosen labels, each with a button that takes it out, and a field for one more. */
export function LabelChips({ of, metric, labels, onChange }: LabelsProps) {
  return (
    <>
      {labels.map((label) => (
        <span key={label} class="chip">
          {label}
          <Button kind="quiet" icon={X} label={`Take ${label} out`} onClick={() => onChange(labels.filter((one) => one !== label))} />
        </span>
      ))}
      <Suggest
        class="chip-field"
        label={`Add a label to ${of}`}
        placeholder={labels.length === 0 ? "no label: one of all" : "and label"}
        value=""
        maxLength={METRIC_LIMITS.labelNameChars}
        load={async (search, abort) =>
          (await metricsApi.labels({ metric, search, limit: 50 }, abort)).items
            .filter(({ value }) => !labels.includes(value))
            .map(({ value, series }) => ({ value, aside: plural(series, "series", "series") }))
        }
        onChoose={(label) => label !== "" && !labels.includes(label) && onChange([...labels, label])}
      />
    </>
  );
}

/** How series become fewer: joined by labels, and only the largest or smallest of them. */
export function GroupFields({ draft, pointer, problems, onChange }: FieldsProps) {
  const problem = ["groupBy", "without", "groupAggregate", "top"].flatMap((field) => problemsUnder(problems, `${pointer}/${field}`) ?? []);
  const { top } = draft;
  return (
    <div class="explore-line">
      <label class="explore-pair">
        <span class="explore-word">as</span>
        <select
          aria-label={`Grouping of ${draft.name}`}
          value={draft.group}
          onChange={(event) => onChange({ group: GROUPS.find((one) => one === event.currentTarget.value) ?? "each", labels: [] })}
        >
          {GROUPS.map((one) => (
            <option key={one} value={one}>
              {GROUP_WORDS[one]}
            </option>
          ))}
        </select>
      </label>
      {draft.group !== "each" && (
        <>
          <LabelChips
            of={`the groups of ${draft.name}`}
            metric={draft.metric}
            labels={draft.labels}
            onChange={(labels) => onChange({ labels })}
          />
          <label class="explore-pair">
            <span class="explore-word">taking the</span>
            <select
              aria-label={`How the groups of ${draft.name} are combined`}
              value={draft.across ?? ""}
              onChange={(event) => onChange({ across: ACROSS.find((one) => one === event.currentTarget.value) ?? null })}
            >
              <option value="">{usualAcross(draft.over)}</option>
              {ACROSS.map((one) => (
                <option key={one} value={one}>
                  {ACROSS_WORDS[one]}
                </option>
              ))}
            </select>
          </label>
        </>
      )}
      <label class="explore-pair">
        <span class="explore-word">of these</span>
        <select
          aria-label={`How many series of ${draft.name}`}
          value={top?.order ?? ""}
          onChange={(event) => {
            const order = event.currentTarget.value;
            onChange({ top: order === "largest" || order === "smallest" ? { k: top?.k ?? 5, order } : null });
          }}
        >
          <option value="">all</option>
          <option value="largest">the largest</option>
          <option value="smallest">the smallest</option>
        </select>
      </label>
      {top && (
        <NumberField
          label={`How many of the ${top.order} of ${draft.name}`}
          value={top.k}
          min={1}
          max={METRIC_LIMITS.topSeries}
          step={1}
          onChange={(k) => onChange({ top: { ...top, k: Math.round(k) } })}
        />
      )}
      {problem.length > 0 && <span class="field-error">{problem.join("; ")}</span>}
    </div>
  );
}
