import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  /** What is wrong and how to right it. */
  readonly error?: string | undefined;
  /** Draws the control; the id and the description belong on it. */
  readonly children: (control: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": "true" | undefined;
  }) => ComponentChildren;
}

/** A labelled control with its hint and its error. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const note = `${id}-note`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": error || hint ? note : undefined, "aria-invalid": error ? "true" : undefined })}
      {(error || hint) && (
        <div id={note} class={error ? "field-error" : "muted"}>
          {error ?? hint}
        </div>
      )}
    </div>
  );
}
