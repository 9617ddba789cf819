import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import "./suggest.css";

export interface Suggestion {
  readonly value: string;
  /** Right of the value: how many series, for example. */
  readonly aside?: ComponentChildren;
  /** Below the value. */
  readonly detail?: ComponentChildren;
}

interface SuggestProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  /** What fits the typed text, best first. Changes its identity when the answer would. */
  readonly load: (typed: string, abort: AbortSignal) => Promise<readonly Suggestion[]>;
  readonly onChoose: (value: string) => void;
  /** Whether what was typed counts when the field is left; otherwise only what is chosen or entered. */
  readonly keepTyped?: boolean;
  readonly error?: string | undefined;
  readonly class?: string;
  readonly maxLength?: number;
  /** Whether `/` leads here. */
  readonly search?: boolean;
  /** Takes the focus when it appears: it was asked for. */
  readonly autofocus?: boolean;
  /** Said in place of suggestions when nothing fits. */
  readonly nothing?: string;
}

/** Typing faster than this asks once. */
const PAUSE_MS = 120;

/** A field that suggests while one types: arrows move, Enter takes what is marked or what was typed, Esc puts back. */
export function Suggest(props: SuggestProps) {
  const { label, value, placeholder, onChoose, keepTyped, error, nothing = "Nothing fits; Enter takes it as typed." } = props;
  const typed = useSignal<string | undefined>(undefined);
  const open = useSignal(false);
  const at = useSignal(-1);
  const options = useSignal<readonly Suggestion[] | undefined>(undefined);
  const failed = useSignal(false);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const load = useRef(props.load);
  load.current = props.load;

  useEffect(() => {
    if (props.autofocus) input.current?.focus();
  }, []);
  const wanted = open.value ? (typed.value ?? "") : undefined;
  useEffect(() => {
    if (wanted === undefined) return;
    const abort = new AbortController();
    const timer = setTimeout(
      () => {
        load.current(wanted, abort.signal).then(
          (found) => {
            if (abort.signal.aborted) return;
            options.value = found;
            failed.value = false;
            at.value = -1;
          },
          () => {
            // Said in the list; the field itself still takes what is typed.
            if (!abort.signal.aborted) failed.value = true;
          },
        );
      },
      options.peek() === undefined ? 0 : PAUSE_MS,
    );
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [wanted]);
  useEffect(() => list.current?.children[at.value]?.scrollIntoView({ block: "nearest" }), [at.value]);

  const close = () => {
    open.value = false;
    typed.value = undefined;
    at.value = -1;
    options.value = undefined;
  };
  const choose = (next: string) => {
    close();
    if (next !== value) onChoose(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const found = options.value ?? [];
    if (event.key === "Escape") {
      if (!open.value) return;
      close();
    } else if (event.key === "Enter") {
      const marked = open.value ? found[at.value] : undefined;
      if (marked) choose(marked.value);
      else if (typed.value !== undefined) choose(typed.value.trim());
      else return;
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!open.value) open.value = true;
      else if (found.length > 0) {
        const step = event.key === "ArrowDown" ? 1 : -1;
        at.value = at.value < 0 && step < 0 ? found.length - 1 : (at.value + step + found.length) % found.length;
      }
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const shown = options.value;
  return (
    <div class={`suggest${props.class ? ` ${props.class}` : ""}`}>
      <input
        ref={input}
        type="text"
        data-search={props.search ? "" : undefined}
        role="combobox"
        aria-label={label}
        aria-autocomplete="list"
        aria-expanded={open.value}
        aria-controls={open.value ? `${id}-list` : undefined}
        aria-activedescendant={open.value && at.value >= 0 ? `${id}-${at.value}` : undefined}
        aria-invalid={error ? "true" : undefined}
        aria-describedby={error ? `${id}-error` : undefined}
        placeholder={placeholder}
        maxLength={props.maxLength}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        title={value || undefined}
        value={typed.value ?? value}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
          open.value = true;
        }}
        onClick={() => (open.value = true)}
        onFocus={(event) => event.currentTarget.select()}
        onKeyDown={onKeyDown}
        onBlur={() => {
          const text = typed.value?.trim();
          if (keepTyped && text !== undefined) choose(text);
          else close();
        }}
      />
      {open.value && (
        <div class="suggest-panel">
          <ul ref={list} id={`${id}-list`} role="listbox" aria-label={`${label}: suggestions`}>
            {shown?.map((option, i) => (
              <li
                key={option.value}
                id={`${id}-${i}`}
                role="option"
                aria-selected={i === at.value}
                // The field keeps the focus; leaving it would close the list before the click arrives.
                onPointerDown={(event) => event.preventDefault()}
                onPointerMove={() => (at.value = i)}
                onClick={() => choose(option.value)}
              >
                <span class="suggest-value">{option.value}</span>
                {option.aside !== undefined && <span class="suggest-aside muted">{option.aside}</span>}
                {option.detail !== undefined && <span class="suggest-detail muted">{option.detail}</span>}
              </li>
            ))}
          </ul>
          {(failed.value || shown?.length === 0) && (
            <p class="suggest-none muted">{failed.value ? "Suggestions could not be read; Enter takes what is typed." : nothing}</p>
          )}
        </div>
      )}
      {error && (
        <div id={`${id}-error`} class="field-error">
          {error}
        </div>
      )}
    </div>
  );
}
