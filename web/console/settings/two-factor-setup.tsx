import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { TwoFactorStarted } from "../../../contract/second-factors.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Field } from "../../ui/field.tsx";
import { api } from "../api.ts";
import { BackupCodes } from "./backup-codes.tsx";
import { QrCode } from "./qr-code.tsx";

/** What the app needs, and the code that shows that it has it. Nothing is on before that. */
export function TwoFactorSetup({ started, onOn, onCancel }: { started: TwoFactorStarted; onOn: () => void; onCancel: () => void }) {
  const code = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const top = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => top.current?.focus(), []);
  const secret = new URL(started.uri).searchParams.get("secret") ?? "";
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    problem.value = undefined;
    try {
      await api.auth.verifyTwoFactor(code.value.replaceAll(/\s/g, ""));
      onOn();
    } catch (failure) {
      const error = asError(failure);
      problem.value = error.errors[0] ? `The code ${error.errors[0].detail}.` : error.detail;
      busy.value = false;
    }
  };
  return (
    <div class="steps">
      <section class="step">
        <h3 ref={top} tabIndex={-1}>
          1. Scan this with your authenticator app
        </h3>
        <QrCode text={started.uri} label="QR code for the authenticator app; the key below is the same" />
        <p class="muted">Or type this key into it:</p>
        <p class="totp-key">
          <code>{secret.replaceAll(/(.{4})(?=.)/g, "$1 ")}</code>
          <CopyButton text={secret} label="Copy the key" />
        </p>
      </section>
      <section class="step">
        <h3>2. Keep these backup codes</h3>
        <p class="muted">Each signs you in once when you do not have the app. They are not shown again.</p>
        <BackupCodes codes={started.backupCodes} />
      </section>
      <section class="step">
        <h3>3. Give back a code of the app</h3>
        <form class="form" onSubmit={(event) => void submit(event)}>
          <Field label="Code" hint="Six digits; nothing is switched on before." error={problem.value}>
            {(control) => (
              <input
                {...control}
                class="code-input"
                inputMode="numeric"
                autocomplete="one-time-code"
                required
                maxLength={7}
                value={code.value}
                onInput={(event) => (code.value = event.currentTarget.value)}
              />
            )}
          </Field>
          <div class="actions">
            <Button type="submit" kind="primary" busy={busy.value}>
              Switch it on
            </Button>
            <Button onClick={onCancel}>Cancel</Button>
          </div>
        </form>
      </section>
    </div>
  );
}
