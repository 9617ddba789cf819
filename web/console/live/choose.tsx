import { Field } from "../../ui/field.tsx";

/** Values with their words, in the order offered. */
export type Choices<T extends string> = Readonly<Record<T, string>>;

interface ChooseProps<T extends string> {
  readonly label: string;
  readonly choices: Choices<T>;
  readonly value: T;
  readonly hint?: string;
  readonly disabled?: boolean;
  readonly onChoose: (value: T) => void;
}

/** One of a few, by name. */
export function Choose<T extends string>({ label, choices, value, hint, disabled, onChoose }: ChooseProps<T>) {
  const offered = Object.entries<string>(choices) as [T, string][]; // the entries of a record of T
  return (
    <Field label={label} hint={hint}>
      {(control) => (
        <select
          {...control}
          disabled={disabled}
          value={value}
          onChange={({ currentTarget }) => {
            const found = offered.find(([one]) => one === currentTarget.value);
            if (found) onChoose(found[0]);
          }}
        >
          {offered.map(([one, words]) => (
            <option key={one} value={one}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
