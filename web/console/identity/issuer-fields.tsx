import type { Issuer } from "../../../contract/issuers.ts";
import type { FieldError } from "../../../contract/problems.ts";
import { Field } from "../../ui/field.tsx";
import { problemsUnder } from "./field-problems.ts";
import { GrantsEditor } from "./grants-editor.tsx";
import type { IssuerDraft } from "./issuer-draft.ts";

/** Where the server's errors about the parts of the form point. */
const POINTERS = {
  name: "/name",
  iss: "/iss",
  audiences: "/audiences",
  jwksUrl: "/jwksUrl",
  jwks: "/jwks",
  nameClaim: "/mapping/name",
  avatarClaim: "/mapping/avatarUrl",
  grants: "/mapping/grants",
  rules: "/mapping/rules",
} as const;
export const ISSUER_POINTERS: readonly string[] = Object.values(POINTERS);

interface IssuerFieldsProps {
  /** What is registered already: its name and iss stay. */
  readonly of: Issuer | undefined;
  readonly draft: IssuerDraft;
  readonly errors: readonly FieldError[];
  readonly onChange: (part: Partial<IssuerDraft>) => void;
}

/** The parts of an issuer, each with what is wrong with it. */
export function IssuerFields({ of, draft, errors, onChange }: IssuerFieldsProps) {
  const text = (label: string, name: "name" | "iss" | "jwksUrl" | "nameClaim" | "avatarClaim", hint: string, required = true) => (
    <Field label={label} hint={hint} error={problemsUnder(errors, POINTERS[name])}>
      {(control) => (
        <input
          {...control}
          required={required}
          spellcheck={false}
          autocomplete="off"
          value={draft[name]}
          onInput={(event) => onChange({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  const area = (label: string, name: "audiences" | "jwks" | "rules", hint: string, rows: number) => (
    <Field label={label} hint={hint} error={problemsUnder(errors, POINTERS[name])}>
      {(control) => (
        <textarea
          {...control}
          class={name === "audiences" ? undefined : "code"}
          rows={rows}
          required={name !== "rules"}
          spellcheck={false}
          value={draft[name]}
          onInput={(event) => onChange({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      {of ? (
        <dl class="facts">
          <dt>Issuer (iss)</dt>
          <dd>
            <code>{of.iss}</code>
            <div class="muted">Stays with the name “{of.name}” for ever: it is part of each person’s id.</div>
          </dd>
        </dl>
      ) : (
        <>
          {text("Name", "name", "Short, such as school. It is part of each person’s id, and stays with this iss for ever.")}
          {text("Issuer (iss)", "iss", "Exactly as the tokens have it, with or without the slash at its end.")}
        </>
      )}
      {area("Audiences (aud)", "audiences", "One per line; a token must have one of them.", 2)}
      <fieldset class="plain">
        <legend>Public keys</legend>
        <div class="choice-row">
          {(["url", "pasted"] as const).map((source) => (
            <label key={source}>
              <input type="radio" name="keys" checked={draft.source === source} onChange={() => onChange({ source })} />{" "}
              {source === "url" ? "read from an address" : "pasted here"}
            </label>
          ))}
        </div>
      </fieldset>
      {draft.source === "url"
        ? text("Address of the keys", "jwksUrl", "The issuer’s jwks_uri, https. It is read again when a key is new, at most every 30 s.")
        : area("Keys", "jwks", "A JSON Web Key Set with public keys for ES256, EdDSA or RS256.", 6)}
      {text("Claim with the name", "nameClaim", "A claim, or a JSON pointer such as /profile/nick. Empty: people have no name.", false)}
      {text("Claim with the picture", "avatarClaim", "An https address. Empty: people have no picture.", false)}
      <GrantsEditor
        legend="Everybody of this issuer may"
        grants={draft.grants}
        error={problemsUnder(errors, POINTERS.grants)}
        onChange={(grants) => onChange({ grants })}
      />
      {area(
        "More grants by claim",
        "rules",
        'JSON, such as [{"claim":"roles","value":"editor","grants":[{"kind":"metrics","name":"*","actions":["read"]}]}]. Empty: none.',
        4,
      )}
    </>
  );
}
