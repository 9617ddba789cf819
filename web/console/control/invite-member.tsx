import { useSignal } from "@preact/signals";
import type { Invitation } from "../../../contract/access.ts";
import type { Role } from "../../../contract/permissions.ts";
import type { MeridianError } from "../../../sdk/errors.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { Field } from "../../ui/field.tsx";
import { api } from "../api.ts";
import { RoleChoice } from "./role-choice.tsx";

export function InviteMember({ onInvited, onClose }: { onInvited: () => void; onClose: () => void }) {
  const email = useSignal("");
  const role = useSignal<Role>("viewer");
  const busy = useSignal(false);
  const failed = useSignal<MeridianError | undefined>(undefined);
  const made = useSignal<Invitation | undefined>(undefined);

  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    failed.value = undefined;
    try {
      made.value = await api.invitations.create({ email: email.value.trim(), role: role.value });
      onInvited();
    } catch (failure) {
      failed.value = asError(failure);
    }
    busy.value = false;
  };

  if (made.value?.url) {
    return (
      <Drawer title={`${made.value.email} is invited`} label="Invitation created" onClose={onClose}>
        <section>
          <p>Send them this link. It works once, for that address, for 7 days, and it is not shown again.</p>
          <pre class="command">{made.value.url}</pre>
          <div class="actions">
            <CopyButton text={made.value.url} words="Copy the link" />
            <Button kind="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </section>
      </Drawer>
    );
  }
  const error = failed.value;
  return (
    <Drawer title="Invite a member" label="Invite a member" onClose={onClose}>
      <form class="form" onSubmit={(event) => void submit(event)}>
        <Field label="Email" hint="No mail is sent: you get a link to pass on." error={error?.fieldError("/email")}>
          {(control) => (
            <input
              {...control}
              type="email"
              required
              maxLength={254}
              value={email.value}
              onInput={(event) => (email.value = event.currentTarget.value)}
            />
          )}
        </Field>
        <RoleChoice value={role.value} onChange={(next) => (role.value = next)} />
        {error && (
          <p class="field-error" role="alert">
            {error.detail}
            {error.requestId && ` (request ${error.requestId})`}
          </p>
        )}
        <Button type="submit" kind="primary" busy={busy.value}>
          Create the link
        </Button>
      </form>
    </Drawer>
  );
}
