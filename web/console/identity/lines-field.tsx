import { Field } from "../../ui/field.tsx";

/** Several short texts, one per line. */
export function LinesField({
  label,
  hint,
  value,
  onValue,
}: {
  label: string;
  hint: string;
  value: string;
  onValue: (value: string) => void;
}) {
  return (
    <Field label={label} hint={hint}>
      {(control) => (
        <textarea {...control} rows={3} spellcheck={false} value={value} onInput={(event) => onValue(event.currentTarget.value)} />
      )}
    </Field>
  );
}
