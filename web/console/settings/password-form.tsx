import { useSignal } from "@preact/signals";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { me } from "../session.ts";

/** Another password; every other session ends. */
export function PasswordForm() {
  const current = useSignal("");
  const next = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    problem.value = undefined;
    try {
      await api.auth.changePassword(current.value, next.value);
      current.value = "";
      next.value = "";
      toast("Your password is changed. You are signed out everywhere else.");
    } catch (failure) {
      problem.value = asError(failure).detail;
    }
    busy.value = false;
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      {/* Password managers want to know whose password it is. */}
      <input class="visually-hidden" tabIndex={-1} aria-hidden="true" readOnly autocomplete="username" value={me.value?.email ?? ""} />
      <Field label="Present password" error={problem.value}>
        {(control) => (
          <input
            {...control}
            type="password"
            required
            autocomplete="current-password"
            value={current.value}
            onInput={(event) => (current.value = event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label="New password" hint="At least 10 characters.">
        {(control) => (
          <input
            {...control}
            type="password"
            required
            minLength={10}
            maxLength={128}
            autocomplete="new-password"
            value={next.value}
            onInput={(event) => (next.value = event.currentTarget.value)}
          />
        )}
      </Field>
      <Button type="submit" busy={busy.value} disabled={current.value === "" || next.value === ""}>
        Change the password
      </Button>
    </form>
  );
}
