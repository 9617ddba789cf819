import { useSignal } from "@preact/signals";
import type { KeyCreated } from "../../../contract/access.ts";
import { grantableScopes } from "../../../contract/key-scopes.ts";
import { ACTIONS, type Scope } from "../../../contract/permissions.ts";
import type { MeridianError } from "../../../sdk/errors.ts";
import { serverNow } from "../../lib/clock.ts";
import { place } from "../../lib/location.ts";
import { asError } from "../../lib/resource.ts";
import { readQuery } from "../../lib/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { Field } from "../../ui/field.tsx";
import { Notice } from "../../ui/states.tsx";
import { api } from "../api.ts";
import { me } from "../session.ts";
import { AGENT_SCOPES, KEY_PURPOSES, LIFETIMES } from "./key-words.ts";

/** The only time the secret can be seen. */
function Created({ made, onClose }: { made: KeyCreated; onClose: () => void }) {
  const agent = AGENT_SCOPES.every((scope) => made.scopes.includes(scope));
  const command = `npx meridian-agent --url ${location.origin} --key ${made.secret}`;
  return (
    <section class="secret">
      <Notice tone="warn">This is the only time the key is shown. Whoever has it can do what its scopes say.</Notice>
      <pre class="command">{made.secret}</pre>
      <div class="actions">
        <CopyButton text={made.secret} words="Copy the key" />
        <Button kind="primary" onClick={onClose}>
          I have stored it
        </Button>
      </div>
      {agent && (
        <>
          <p>Run this on the host. It appears in the console a few seconds later.</p>
          <pre class="command">{command}</pre>
          <div class="actions">
            <CopyButton text={command} words="Copy the command" />
          </div>
        </>
      )}
    </section>
  );
}

export function CreateKey({ onCreated, onClose }: { onCreated: () => void; onClose: () => void }) {
  const purpose = KEY_PURPOSES[readQuery(place.value.search, "for")];
  const name = useSignal(purpose?.name ?? "");
  const scopes = useSignal<ReadonlySet<Scope>>(new Set(purpose?.scopes));
  const days = useSignal<number | null>(purpose ? null : 90);
  const busy = useSignal(false);
  const failed = useSignal<MeridianError | undefined>(undefined);
  const made = useSignal<KeyCreated | undefined>(undefined);
  const offered = grantableScopes(me.value?.role ?? "viewer", me.value?.deploymentAdmin ?? false);

  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    failed.value = undefined;
    try {
      const expiresAt = days.value === null ? null : new Date(serverNow() + days.value * 86_400_000).toISOString();
      made.value = await api.keys.create({ name: name.value.trim(), scopes: [...scopes.value], expiresAt });
      onCreated();
    } catch (failure) {
      failed.value = asError(failure);
    }
    busy.value = false;
  };
  const toggle = (scope: Scope, on: boolean) => {
    const next = new Set(scopes.value);
    if (on) next.add(scope);
    else next.delete(scope);
    scopes.value = next;
  };

  if (made.value) {
    return (
      <Drawer title={`Key “${made.value.name}” is created`} label="Key created" onClose={onClose}>
        <Created made={made.value} onClose={onClose} />
      </Drawer>
    );
  }
  const error = failed.value;
  return (
    <Drawer
      title="Create a key"
      label="Create a key"
      onClose={onClose}
      foot={
        <>
          {error && (
            <p class="field-error" role="alert">
              {error.detail}
              {error.requestId && ` (request ${error.requestId})`}
            </p>
          )}
          <Button
            type="submit"
            form="create-key"
            kind="primary"
            busy={busy.value}
            disabled={name.value.trim() === "" || scopes.value.size === 0}
          >
            Create the key
          </Button>
        </>
      }
    >
      <form id="create-key" class="form" onSubmit={(event) => void submit(event)}>
        <Field label="Name" hint="What uses it, so that you know what stops when you revoke it." error={error?.fieldError("/name")}>
          {(control) => (
            <input
              {...control}
              required
              maxLength={100}
              autocomplete="off"
              value={name.value}
              onInput={(event) => (name.value = event.currentTarget.value)}
            />
          )}
        </Field>
        <fieldset class="plain">
          <legend>Scopes</legend>
          <div class="choices">
            {offered.map((scope) => (
              <label key={scope} class="choice">
                <input type="checkbox" checked={scopes.value.has(scope)} onChange={(event) => toggle(scope, event.currentTarget.checked)} />
                <code>{scope}</code>
                <span class="muted">{ACTIONS[scope].summary}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <fieldset class="plain">
          <legend>Expires after</legend>
          <div class="actions">
            {LIFETIMES.map((choice) => (
              <label key={choice.name}>
                <input type="radio" name="lifetime" checked={days.value === choice.days} onChange={() => (days.value = choice.days)} />{" "}
                {choice.name}
              </label>
            ))}
          </div>
        </fieldset>
      </form>
    </Drawer>
  );
}
