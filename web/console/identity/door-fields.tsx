import type { FieldError } from "../../../contract/problems.ts";
import type { HostState } from "../../../contract/settings.ts";
import { Card } from "../../ui/card.tsx";
import { DOOR_FIELDS, type DoorDraft, lineWords } from "./door-draft.ts";
import { problemsUnder } from "./field-problems.ts";
import { GrantsEditor } from "./grants-editor.tsx";
import { HostList } from "./host-list.tsx";
import { LinesField } from "./lines-field.tsx";
import { MailWebhook } from "./mail-webhook.tsx";

interface DoorFieldsProps {
  readonly draft: DoorDraft;
  readonly errors: readonly FieldError[];
  /** Saved hosts. */
  readonly hosts: readonly HostState[];
  readonly mailSecretSet: boolean;
  readonly onChange: (part: Partial<DoorDraft>) => void;
  /** Something was changed that is not part of the form. */
  readonly onElsewhere: () => void;
}

/** The parts of the door's settings, each with what is wrong with it. */
export function DoorFields({ draft, errors, hosts, mailSecretSet, onChange, onElsewhere }: DoorFieldsProps) {
  return (
    <div class="door-grid">
      <div class="stack">
        <Card title="Hosted accounts" class="form-card">
          <div class="choices">
            <label class="choice">
              <input type="checkbox" checked={draft.accounts} onChange={(event) => onChange({ accounts: event.currentTarget.checked })} />
              End users can register here
              <span class="muted">with an address and a password, at your door</span>
            </label>
            <label class="choice">
              <input
                type="checkbox"
                checked={draft.accounts && draft.guests}
                disabled={!draft.accounts}
                onChange={(event) => onChange({ guests: event.currentTarget.checked })}
              />
              Guests may come
              <span class="muted">without an address, and may add one later</span>
            </label>
          </div>
          <GrantsEditor
            legend="Every account and guest may"
            grants={draft.defaultGrants}
            error={problemsUnder(errors, DOOR_FIELDS.defaultGrants.pointer)}
            onChange={(defaultGrants) => onChange({ defaultGrants })}
          />
        </Card>
        <MailWebhook
          url={draft.mailWebhookUrl}
          onUrl={(mailWebhookUrl) => onChange({ mailWebhookUrl })}
          error={problemsUnder(errors, DOOR_FIELDS.mailWebhookUrl.pointer)}
          secretSet={mailSecretSet}
          onMade={onElsewhere}
        />
      </div>
      <div class="stack">
        <Card title="Browsers from other origins" class="form-card">
          <LinesField
            label="Origins"
            hint="One per line, such as https://shop.example.com; at most 20. Their pages may sign people in and read as them. Programs outside browsers need none."
            value={draft.origins}
            error={problemsUnder(errors, DOOR_FIELDS.origins.pointer, lineWords(draft.origins))}
            onValue={(origins) => onChange({ origins })}
          />
        </Card>
        <Card title="Hosts of your own" class="form-card">
          <LinesField
            label="Host names"
            hint="One per line, such as api.example.com; at most 10. Each leads to your door once it is saved and proved to be yours."
            value={draft.hosts}
            error={problemsUnder(errors, DOOR_FIELDS.hosts.pointer, lineWords(draft.hosts))}
            onValue={(text) => onChange({ hosts: text })}
          />
          <HostList hosts={hosts} onChanged={onElsewhere} />
        </Card>
      </div>
    </div>
  );
}
