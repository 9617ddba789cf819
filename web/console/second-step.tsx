import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { FACTOR_LIMITS } from "../../contract/factor-limits.ts";
import { asError } from "../lib/resource.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { finishSignIn } from "./session.ts";

/** The code after the password: of the app, or one of the backup codes. */
export function SecondStep({ onIn, onAgain }: { onIn: () => Promise<void>; onAgain: (why?: string) => void }) {
  const byBackup = useSignal(false);
  const code = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), [byBackup.value]);
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    problem.value = undefined;
    try {
      const typed = code.value.replaceAll(/\s/g, "");
      await finishSignIn(byBackup.value ? { backupCode: typed } : { code: typed });
      await onIn();
    } catch (failure) {
      const error = asError(failure);
      if (error.slug === "unauthenticated") return onAgain(error.detail);
      problem.value = error.slug === "invalid-body" ? "A code has six digits." : error.detail;
      input.current?.select();
    }
    busy.value = false;
  };
  const turn = () => {
    byBackup.value = !byBackup.value;
    code.value = "";
    problem.value = undefined;
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      <Field
        label={byBackup.value ? "Backup code" : "Code"}
        hint={
          byBackup.value
            ? "One of the ten that were shown when you set this up. Each works once."
            : "Six digits, from your authenticator app."
        }
        error={problem.value}
      >
        {(control) => (
          <input
            {...control}
            ref={input}
            class="code-input"
            inputMode={byBackup.value ? "text" : "numeric"}
            autocomplete="one-time-code"
            spellcheck={false}
            autocapitalize="none"
            required
            maxLength={byBackup.value ? FACTOR_LIMITS.backupCodeChars + 1 : FACTOR_LIMITS.codeDigits + 1}
            value={code.value}
            onInput={(event) => (code.value = event.currentTarget.value)}
          />
        )}
      </Field>
      <Button type="submit" kind="primary" busy={busy.value}>
        Continue
      </Button>
      <div class="entrance-ways">
        <Button kind="quiet" onClick={turn}>
          {byBackup.value ? "Use the app’s code" : "Use a backup code"}
        </Button>
        <Button kind="quiet" onClick={() => onAgain()}>
          Start again
        </Button>
      </div>
    </form>
  );
}
