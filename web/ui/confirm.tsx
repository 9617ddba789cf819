import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { asError } from "../lib/resource.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";

interface ConfirmProps {
  readonly title: string;
  /** What it destroys, and how many. */
  readonly children: ComponentChildren;
  /** Has to be typed, when the act cannot be undone. */
  readonly typed?: string;
  readonly verb: string;
  readonly act: () => Promise<void>;
  readonly onClose: () => void;
}

/** Asks before something is destroyed. */
export function Confirm({ title, children, typed, verb, act, onClose }: ConfirmProps) {
  const text = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    try {
      await act();
      onClose();
    } catch (failure) {
      const error = asError(failure);
      problem.value = error.requestId ? `${error.detail} (request ${error.requestId})` : error.detail;
      busy.value = false;
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="dialog-content" onSubmit={(event) => void submit(event)}>
        {children}
        {typed !== undefined && (
          <Field label={`Type ${typed} to confirm`}>
            {(control) => (
              <input
                {...control}
                autocomplete="off"
                spellcheck={false}
                value={text.value}
                onInput={(event) => (text.value = event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        {problem.value && (
          <p class="field-error" role="alert">
            {problem.value}
          </p>
        )}
        <div class="actions">
          <Button type="submit" kind="danger" busy={busy.value} disabled={typed !== undefined && text.value.trim() !== typed}>
            {verb}
          </Button>
          <Button onClick={onClose}>Keep it</Button>
        </div>
      </form>
    </Dialog>
  );
}
