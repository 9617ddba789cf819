import { useSignal } from "@preact/signals";
import type { Grant } from "../../../contract/grants.ts";
import { ACTION_NAMES, ACTIONS } from "../../../contract/permissions.ts";
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
import { CheckList } from "./check-list.tsx";
import { grantWords, GrantsEditor, sentGrants } from "./grants-editor.tsx";
import "./identity.css";

const WHO = ["visitor", "token", "grants"] as const;
const WHO_WORDS = { visitor: "Anybody at the door", token: "Whoever has this token", grants: "Somebody with these grants" } as const;
/** Actions that grants can give come first: they are what is asked about. */
const OFFERED = [...ACTION_NAMES].sort((a, b) => Number("grant" in ACTIONS[b]) - Number("grant" in ACTIONS[a]));

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
      answer.value = undefined;
      problem.value = error.errors[0] ? `${error.errors[0].pointer}: ${error.errors[0].detail}` : error.detail;
    }
    busy.value = false;
  };
  function whoOf(): ExplainInput["who"] {
    if (who === "token") return { kind: "token", token: token.value.trim() };
    return who === "grants" ? { kind: "grants", grants: sentGrants(grants.value) } : { kind: "visitor" };
  }
  return (
    <>
      <PageHead
        tone="info"
        headline="Explain access"
        detail="Ask why an end user may do something, or what they lack. Nothing is changed."
      />
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
                    rows={4}
                    required
                    spellcheck={false}
                    value={token.value}
                    onInput={(event) => (token.value = event.currentTarget.value)}
                  />
                )}
              </Field>
            )}
            {who === "grants" && <GrantsEditor legend="Grants" grants={grants.value} onChange={(next) => (grants.value = next)} />}
            <Field label="Wants to">
              {(control) => (
                <select {...control} value={action} onChange={(event) => change({ action: event.currentTarget.value })}>
                  {OFFERED.map((one) => (
                    <option key={one} value={one}>
                      {one}: {ACTIONS[one].summary}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label="On" hint="A thing's name, or a prefix followed by *. Empty: whatever the thing.">
              {(control) => (
                <input {...control} spellcheck={false} value={name} onInput={(event) => change({ name: event.currentTarget.value })} />
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
        {answer.value && <Answer of={answer.value} />}
      </div>
    </>
  );
}

function Answer({ of }: { of: Explained }) {
  return (
    <Card title="Answer">
      <PageHead tone={of.allowed ? "ok" : "critical"} headline={of.allowed ? "Allowed" : "Refused"} detail={of.reason} />
      {of.grant && (
        <p>
          By grant {of.grant.at + 1}: <code>{grantWords(of.grant.grant)}</code>
        </p>
      )}
      {of.public && (
        <p>
          Public: <code>{`${of.public.kind} ${of.public.name}`}</code>
        </p>
      )}
      {of.missing && (
        <>
          <p>This grant would allow it:</p>
          <pre class="command">{JSON.stringify(of.missing)}</pre>
        </>
      )}
      {of.checks.length > 0 && <CheckList checks={of.checks} />}
    </Card>
  );
}
