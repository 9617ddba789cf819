import type { RefObject } from "preact";
import { plural } from "../../lib/format.ts";
import { Button } from "../../ui/button.tsx";
import type { Choice, ReviewState } from "./review-machine.ts";
import { SUSPEND_DAYS } from "./review-machine.ts";

interface BarProps {
  readonly name: string;
  readonly state: ReviewState;
  readonly note: string;
  readonly noteField: RefObject<HTMLInputElement | null>;
  readonly onNote: (note: string) => void;
  readonly onChoose: (choice: Choice | undefined) => void;
  readonly onConfirm: () => void;
}

/** What Enter would do, in words: `Ban totally-legit-4 and take 1 run back`. */
export function choiceWords(choice: Choice, name: string, removed: number): string {
  const act =
    choice.decision === "clear"
      ? `Clear ${name}`
      : choice.decision === "ban"
        ? `Ban ${name}`
        : `Suspend ${name} for ${plural(choice.days, "day")}`;
  return removed === 0 ? act : `${act} and take ${plural(removed, "run")} back`;
}

/** The decisions on the case that is looked at, each with its key. */
export function DecisionBar({ name, state, note, noteField, onNote, onChoose, onConfirm }: BarProps) {
  const { choice, removed } = state;
  const days = choice?.decision === "suspend" ? choice.days : SUSPEND_DAYS[0];
  return (
    <div class="lb-decide" role="group" aria-label="Decision">
      <div class="actions">
        <Button class="keyed" pressed={choice?.decision === "clear"} onClick={() => onChoose({ decision: "clear" })}>
          Clear <kbd>c</kbd>
        </Button>
        <Button class="keyed" pressed={choice?.decision === "suspend"} onClick={() => onChoose({ decision: "suspend", days })}>
          Suspend <kbd>s</kbd>
        </Button>
        {choice?.decision === "suspend" && (
          <select
            aria-label="For how long"
            value={String(choice.days)}
            onChange={({ currentTarget }) => onChoose({ decision: "suspend", days: Number(currentTarget.value) })}
          >
            {SUSPEND_DAYS.map((count) => (
              <option key={count} value={String(count)}>
                {plural(count, "day")}
              </option>
            ))}
          </select>
        )}
        <Button class="keyed" pressed={choice?.decision === "ban"} onClick={() => onChoose({ decision: "ban" })}>
          Ban <kbd>b</kbd>
        </Button>
        <input
          ref={noteField}
          class="lb-note"
          aria-label="Note on the decision"
          placeholder="Note ( n )"
          maxLength={1_000}
          value={note}
          onInput={(event) => onNote(event.currentTarget.value)}
        />
      </div>
      {choice && (
        <div class="actions">
          <Button kind={choice.decision === "clear" ? "primary" : "danger"} class="keyed" onClick={onConfirm}>
            {choiceWords(choice, name, removed.size)} <kbd>Enter</kbd>
          </Button>
          <Button kind="quiet" onClick={() => onChoose(undefined)}>
            Not yet <kbd>Esc</kbd>
          </Button>
        </div>
      )}
      {!choice && removed.size > 0 && <p class="muted">{plural(removed.size, "run")} would be taken back with the decision.</p>}
    </div>
  );
}
