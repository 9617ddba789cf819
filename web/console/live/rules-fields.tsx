import { RULE_ACTIONS_SHOWN, RULE_FORMS, type RuleDraft, type RulesDraft } from "./board-draft.ts";

interface RulesProps {
  readonly draft: RulesDraft;
  /** `type.field` of what is no number, or what the server refused. */
  readonly wrong: string | undefined;
  readonly onChange: (draft: RulesDraft) => void;
}

/** What is checked of a score when it comes in, each with what happens then. */
export function RulesFields({ draft, wrong, onChange }: RulesProps) {
  return (
    <fieldset class="plain">
      <legend>Rules for scores as they come in</legend>
      <ul class="lb-rules">
        {RULE_FORMS.map(({ type, label, fields }) => {
          const rule = draft[type];
          const change = (part: Partial<RuleDraft>) => onChange({ ...draft, [type]: { ...rule, ...part } });
          return (
            <li key={type}>
              <label>
                <input type="checkbox" checked={rule.on} onChange={(event) => change({ on: event.currentTarget.checked })} /> {label}
              </label>
              {rule.on && (
                <div class="lb-rule">
                  {fields.map((field) => (
                    <label key={field.field}>
                      <span class="muted">{field.label}</span>
                      <input
                        inputMode="decimal"
                        autocomplete="off"
                        aria-invalid={wrong === `${type}.${field.field}` ? "true" : undefined}
                        value={rule.values[field.field] ?? ""}
                        onInput={(event) => change({ values: { ...rule.values, [field.field]: event.currentTarget.value } })}
                      />
                      {wrong === `${type}.${field.field}` && <span class="field-error">Write a number.</span>}
                    </label>
                  ))}
                  <label>
                    <span class="muted">Then</span>
                    <select
                      value={rule.action}
                      onChange={({ currentTarget }) => {
                        const action = RULE_ACTIONS_SHOWN.find(({ id }) => id === currentTarget.value);
                        if (action) change({ action: action.id });
                      }}
                    >
                      {RULE_ACTIONS_SHOWN.map(({ id, words }) => (
                        <option key={id} value={id}>
                          {words}
                        </option>
                      ))}
                    </select>
                  </label>
                </div>
              )}
            </li>
          );
        })}
      </ul>
    </fieldset>
  );
}
