import type { FieldError } from "../../../../contract/problems.ts";
import { OVER_TIME } from "../../../../contract/metric-limits.ts";
import { formatDuration } from "../../../lib/format.ts";
import { problemsUnder } from "../../identity/field-problems.ts";
import type { QueryDraft } from "./explore-state.ts";
import { isBucket, OVER_WORDS } from "./metric-words.ts";
import { NumberField } from "./number-field.tsx";

/** Windows that are offered; an address may name another. */
const WINDOWS_MS = [60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000];
const QUANTILES = [0.5, 0.9, 0.95, 0.99, 0.999];

interface FieldsProps {
  readonly draft: QueryDraft;
  readonly pointer: string;
  readonly problems: readonly FieldError[];
  readonly onChange: (part: Partial<QueryDraft>) => void;
}

/** What becomes of the samples of one series: a function over each step or a window, and a quantile of a histogram. */
export function FunctionFields({ draft, pointer, problems, onChange }: FieldsProps) {
  const windows = draft.windowMs === null || WINDOWS_MS.includes(draft.windowMs) ? WINDOWS_MS : [...WINDOWS_MS, draft.windowMs];
  const quantiles = draft.histogram === null || QUANTILES.includes(draft.histogram) ? QUANTILES : [...QUANTILES, draft.histogram];
  const asks = draft.over === "quantile" || draft.across === "quantile";
  const problem = ["aggregate", "windowMs", "histogramQuantile"].flatMap((field) => problemsUnder(problems, `${pointer}/${field}`) ?? []);
  return (
    <div class="explore-line">
      <label class="explore-pair">
        <span class="explore-word">show</span>
        <select
          aria-label={`Function of ${draft.name}`}
          value={draft.over}
          aria-invalid={problem.length > 0 ? "true" : undefined}
          onChange={(event) => onChange({ over: OVER_TIME.find((one) => one === event.currentTarget.value) ?? "avg" })}
        >
          {OVER_TIME.map((one) => (
            <option key={one} value={one}>
              {OVER_WORDS[one]}
            </option>
          ))}
        </select>
      </label>
      {asks && (
        <NumberField
          label={`Quantile of ${draft.name}`}
          value={draft.quantile ?? 0.95}
          min={0}
          max={1}
          step={0.01}
          error={problemsUnder(problems, `${pointer}/quantile`)}
          onChange={(quantile) => onChange({ quantile })}
        />
      )}
      <label class="explore-pair">
        <span class="explore-word">over</span>
        <select
          aria-label={`Window of ${draft.name}`}
          value={String(draft.windowMs ?? "")}
          onChange={(event) => onChange({ windowMs: event.currentTarget.value === "" ? null : Number(event.currentTarget.value) })}
        >
          <option value="">each step</option>
          {windows.map((ms) => (
            <option key={ms} value={String(ms)}>
              the last {formatDuration(ms)}
            </option>
          ))}
        </select>
      </label>
      {(isBucket(draft.metric) || draft.histogram !== null) && (
        <label class="explore-pair">
          <span class="explore-word">of the histogram</span>
          <select
            aria-label={`Histogram quantile of ${draft.name}`}
            value={String(draft.histogram ?? "")}
            onChange={(event) => onChange({ histogram: event.currentTarget.value === "" ? null : Number(event.currentTarget.value) })}
          >
            <option value="">each bucket</option>
            {quantiles.map((one) => (
              <option key={one} value={String(one)}>
                {Math.round(one * 1_000) / 10} % are below
              </option>
            ))}
          </select>
        </label>
      )}
      {problem.length > 0 && <span class="field-error">{problem.join("; ")}</span>}
    </div>
  );
}
