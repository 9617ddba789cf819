import { useEffect, useRef } from "preact/hooks";
import type { TenantSettings } from "../../../contract/settings.ts";
import { Button } from "../../ui/button.tsx";
import { type DoorField, DOOR_FIELDS, fieldNames, fieldText } from "./door-draft.ts";

interface DoorMergedProps {
  readonly theirs: TenantSettings;
  readonly taken: readonly DoorField[];
  readonly both: readonly DoorField[];
  readonly refused: boolean;
  /** Whether something is still to be saved. */
  readonly changed: boolean;
  readonly onDrop: () => void;
}

/** Somebody else saved while this form was open: what they changed, what becomes of it, and what to do. */
export function DoorMerged({ theirs, taken, both, refused, changed, onDrop }: DoorMergedProps) {
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (refused) notice.current?.scrollIntoView({ block: "nearest" });
  }, [refused]);
  return (
    <div ref={notice} class="notice warn door-merged" role="alert">
      <p>
        <strong>Somebody else saved these settings while you were changing them, and yours are not saved yet.</strong>
      </p>
      {taken.length > 0 && <p>They changed {fieldNames(taken)}: the form has it now.</p>}
      {both.length > 0 && <p>You both changed {fieldNames(both)}: the form keeps yours. Theirs:</p>}
      {both.length > 0 && (
        <dl class="facts">
          {both.map((field) => (
            <>
              <dt>{DOOR_FIELDS[field].words}</dt>
              <dd>
                <code class="lines">{fieldText(theirs, field)}</code>
              </dd>
            </>
          ))}
        </dl>
      )}
      <div class="actions">
        {changed && (
          <Button type="submit" kind="primary">
            Save mine as well
          </Button>
        )}
        <Button onClick={onDrop}>{changed ? "Drop mine" : "All right"}</Button>
      </div>
    </div>
  );
}

interface SaveBarProps {
  readonly changed: readonly DoorField[];
  /** Somebody else saved meanwhile, as the page says further up. */
  readonly merged: boolean;
  readonly busy: boolean;
  readonly problem: string | undefined;
  readonly onDrop: () => void;
}

/** Always in sight: what is not saved yet. */
export function SaveBar({ changed, merged, busy, problem, onDrop }: SaveBarProps) {
  const waiting = `Not saved yet: ${fieldNames(changed)}.${merged ? " Somebody else saved meanwhile: see above." : ""}`;
  return (
    <div class="save-bar">
      <span class={problem ? "field-error" : "muted"} role={problem ? "alert" : "status"}>
        {problem ?? (changed.length === 0 ? "Everything is saved." : waiting)}
      </span>
      <div class="actions">
        {changed.length > 0 && (
          <Button kind="quiet" onClick={onDrop}>
            Drop
          </Button>
        )}
        <Button type="submit" kind="primary" busy={busy} disabled={changed.length === 0}>
          Save
        </Button>
      </div>
    </div>
  );
}
