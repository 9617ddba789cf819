import { useSignal } from "@preact/signals";
import { place } from "../lib/location.ts";
import { asError } from "../lib/resource.ts";
import { readQuery } from "../lib/url-state.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Field } from "../ui/field.tsx";
import { deployment, signIn, signUp } from "./session.ts";
import { JoinPage } from "./join-page.tsx";

interface Form {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

interface TextFieldProps {
  readonly label: string;
  readonly type: "text" | "email" | "password";
  readonly value: string;
  readonly autocomplete: "name" | "username" | "new-password" | "current-password";
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
  email,
  submit,
}: {
  verb: string;
  withName: boolean;
  email?: string;
  submit: (form: Form) => Promise<void>;
}) {
  const form = useSignal<Form>({ name: "", email: email ?? "", password: "" });
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
      <TextField label="Email" type="email" value={form.value.email} autocomplete="username" onValue={(value) => set({ email: value })} />
      <TextField
        label="Password"
        type="password"
        value={form.value.password}
        autocomplete={withName ? "new-password" : "current-password"}
        {...(withName && { minLength: 10, hint: "At least 10 characters." })}
        onValue={(password) => set({ password })}
      />
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

function SignIn() {
  const open = deployment.value?.signUpOpen === true;
  if (open) {
    return (
      <Card title={<h1>Create the first account</h1>}>
        <p class="muted">Nobody has signed up here yet. The first account owns the deployment; everyone after it comes by invitation.</p>
        <CredentialForm verb="Create account" withName submit={signUp} />
      </Card>
    );
  }
  return (
    <Card title={<h1>Sign in</h1>}>
      {deployment.value?.demo && <p class="muted">The terminal that started this server shows the demo account.</p>}
      <CredentialForm verb="Sign in" withName={false} submit={({ email, password }) => signIn(email, password)} />
    </Card>
  );
}

/** What a person without a session sees: sign-in, the first sign-up, or an invitation. */
export function SignInPage() {
  const joining = place.value.path.startsWith("/console/join");
  return (
    <main class="entrance">
      <p class="entrance-name">{deployment.value?.name ?? "Meridian"}</p>
      {joining ? <JoinPage token={readQuery(place.value.search, "token")} /> : <SignIn />}
    </main>
  );
}
