import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { me } from "../session.ts";

interface ProofProps {
  readonly verb: string;
  readonly kind?: "primary" | "danger";
  /** Other fields, above the password. */
  readonly children?: ComponentChildren;
  /** What it throws is shown at the password when it is about it, else below. */
  readonly submit: (password: string) => Promise<void>;
  readonly onCancel: () => void;
}

/** Asks for the password once more before something about the account changes. */
export function ProofForm({ verb, kind = "primary", children, submit, onCancel }: ProofProps) {
  const password = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<{ text: string; ofPassword: boolean } | undefined>(undefined);
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => form.current?.querySelector<HTMLInputElement>("input:not([readonly])")?.focus(), []);
  const onSubmit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    problem.value = undefined;
    try {
      await submit(password.value);
    } catch (failure) {
      const error = asError(failure);
      const [wrong] = error.errors;
      problem.value =
        wrong?.pointer === "/currentPassword"
          ? { text: "This is not your password.", ofPassword: true }
          : { text: error.detail, ofPassword: false };
      busy.value = false;
    }
  };
  return (
    <form class="form" ref={form} onSubmit={(event) => void onSubmit(event)}>
      {/* Password managers want to know whose password it is. */}
      <input class="visually-hidden" tabIndex={-1} aria-hidden="true" readOnly autocomplete="username" value={me.value?.email ?? ""} />
      {children}
      <Field label="Your password" error={problem.value?.ofPassword ? problem.value.text : undefined}>
        {(control) => (
          <input
            {...control}
            type="password"
            required
            autocomplete="current-password"
            value={password.value}
            onInput={(event) => (password.value = event.currentTarget.value)}
          />
        )}
      </Field>
      {problem.value && !problem.value.ofPassword && (
        <p class="field-error" role="alert">
          {problem.value.text}
        </p>
      )}
      <div class="actions">
        <Button type="submit" kind={kind} busy={busy.value} disabled={password.value === ""}>
          {verb}
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </form>
  );
}
