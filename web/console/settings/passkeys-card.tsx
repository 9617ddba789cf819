import { useSignal } from "@preact/signals";
import { Plus } from "lucide";
import { FACTOR_LIMITS } from "../../../contract/factor-limits.ts";
import type { Passkey } from "../../../contract/second-factors.ts";
import { createPasskey, passkeysWork } from "../../lib/passkeys.ts";
import { useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Field } from "../../ui/field.tsx";
import { Skeleton } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { PasskeyRow } from "./passkey-row.tsx";
import { ProofForm } from "./proof-form.tsx";

/** Keys of this person's devices, each of which signs in by itself. */
export function PasskeysCard() {
  const list = useResource("passkeys", (signal) => api.auth.passkeys({ signal }));
  const deployment = useResource("deployment", (signal) => api.deployment({ signal }));
  const adding = useSignal(false);
  const removing = useSignal<Passkey | undefined>(undefined);
  const items = list.data.value?.items;
  const failure = list.error.value;
  const origin = deployment.data.value?.passkeyOrigin;
  return (
    <Card title="Passkeys">
      {!items && failure && <PageError failure={failureOf(failure, "Your passkeys could not be read")} onRetry={list.reload} />}
      {!items && !failure && <Skeleton rows={2} />}
      {items && (
        <div class="stack">
          {items.length === 0 && (
            <p class="muted">A passkey signs you in with finger, face or PIN of a device, without a password to steal or a code to type.</p>
          )}
          {items.length > 0 && (
            <ul class="sessions">
              {items.map((passkey) => (
                <PasskeyRow key={passkey.id} passkey={passkey} onChanged={list.reload} onRemove={() => (removing.value = passkey)} />
              ))}
            </ul>
          )}
          {adding.value ? (
            <AddPasskey
              onDone={() => {
                adding.value = false;
                list.reload();
              }}
            />
          ) : (
            origin !== undefined && (
              <Offer origin={origin} full={items.length >= FACTOR_LIMITS.passkeys} onAdd={() => (adding.value = true)} />
            )
          )}
        </div>
      )}
      {removing.value && (
        <Confirm
          title={`Remove ${removing.value.name}`}
          verb="Remove it"
          act={async () => {
            await api.auth.removePasskey(removing.value?.id ?? "");
            list.reload();
          }}
          onClose={() => (removing.value = undefined)}
        >
          <p>This passkey will no longer sign you in. Delete it on the device as well: the device does not learn of it.</p>
        </Confirm>
      )}
    </Card>
  );
}

/** The way to another one, or why there is none here. */
function Offer({ origin, full, onAdd }: { origin: string | null; full: boolean; onAdd: () => void }) {
  if (full) return <p class="muted">You have {FACTOR_LIMITS.passkeys} passkeys, and no more fit. Remove one that you no longer use.</p>;
  if (passkeysWork(origin)) {
    return (
      <div class="actions">
        <Button icon={Plus} onClick={onAdd}>
          Add a passkey
        </Button>
      </div>
    );
  }
  if (origin === null) return <p class="muted">Passkeys need a host’s name, and this deployment has only an address.</p>;
  if (origin === location.origin) return <p class="muted">This browser cannot use passkeys.</p>;
  return (
    <p class="muted">
      Browsers bind passkeys to a name. Open this page at <a href={`${origin}${location.pathname}`}>{new URL(origin).host}</a> to add one.
    </p>
  );
}

function AddPasskey({ onDone }: { onDone: () => void }) {
  const name = useSignal("");
  const add = async (password: string) => {
    const response = await createPasskey(await api.auth.passkeyOptions(password));
    const typed = name.value.trim();
    const made = await api.auth.addPasskey({ response, ...(typed === "" ? {} : { name: typed }) });
    toast(`${made.name} signs you in from now on.`);
    onDone();
  };
  return (
    <ProofForm verb="Continue" submit={add} onCancel={onDone}>
      <Field label="Name" hint="Such as “Blue key”; left empty it is called after the device.">
        {(control) => (
          <input
            {...control}
            autocomplete="off"
            maxLength={FACTOR_LIMITS.nameChars}
            value={name.value}
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
        )}
      </Field>
    </ProofForm>
  );
}
