import { useSignal } from "@preact/signals";
import { Pencil, Trash2 } from "lucide";
import { useLayoutEffect, useRef } from "preact/hooks";
import { FACTOR_LIMITS } from "../../../contract/factor-limits.ts";
import type { Passkey } from "../../../contract/second-factors.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";

interface RowProps {
  readonly passkey: Passkey;
  readonly onChanged: () => void;
  readonly onRemove: () => void;
}

/** One passkey: its name, since when, and where it is kept. */
export function PasskeyRow({ passkey, onChanged, onRemove }: RowProps) {
  const renaming = useSignal(false);
  if (renaming.value) {
    const done = () => {
      renaming.value = false;
      onChanged();
    };
    return (
      <li>
        <RenameForm passkey={passkey} onDone={done} />
      </li>
    );
  }
  return (
    <li>
      <div>
        <div>{passkey.name}</div>
        <div class="muted">
          added <When at={passkey.createdAt} />
          {passkey.synced ? ", kept by a provider on several devices" : ", on one device"}
        </div>
      </div>
      <div class="actions">
        <Button kind="quiet" icon={Pencil} label={`Rename ${passkey.name}`} onClick={() => (renaming.value = true)} />
        <Button kind="quiet" icon={Trash2} label={`Remove ${passkey.name}`} onClick={onRemove} />
      </div>
    </li>
  );
}

function RenameForm({ passkey, onDone }: { passkey: Passkey; onDone: () => void }) {
  const name = useSignal(passkey.name);
  const problem = useSignal<string | undefined>(undefined);
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.select(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await api.auth.renamePasskey(passkey.id, name.value);
      onDone();
    } catch (failure) {
      const error = asError(failure);
      problem.value = error.errors[0]?.detail ?? error.detail;
    }
  };
  return (
    <form class="rename" onSubmit={(event) => void submit(event)}>
      <input
        ref={input}
        aria-label={`Name of ${passkey.name}`}
        aria-invalid={problem.value ? "true" : undefined}
        required
        maxLength={FACTOR_LIMITS.nameChars}
        value={name.value}
        onInput={(event) => (name.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onDone();
        }}
      />
      <Button type="submit">Save</Button>
      <Button kind="quiet" onClick={onDone}>
        Cancel
      </Button>
      {problem.value && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
    </form>
  );
}
