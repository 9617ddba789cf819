import { useSignal } from "@preact/signals";
import type { Grant } from "../../../contract/grants.ts";
import { ACTION_NAMES, ACTIONS } from "../../../contract/permissions.ts";
import { SUBJECT_LIMITS } from "../../../contract/subject-id.ts";
import type { Explained } from "../../../contract/subjects.ts";
import type { ExplainInput } from "../../../sdk/api/identity.ts";
import { setQuery, place } from "../../lib/location.ts";
import { asError } from "../../lib/resource.ts";
import { readChoice, readQuery } from "../../lib/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Field } from "../../ui/field.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { api } from "../api.ts";
import { ExplainAnswer } from "./explain-answer.tsx";
import { sentGrants } from "./grant-words.ts";
import { GrantsEditor } from "./grants-editor.tsx";
import "./identity.css";

const WHO = ["visitor", "token", "grants"] as const;
const WHO_WORDS = {
  visitor: "Anybody, without a token",
  token: "Whoever has a token",
  grants: "Somebody with certain grants",
} as const;
/** What grants can give is what is asked about, so it stands first. */
const GROUPS = [
  { label: "What grants can give", actions: ACTION_NAMES.filter((action) => "grant" in ACTIONS[action]) },
  { label: "Everything else", actions: ACTION_NAMES.filter((action) => !("grant" in ACTIONS[action])) },
] as const;
const OFFERED = GROUPS.flatMap(({ actions }) => actions);

/** Why somebody may do something, or what is missing. */
export default function ExplainPage() {
  const { search } = place.value;
  const who = readChoice(search, "who", WHO, "visitor");
  const action = readChoice(search, "action", OFFERED, OFFERED[0] ?? "metrics:read");
  const name = readQuery(search, "name");
  const token = useSignal("");
  const grants = useSignal<readonly Grant[]>([]);
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const answer = useSignal<Explained | undefined>(undefined);
  const change = (part: Record<string, string>) => {
    answer.value = undefined;
    setQuery(part);
  };
  const ask = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    problem.value = undefined;
    try {
      answer.value = await api.access.explain({ who: whoOf(), action, ...(name === "" ? {} : { name }) });
    } catch (failure) {
      const error = asError(failure);
      const words = error.errors[0] ? `${error.errors[0].pointer}: ${error.errors[0].detail}` : error.detail;
      answer.value = undefined;
      problem.value = error.requestId ? `${words} (request ${error.requestId})` : words;
    }
    busy.value = false;
  };
  function whoOf(): ExplainInput["who"] {
    if (who === "token") return { kind: "token", token: token.value.trim() };
    return who === "grants" ? { kind: "grants", grants: sentGrants(grants.value) } : { kind: "visitor" };
  }
  return (
    <>
      <PageHead tone="info" headline="Ask why" detail="an end user may do something, or what they lack; asking changes nothing" />
      <div class="settings-grid">
        <Card title="Question">
          <form class="form" onSubmit={(event) => void ask(event)}>
            <fieldset class="plain">
              <legend>Who</legend>
              <div class="choices">
                {WHO.map((one) => (
                  <label key={one} class="choice">
                    <input type="radio" name="who" checked={who === one} onChange={() => change({ who: one })} />
                    {WHO_WORDS[one]}
                  </label>
                ))}
              </div>
            </fieldset>
            {who === "token" && (
              <Field label="Token" hint="It is checked and not kept.">
                {(control) => (
                  <textarea
                    {...control}
                    class="code"
                    placeholder="eyJ…"
                    maxLength={SUBJECT_LIMITS.tokenBytes}
                    rows={4}
                    required
                    spellcheck={false}
                    value={token.value}
                    onInput={(event) => {
                      token.value = event.currentTarget.value;
                      answer.value = undefined;
                    }}
                  />
                )}
              </Field>
            )}
            {who === "grants" && (
              <GrantsEditor
                legend="With these grants"
                grants={grants.value}
                onChange={(next) => {
                  grants.value = next;
                  answer.value = undefined;
                }}
              />
            )}
            <Field label="Wants to">
              {(control) => (
                <select {...control} value={action} onChange={(event) => change({ action: event.currentTarget.value })}>
                  {GROUPS.map(({ label, actions }) => (
                    <optgroup key={label} label={label}>
                      {actions.map((one) => (
                        <option key={one} value={one}>
                          {one}: {ACTIONS[one].summary}
                        </option>
                      ))}
                    </optgroup>
                  ))}
                </select>
              )}
            </Field>
            <Field label="On" hint="A thing’s name, or the beginning of names followed by *. Empty: whatever the thing.">
              {(control) => (
                <input
                  {...control}
                  spellcheck={false}
                  autocomplete="off"
                  placeholder="shop_orders or shop_*"
                  value={name}
                  onInput={(event) => change({ name: event.currentTarget.value })}
                />
              )}
            </Field>
            {problem.value && (
              <p class="field-error" role="alert">
                {problem.value}
              </p>
            )}
            <Button type="submit" kind="primary" busy={busy.value}>
              Explain
            </Button>
          </form>
        </Card>
        <div role="status">{answer.value && <ExplainAnswer of={answer.value} />}</div>
      </div>
    </>
  );
}
