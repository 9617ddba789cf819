import { useSignal } from "@preact/signals";
import type { Issuer } from "../../../contract/issuers.ts";
import type { TokenTest } from "../../../sdk/api/identity.ts";
import type { MeridianError } from "../../../sdk/errors.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { Field } from "../../ui/field.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { CheckList } from "./check-list.tsx";
import { GrantsEditor } from "./grants-editor.tsx";
import { draftOf, type IssuerDraft, putOf } from "./issuer-draft.ts";

/** One issuer: whose tokens, by which keys, with what grants; and a place to try a token. */
export function IssuerDrawer({ of, onChanged, onClose }: { of: Issuer | undefined; onChanged: () => void; onClose: () => void }) {
  const draft = useSignal<IssuerDraft>(draftOf(of));
  const busy = useSignal(false);
  const failed = useSignal<MeridianError | undefined>(undefined);
  const removing = useSignal(false);
  const set = (part: Partial<IssuerDraft>) => (draft.value = { ...draft.value, ...part });
  const error = failed.value;
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    failed.value = undefined;
    try {
      await api.issuers.put(draft.value.name.trim(), putOf(draft.value));
      toast(`Tokens of ${draft.value.iss} are accepted from now on.`);
      onChanged();
      onClose();
    } catch (failure) {
      failed.value = asError(failure);
    }
    busy.value = false;
  };
  const text = (
    label: string,
    name: "name" | "iss" | "jwksUrl" | "nameClaim" | "avatarClaim",
    hint: string,
    pointer: string,
    required = true,
  ) => (
    <Field label={label} hint={hint} error={error?.fieldError(pointer)}>
      {(control) => (
        <input
          {...control}
          required={required}
          readOnly={name === "name" && of !== undefined}
          spellcheck={false}
          autocomplete="off"
          value={draft.value[name]}
          onInput={(event) => set({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  const area = (label: string, name: "audiences" | "jwks" | "rules", hint: string, pointer: string, rows: number) => (
    <Field label={label} hint={hint} error={error?.fieldError(pointer)}>
      {(control) => (
        <textarea
          {...control}
          rows={rows}
          spellcheck={false}
          value={draft.value[name]}
          onInput={(event) => set({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <Drawer
      title={of ? of.name : "Register an issuer"}
      label={of ? `Issuer ${of.name}` : "Register an issuer"}
      onClose={onClose}
      foot={
        <>
          {error && (
            <p class="field-error" role="alert">
              {error.errors.length > 0 ? error.errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join("; ") : error.detail}
              {error.requestId && ` (request ${error.requestId})`}
            </p>
          )}
          <Button type="submit" form="issuer" kind="primary" busy={busy.value}>
            {of ? "Save" : "Register"}
          </Button>
          {of && (
            <Button kind="danger" onClick={() => (removing.value = true)}>
              Remove
            </Button>
          )}
        </>
      }
    >
      <form id="issuer" class="form" onSubmit={(event) => void submit(event)}>
        {text("Name", "name", "Short; part of each person's id, so it stays with this iss for ever.", "/name")}
        {text("iss", "iss", "Exactly as the tokens have it.", "/iss")}
        {area("aud", "audiences", "One per line; a token must have one of them.", "/audiences", 2)}
        <fieldset class="plain">
          <legend>Keys</legend>
          <div class="actions">
            {(["url", "pasted"] as const).map((source) => (
              <label key={source}>
                <input type="radio" name="keys" checked={draft.value.source === source} onChange={() => set({ source })} />{" "}
                {source === "url" ? "from an address" : "pasted"}
              </label>
            ))}
          </div>
        </fieldset>
        {draft.value.source === "url"
          ? text("JWKS address", "jwksUrl", "https; read when a key id is new, at most every 30 s.", "/jwksUrl")
          : area("JWKS", "jwks", "A JSON Web Key Set with public keys: ES256, EdDSA or RS256.", "/jwks", 6)}
        {text("Claim with the name", "nameClaim", "Such as name. Empty: people have no name.", "/mapping/name", false)}
        {text("Claim with the picture", "avatarClaim", "Such as picture.", "/mapping/avatarUrl", false)}
        <GrantsEditor legend="Grants of everybody" grants={draft.value.grants} onChange={(grants) => set({ grants })} />
        {area(
          "More grants by claim",
          "rules",
          'JSON, such as [{"claim":"roles","value":"editor","grants":[{"kind":"metrics","name":"*","actions":["read"]}]}]',
          "/mapping/rules",
          4,
        )}
      </form>
      {of && <TestToken name={of.name} />}
      {of && removing.value && (
        <Confirm
          title={`Remove the issuer “${of.name}”`}
          typed={of.name}
          verb="Remove the issuer"
          onClose={() => (removing.value = false)}
          act={async () => {
            await api.issuers.remove(of.name);
            toast(`Tokens of ${of.iss} are refused.`);
            onChanged();
            onClose();
          }}
        >
          <p>
            Within 2 seconds its tokens are refused and the sockets of its people close. The people stay listed; the name stays bound to
            this iss, so that nobody else can take them over.
          </p>
        </Confirm>
      )}
    </Drawer>
  );
}

/** Which check of a token fails. */
function TestToken({ name }: { name: string }) {
  const token = useSignal("");
  const result = useSignal<TokenTest | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const test = async (event: Event) => {
    event.preventDefault();
    problem.value = undefined;
    result.value = undefined;
    try {
      result.value = await api.issuers.test(name, token.value.trim());
    } catch (failure) {
      problem.value = asError(failure).detail;
    }
  };
  return (
    <section>
      <h3>Test a token</h3>
      <form class="form" onSubmit={(event) => void test(event)}>
        <Field label="Token" hint="It is checked with what is saved above, and not kept." error={problem.value}>
          {(control) => (
            <textarea
              {...control}
              rows={3}
              required
              spellcheck={false}
              value={token.value}
              onInput={(event) => (token.value = event.currentTarget.value)}
            />
          )}
        </Field>
        <Button type="submit">Test</Button>
      </form>
      {result.value && <CheckList checks={result.value.checks} />}
      {result.value?.subject && (
        <p>
          It speaks for <code>{`${result.value.subject.issuer}|${result.value.subject.sub}`}</code> {result.value.subject.name}.
        </p>
      )}
    </section>
  );
}
