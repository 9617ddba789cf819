import { useSignal } from "@preact/signals";
import type { SettingsView } from "../../../contract/settings.ts";
import type { MeridianError } from "../../../sdk/errors.ts";
import { asError, useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { Notice, Skeleton } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { me } from "../session.ts";
import { doorHead, type DoorDraft, draftOf, isChanged, settingsOf } from "./door-draft.ts";
import { GrantsEditor } from "./grants-editor.tsx";
import { HostList } from "./host-list.tsx";
import { LinesField } from "./lines-field.tsx";
import { MailWebhook } from "./mail-webhook.tsx";
import "./identity.css";

/** The tenant's door: who may read from browsers, under which hosts, and how end users get accounts. */
export default function DoorPage() {
  const found = useResource("settings", (signal) => api.settings.get({ signal }));
  const view = found.data.value;
  if (!view) {
    if (!found.error.value) return <Skeleton rows={4} />;
    return <PageError failure={failureOf(found.error.value, "The door’s settings could not be read")} onRetry={found.reload} />;
  }
  return <DoorForm key={JSON.stringify(view.settings)} view={view} reload={found.reload} />;
}

function DoorForm({ view, reload }: { view: SettingsView; reload: () => void }) {
  const draft = useSignal<DoorDraft>(draftOf(view.settings));
  const busy = useSignal(false);
  const failed = useSignal<MeridianError | undefined>(undefined);
  const set = (part: Partial<DoorDraft>) => (draft.value = { ...draft.value, ...part });
  const error = failed.value;
  const save = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    failed.value = undefined;
    try {
      await api.settings.put(settingsOf(draft.value));
      toast("Saved. Every request sees it within 2 seconds.");
      reload();
    } catch (failure) {
      failed.value = asError(failure);
    }
    busy.value = false;
  };
  const changed = isChanged(draft.value, view.settings);
  return (
    <form onSubmit={(event) => void save(event)}>
      <PageHead
        {...doorHead(view, me.value?.tenant.slug ?? "")}
        actions={
          <Button type="submit" kind="primary" busy={busy.value} disabled={!changed}>
            Save
          </Button>
        }
      />
      {error && (
        <Notice tone="warn">
          Not saved:{" "}
          {error.errors.length > 0 ? error.errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join("; ") : error.detail}
          {error.requestId && ` (request ${error.requestId})`}
        </Notice>
      )}
      <div class="settings-grid">
        <Card title="Hosted accounts">
          <div class="choices">
            <label class="choice">
              <input type="checkbox" checked={draft.value.accounts} onChange={(event) => set({ accounts: event.currentTarget.checked })} />
              End users can register here
              <span class="muted">with an address and a password, at your door</span>
            </label>
            <label class="choice">
              <input
                type="checkbox"
                checked={draft.value.guests}
                disabled={!draft.value.accounts}
                onChange={(event) => set({ guests: event.currentTarget.checked })}
              />
              Guests
              <span class="muted">come in without an address and may add one later</span>
            </label>
          </div>
          <GrantsEditor
            legend="Every hosted account and guest may"
            grants={draft.value.defaultGrants}
            onChange={(defaultGrants) => set({ defaultGrants })}
          />
        </Card>
        <MailWebhook url={draft.value.mailWebhookUrl} onUrl={(mailWebhookUrl) => set({ mailWebhookUrl })} secretSet={view.mailSecretSet} />
        <Card title="Browsers from other origins">
          <LinesField
            label="Origins"
            hint="One per line, such as https://shop.example.com; at most 20. Programs outside browsers need none."
            value={draft.value.origins}
            onValue={(origins) => set({ origins })}
          />
        </Card>
        <Card title="Hosts of your own">
          <LinesField
            label="Host names"
            hint="One per line, such as api.example.com. Each leads to your door once it is proved to be yours."
            value={draft.value.hosts}
            onValue={(hosts) => set({ hosts })}
          />
          <HostList hosts={view.hosts} onChanged={reload} />
        </Card>
      </div>
    </form>
  );
}
