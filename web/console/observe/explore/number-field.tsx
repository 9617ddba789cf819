import { useSignal } from "@preact/signals";

interface NumberFieldProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly error?: string | undefined;
  readonly onChange: (value: number) => void;
}

/** A number that counts when it is left or entered, if it is one; what is typed meanwhile asks nothing. */
export function NumberField({ label, value, min, max, step, error, onChange }: NumberFieldProps) {
  const typed = useSignal<string | undefined>(undefined);
  const commit = () => {
    const next = typed.value === undefined || typed.value === "" ? Number.NaN : Number(typed.value);
    typed.value = undefined;
    if (Number.isFinite(next) && next !== value) onChange(Math.min(max, Math.max(min, next)));
  };
  return (
    <span class="explore-number">
      <input
        type="number"
        aria-label={label}
        aria-invalid={error ? "true" : undefined}
        min={min}
        max={max}
        step={step}
        value={typed.value ?? String(value)}
        onInput={(event) => (typed.value = event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === "Enter") commit();
        }}
      />
      {error && <span class="field-error">{error}</span>}
    </span>
  );
}
