import { useSignal } from "@preact/signals";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Field } from "../../ui/field.tsx";
import { Notice } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";

/** Where mails to end users are handed over, and the secret that signs them. */
export function MailWebhook({ url, onUrl, secretSet }: { url: string; onUrl: (url: string) => void; secretSet: boolean }) {
  const secret = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const make = async () => {
    busy.value = true;
    try {
      secret.value = (await api.settings.newMailSecret()).secret;
    } catch (failure) {
      toast(asError(failure).detail, { tone: "critical" });
    }
    busy.value = false;
  };
  return (
    <Card title="Mails to end users">
      <Field
        label="Hand over to"
        hint="An https address that gets each mail as a signed POST (Standard Webhooks) and sends it. Empty: nobody gets one."
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
        <section class="secret">
          <Notice tone="warn">This is the only time the secret is shown.</Notice>
          <pre class="command">{secret.value}</pre>
          <CopyButton text={secret.value} words="Copy the secret" />
        </section>
      ) : (
        <div class="actions">
          <Button busy={busy.value} onClick={() => void make()}>
            {secretSet ? "Make another signing secret" : "Make the signing secret"}
          </Button>
          {secretSet && <span class="muted">the present one stops at once</span>}
        </div>
      )}
    </Card>
  );
}
