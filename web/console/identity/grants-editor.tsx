import { Plus, Trash2 } from "lucide";
import { type Grant, GRANT_KINDS } from "../../../contract/grants.ts";
import { SUBJECT_LIMITS } from "../../../contract/subject-id.ts";
import { Button } from "../../ui/button.tsx";

const KINDS = Object.keys(GRANT_KINDS);

/** A list of grants, one line each: on which things, and what. */
export function GrantsEditor({
  legend,
  grants,
  error,
  onChange,
}: {
  legend: string;
  grants: readonly Grant[];
  error?: string | undefined;
  onChange: (grants: readonly Grant[]) => void;
}) {
  const change = (at: number, part: Partial<Grant>) => onChange(grants.map((grant, i) => (i === at ? { ...grant, ...part } : grant)));
  const add = () => {
    const kind = KINDS[0] ?? "";
    onChange([...grants, { kind, name: "", actions: GRANT_KINDS[kind] ?? [] }]);
  };
  return (
    <fieldset class="plain">
      <legend>{legend}</legend>
      {grants.length === 0 && <p class="muted">Nothing but what is public.</p>}
      <ul class="grants">
        {grants.map((grant, at) => (
          <li key={at}>
            <select
              aria-label={`Kind of grant ${at + 1}`}
              value={grant.kind}
              onChange={({ currentTarget: { value } }) => change(at, { kind: value, actions: GRANT_KINDS[value] ?? [] })}
            >
              {KINDS.map((kind) => (
                <option key={kind}>{kind}</option>
              ))}
            </select>
            <input
              aria-label={`Name or prefix* of grant ${at + 1}`}
              placeholder="name or prefix*"
              maxLength={SUBJECT_LIMITS.thingChars}
              required
              spellcheck={false}
              autocomplete="off"
              value={grant.name}
              onInput={(event) => change(at, { name: event.currentTarget.value })}
            />
            <span class="grant-actions">
              {(GRANT_KINDS[grant.kind] ?? []).map((verb) => (
                <label key={verb}>
                  <input
                    type="checkbox"
                    checked={grant.actions.includes(verb)}
                    onChange={({ currentTarget: { checked } }) =>
                      change(at, { actions: checked ? [...grant.actions, verb] : grant.actions.filter((one) => one !== verb) })
                    }
                  />{" "}
                  {verb}
                </label>
              ))}
            </span>
            <Button
              kind="quiet"
              icon={Trash2}
              label={`Remove grant ${at + 1}`}
              onClick={() => onChange(grants.filter((_, i) => i !== at))}
            />
          </li>
        ))}
      </ul>
      {error && <p class="field-error">{error}</p>}
      <Button icon={Plus} disabled={grants.length >= SUBJECT_LIMITS.grants} onClick={add}>
        Add a grant
      </Button>
    </fieldset>
  );
}
