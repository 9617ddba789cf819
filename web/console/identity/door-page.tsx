import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { MeridianError } from "../../../sdk/errors.ts";
import type { VersionedSettings } from "../../../sdk/api/identity.ts";
import { asError, useResource } from "../../lib/resource.ts";
import { PageHead } from "../../ui/page-head.tsx";
import { Notice, Skeleton } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { me } from "../session.ts";
import { changedFields, DOOR_FIELDS, type DoorDraft, type DoorField, doorHead, draftOf, mergeDraft, settingsOf } from "./door-draft.ts";
import { DoorFields } from "./door-fields.tsx";
import { DoorMerged, SaveBar } from "./door-saving.tsx";
import { otherProblems } from "./field-problems.ts";
import { useFocusWrong } from "./use-focus-wrong.ts";
import "./identity.css";

const POINTERS = Object.values(DOOR_FIELDS).map(({ pointer }) => pointer);

/** The tenant's door: who may read from browsers, under which hosts, and how end users get accounts. */
export default function DoorPage() {
  const found = useResource("settings", (signal) => api.settings.get({ signal }), 30_000);
  const view = found.data.value;
  const error = found.error.value;
  if (!view) {
    if (!error) return <Skeleton rows={4} />;
    return <PageError failure={failureOf(error, "The door’s settings could not be read")} onRetry={found.reload} />;
  }
  return <DoorForm view={view} stale={error} reload={found.reload} />;
}

interface Meanwhile {
  readonly theirs: VersionedSettings["settings"];
  readonly taken: readonly DoorField[];
  readonly both: readonly DoorField[];
  /** It came out by saving: what is to be read now is brought into sight. */
  readonly refused: boolean;
}

function DoorForm({ view, stale, reload }: { view: VersionedSettings; stale: MeridianError | undefined; reload: () => void }) {
  /** The settings that the draft was begun on; saving names their version. */
  const base = useSignal(view);
  const draft = useSignal<DoorDraft>(draftOf(view.settings));
  const meanwhile = useSignal<Meanwhile | undefined>(undefined);
  const busy = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  const failed = useSignal<MeridianError | undefined>(undefined);

  useFocusWrong(form, failed.value);

  const take = (read: VersionedSettings, refused = false) => {
    if (read.version === base.value.version) return;
    const { draft: merged, taken, both } = mergeDraft(base.value.settings, draft.value, read.settings);
    // Whoever changes nothing here just sees what is saved now.
    if (both.length > 0 || (taken.length > 0 && changedFields(draft.value, base.value.settings).length > 0)) {
      meanwhile.value = { theirs: read.settings, taken, both, refused };
    }
    draft.value = merged;
    base.value = read;
  };
  // Not while saving: what that answers is newer.
  useEffect(() => {
    if (!busy.peek()) take(view);
  }, [view.version]);

  const changed = changedFields(draft.value, base.value.settings);
  const adopt = (saved: VersionedSettings) => {
    base.value = saved;
    draft.value = draftOf(saved.settings);
    meanwhile.value = undefined;
    failed.value = undefined;
  };
  const save = async (event: Event) => {
    event.preventDefault();
    // The form of a question that is open within this one.
    if (event.target !== event.currentTarget || changed.length === 0) return;
    busy.value = true;
    failed.value = undefined;
    try {
      // What the form does not show stays as it is.
      adopt(await api.settings.put({ ...base.value.settings, ...settingsOf(draft.value) }, base.value.version));
      toast("Saved. Every request sees it within 2 seconds.");
    } catch (failure) {
      const error = asError(failure);
      if (error.status === 412)
        await api.settings.get().then(
          (read) => take(read, true),
          (unread: unknown) => (failed.value = asError(unread)),
        );
      else failed.value = error;
    }
    busy.value = false;
    reload();
  };
  const errors = failed.value?.errors ?? [];
  const others = otherProblems(errors, POINTERS);
  return (
    <form ref={form} class="door" onSubmit={(event) => void save(event)}>
      <PageHead {...doorHead({ ...view, settings: base.value.settings })} />
      <p class="muted door-address">
        Your door is <code>{`${location.origin}/p/${me.value?.tenant.slug ?? ""}/v1/…`}</code>
      </p>
      {stale && <Notice tone="warn">The settings could not be refreshed: {stale.detail}. Somebody may have changed them meanwhile.</Notice>}
      {meanwhile.value && <DoorMerged {...meanwhile.value} onDrop={() => adopt(base.value)} changed={changed.length > 0} />}
      <DoorFields
        draft={draft.value}
        errors={errors}
        hosts={view.hosts}
        mailSecretSet={view.mailSecretSet}
        onChange={(part) => (draft.value = { ...draft.value, ...part })}
        onElsewhere={reload}
      />
      <SaveBar
        changed={changed}
        merged={meanwhile.value !== undefined}
        busy={busy.value}
        problem={failed.value && problemWords(failed.value, errors.length - others.length, others)}
        onDrop={() => adopt(base.value)}
      />
    </form>
  );
}

/** What is wrong with no field of the page, or that fields are marked. */
function problemWords({ detail, requestId }: MeridianError, beside: number, others: MeridianError["errors"]): string {
  const words = [
    beside > 0 ? "Not saved: see what is marked above." : others.length === 0 ? `Not saved: ${detail}` : "Not saved:",
    ...others.map((one) => `${one.pointer}: ${one.detail}`),
  ].join(" ");
  return requestId ? `${words} (request ${requestId})` : words;
}
