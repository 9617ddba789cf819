import { Plus } from "lucide";
import type { ComponentChildren } from "preact";
import { Button } from "../../../ui/button.tsx";
import { bandPossible } from "./explore-request.ts";
import { type ExploreState, GAPS, nextFormula, nextQuery } from "./explore-state.ts";

const GAP_WORDS = { null: "stay gaps", previous: "hold the value before", zero: "count as 0" } as const;

interface ToolsProps {
  readonly state: ExploreState;
  readonly onChange: (state: ExploreState) => void;
}

function Toggle({ on, label, disabled, onChange, children }: ToggleProps) {
  return (
    <label class={`explore-toggle${disabled ? " muted" : ""}`} title={label}>
      <input type="checkbox" checked={on && !disabled} disabled={disabled} onChange={(event) => onChange(event.currentTarget.checked)} />
      {children}
    </label>
  );
}

interface ToggleProps {
  readonly on: boolean;
  readonly label: string;
  readonly disabled?: boolean;
  readonly onChange: (on: boolean) => void;
  readonly children: ComponentChildren;
}

/** How the chart is drawn, and one more query or formula. */
export function ExploreTools({ state, onChange }: ToolsProps) {
  const query = nextQuery(state.queries);
  const formula = nextFormula(state.formulas);
  const change = (part: Partial<ExploreState>) => onChange({ ...state, ...part });
  const banded = bandPossible(state);
  return (
    <div class="explore-tools">
      <div class="actions">
        {query && (
          <Button icon={Plus} onClick={() => change({ queries: [...state.queries, query] })}>
            Query
          </Button>
        )}
        {formula && (
          <Button icon={Plus} onClick={() => change({ formulas: [...state.formulas, formula] })}>
            Formula
          </Button>
        )}
      </div>
      <div class="explore-switches">
        <Toggle on={state.compare} label="The same time before, dashed" onChange={(compare) => change({ compare })}>
          Period before
        </Toggle>
        <Toggle
          on={state.band}
          disabled={!banded}
          label={
            banded
              ? "From the smallest to the largest sample of each step"
              : "Needs single series without a window, a rate or a formula: their points are made of more than samples"
          }
          onChange={(band) => change({ band })}
        >
          Min–max band
        </Toggle>
        <Toggle on={state.log} label="Powers of ten on the axis; what is not above zero is a gap" onChange={(log) => change({ log })}>
          Log axis
        </Toggle>
        <label class="explore-pair">
          <span>Gaps</span>
          <select
            value={state.gaps}
            onChange={(event) => change({ gaps: GAPS.find((one) => one === event.currentTarget.value) ?? "null" })}
          >
            {GAPS.map((one) => (
              <option key={one} value={one}>
                {GAP_WORDS[one]}
              </option>
            ))}
          </select>
        </label>
      </div>
    </div>
  );
}
