import { useSignal } from "@preact/signals";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Field } from "../../ui/field.tsx";
import { Notice } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";

interface MailWebhookProps {
  readonly url: string;
  readonly onUrl: (url: string) => void;
  readonly error?: string | undefined;
  readonly secretSet: boolean;
  /** A secret was made. */
  readonly onMade: () => void;
}

/** Where mails to end users are handed over, and the secret that signs them. */
export function MailWebhook({ url, onUrl, error, secretSet, onMade }: MailWebhookProps) {
  const secret = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const asking = useSignal(false);
  const make = async () => {
    secret.value = (await api.settings.newMailSecret()).secret;
    onMade();
  };
  const first = async () => {
    busy.value = true;
    await make().catch((failure: unknown) => toast(asError(failure).detail, { tone: "critical" }));
    busy.value = false;
  };
  return (
    <Card title="Mails to end users" class="form-card">
      <Field
        label="Hand over to"
        hint="An https address that gets each mail as a signed POST (Standard Webhooks) and sends it. Empty: nobody gets one."
        error={error}
      >
        {(control) => (
          <input
            {...control}
            type="url"
            spellcheck={false}
            placeholder="https://example.com/mail"
            value={url}
            onInput={(event) => onUrl(event.currentTarget.value)}
          />
        )}
      </Field>
      {secret.value ? (
        <section class="secret" aria-label="Signing secret">
          <Notice tone="warn">This is the only time the secret is shown. Give it to the program at that address.</Notice>
          <pre class="command">{secret.value}</pre>
          <div class="actions">
            <CopyButton text={secret.value} words="Copy the secret" />
            <Button kind="quiet" onClick={() => (secret.value = undefined)}>
              I have it
            </Button>
          </div>
        </section>
      ) : (
        <div class="actions">
          <Button busy={busy.value} onClick={() => (secretSet ? (asking.value = true) : void first())}>
            {secretSet ? "Make another signing secret" : "Make the signing secret"}
          </Button>
          <span class="muted">{secretSet ? "mails are signed" : "without one no mail is handed over"}</span>
        </div>
      )}
      {asking.value && (
        <Confirm title="Make another signing secret" verb="Make another" act={make} onClose={() => (asking.value = false)}>
          <p>The present secret stops at once: the program at that address refuses mails until it has the new one.</p>
        </Confirm>
      )}
    </Card>
  );
}
