import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { asError } from "../lib/resource.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";

interface Shown {
  /** Of the whole form. */
  readonly detail: string;
  readonly requestId: string | undefined;
  /** By field. */
  readonly fields: Readonly<Record<string, string | undefined>>;
}

const FIELDS = ["name", "email", "password"] as const;
type FieldName = (typeof FIELDS)[number];

const LABELS: Readonly<Record<FieldName, string>> = { name: "Name (optional)", email: "Email", password: "Password" };

/** One form of an end user: which fields it has, what its button says, and what it does. Errors stand beside their fields. */
export function UserForm({
  fields,
  newPassword = false,
  verb,
  submit,
  children,
}: {
  fields: readonly FieldName[];
  newPassword?: boolean;
  verb: string;
  submit: (values: Readonly<Record<FieldName, string>>) => Promise<void>;
  children?: ComponentChildren;
}) {
  const values = useSignal<Readonly<Record<FieldName, string>>>({ name: "", email: "", password: "" });
  const busy = useSignal(false);
  const problem = useSignal<Shown | undefined>(undefined);
  const onSubmit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    problem.value = undefined;
    try {
      await submit(values.value);
    } catch (failure) {
      const error = asError(failure);
      const beside = Object.fromEntries(fields.map((name) => [name, error.fieldError(`/${name}`)]));
      const all = fields.some((name) => beside[name] !== undefined) ? "" : error.detail;
      problem.value = { detail: all, requestId: error.requestId, fields: beside };
    }
    busy.value = false;
  };
  return (
    <form class="form" onSubmit={(event) => void onSubmit(event)}>
      {fields.map((name) => (
        <Field
          key={name}
          label={LABELS[name]}
          hint={name === "password" && newPassword ? `At least ${SUBJECT_LIMITS.passwordMinChars} characters.` : undefined}
          error={problem.value?.fields[name]}
        >
          {(control) => (
            <input
              {...control}
              type={(name === "name" ? "text" : name) as "text"} // the attribute types split inputs by kind; these three share every attribute used here
              value={values.value[name]}
              required={name !== "name"}
              minLength={name === "password" && newPassword ? SUBJECT_LIMITS.passwordMinChars : undefined}
              maxLength={name === "name" ? SUBJECT_LIMITS.nameChars : undefined}
              autocomplete={
                name === "name" ? "nickname" : name === "email" ? "username" : newPassword ? "new-password" : "current-password"
              }
              onInput={(event) => (values.value = { ...values.value, [name]: event.currentTarget.value })}
            />
          )}
        </Field>
      ))}
      {problem.value?.detail && (
        <p class="field-error" role="alert">
          {problem.value.detail}
          {problem.value.requestId && ` (request ${problem.value.requestId})`}
        </p>
      )}
      <div class="actions">
        <Button type="submit" kind="primary" busy={busy.value}>
          {verb}
        </Button>
        {children}
      </div>
    </form>
  );
}
