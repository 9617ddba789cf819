import { useSignal } from "@preact/signals";
import { asError } from "../lib/resource.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";

interface Form {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly setupToken?: string;
}

interface TextFieldProps {
  readonly label: string;
  readonly type: "text" | "email" | "password";
  readonly value: string;
  readonly autocomplete: "name" | "username" | "new-password" | "current-password" | "off";
  readonly hint?: string;
  readonly minLength?: number;
  readonly onValue: (value: string) => void;
}

function TextField({ label, type, value, autocomplete, hint, minLength, onValue }: TextFieldProps) {
  return (
    <Field label={label} hint={hint}>
      {(control) => (
        <input
          {...control}
          type={type as "text"} // the attribute types split inputs by kind; these three share every attribute used here
          value={value}
          autocomplete={autocomplete}
          minLength={minLength}
          required
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** The form of everyone who comes in: name only where an account is made. */
export function CredentialForm({
  verb,
  withName,
  withSetupToken = false,
  fixedEmail,
  submit,
}: {
  verb: string;
  withName: boolean;
  /** The first account of a node on the internet: whoever makes it proves that the node is theirs. */
  withSetupToken?: boolean;
  /** The account is decided already: shown, and not changed. */
  fixedEmail?: string;
  submit: (form: Form) => Promise<void>;
}) {
  const form = useSignal<Form>({ name: "", email: fixedEmail ?? "", password: "" });
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const set = (part: Partial<Form>) => (form.value = { ...form.value, ...part });
  const onSubmit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    problem.value = undefined;
    try {
      await submit(form.value);
    } catch (failure) {
      const error = asError(failure);
      problem.value = error.requestId ? `${error.detail} (request ${error.requestId})` : error.detail;
    }
    busy.value = false;
  };
  return (
    <form class="form" onSubmit={(event) => void onSubmit(event)}>
      {withName && <TextField label="Name" type="text" value={form.value.name} autocomplete="name" onValue={(name) => set({ name })} />}
      {fixedEmail !== undefined && (
        <input class="visually-hidden" tabIndex={-1} aria-hidden="true" readOnly autocomplete="username" value={fixedEmail} />
      )}
      {fixedEmail === undefined && (
        <TextField label="Email" type="email" value={form.value.email} autocomplete="username" onValue={(value) => set({ email: value })} />
      )}
      <TextField
        label="Password"
        type="password"
        value={form.value.password}
        autocomplete={withName ? "new-password" : "current-password"}
        {...(withName && { minLength: 10, hint: "At least 10 characters." })}
        onValue={(password) => set({ password })}
      />
      {withSetupToken && (
        <TextField
          label="Setup token"
          type="text"
          value={form.value.setupToken ?? ""}
          autocomplete="off"
          hint="The node made it at its start; it stands in setup-token.txt of its state folder."
          onValue={(setupToken) => set({ setupToken })}
        />
      )}
      {problem.value && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
      <Button type="submit" kind="primary" busy={busy.value}>
        {verb}
      </Button>
    </form>
  );
}
