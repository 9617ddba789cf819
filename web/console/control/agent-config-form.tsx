import { useComputed, useSignal } from "@preact/signals";
import type { Agent } from "../../../contract/agents.ts";
import { type Collector, COLLECTOR_WORDS, type ConfigDraft, draftOf, type DraftErrors, patchOf } from "../../lib/agent-config.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Notice } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";

const COLLECTORS = Object.keys(COLLECTOR_WORDS) as Collector[]; // the keys of a record are its key type

/**
 * What an agent should do. A save names the version it was made from: when somebody else was faster, nothing is
 * overwritten and the person decides.
 */
export function AgentConfigForm({ agent, mayChange, onChanged }: { agent: Agent; mayChange: boolean; onChanged: () => void }) {
  const base = useSignal(agent.config);
  const draft = useSignal<ConfigDraft>(draftOf(agent));
  const errors = useSignal<DraftErrors>({});
  const problem = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const touched = useComputed(() => JSON.stringify(draft.value) !== JSON.stringify(draftOf({ config: base.value })));
  const moved = agent.config.version !== base.value.version;

  const takeTheirs = () => {
    base.value = agent.config;
    draft.value = draftOf(agent);
    errors.value = {};
    problem.value = undefined;
  };
  if (moved && !touched.value && !busy.value) takeTheirs();

  const set = (part: Partial<ConfigDraft>) => (draft.value = { ...draft.value, ...part });
  const save = async (event: Event) => {
    event.preventDefault();
    const read = patchOf(draft.value);
    errors.value = "errors" in read ? read.errors : {};
    if ("errors" in read) return;
    busy.value = true;
    problem.value = undefined;
    try {
      const saved = await api.agents.configure(agent.id, read.patch, base.value.version);
      base.value = saved.config;
      draft.value = draftOf(saved);
      toast(`Configuration v${saved.config.version} is on its way to ${agent.host}.`);
    } catch (failure) {
      const error = asError(failure);
      problem.value =
        error.slug === "precondition-failed"
          ? "Somebody else changed this configuration meanwhile, so nothing was saved. Load theirs and make your change again."
          : `${error.detail}${error.requestId ? ` (request ${error.requestId})` : ""}`;
    }
    busy.value = false;
    onChanged();
  };

  return (
    <form class="form" onSubmit={(event) => void save(event)}>
      <Field label="Interval in seconds" hint="How often figures are collected and sent." error={errors.value.intervalS}>
        {(control) => (
          <input
            {...control}
            inputMode="decimal"
            disabled={!mayChange}
            value={draft.value.intervalS}
            onInput={(event) => set({ intervalS: event.currentTarget.value })}
          />
        )}
      </Field>
      <fieldset class="plain" disabled={!mayChange}>
        <legend>Collectors</legend>
        <div class="choices">
          {COLLECTORS.map((name) => (
            <label key={name} class="choice">
              <input
                type="checkbox"
                checked={draft.value.collectors.includes(name)}
                onChange={(event) => {
                  const chosen = new Set(draft.value.collectors);
                  if (event.currentTarget.checked) chosen.add(name);
                  else chosen.delete(name);
                  set({ collectors: COLLECTORS.filter((one) => chosen.has(one)) });
                }}
              />
              {COLLECTOR_WORDS[name]}
            </label>
          ))}
        </div>
      </fieldset>
      <Field label="Labels" hint="One name=value per line; every sample of this host carries them." error={errors.value.labels}>
        {(control) => (
          <textarea
            {...control}
            rows={3}
            spellcheck={false}
            disabled={!mayChange}
            value={draft.value.labels}
            onInput={(event) => set({ labels: event.currentTarget.value })}
          />
        )}
      </Field>
      {moved && touched.value && (
        <Notice tone="warn">
          This configuration is v{agent.config.version} now; your changes are to v{base.value.version}.{" "}
          <Button onClick={takeTheirs}>Load theirs</Button>
        </Notice>
      )}
      {problem.value && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
      {mayChange ? (
        <div class="actions">
          <Button type="submit" kind="primary" busy={busy.value} disabled={!touched.value}>
            Save and push
          </Button>
          {touched.value && <Button onClick={takeTheirs}>Discard changes</Button>}
        </div>
      ) : (
        <p class="muted">Operators, admins and owners may change it.</p>
      )}
    </form>
  );
}
