import { useSignal } from "@preact/signals";
import type { BoardApplied } from "../../../contract/leaderboards.ts";
import type { DocumentInput } from "../../../sdk/api/leaderboards.ts";
import type { MeridianError } from "../../../sdk/errors.ts";
import { plural } from "../../lib/format.ts";
import { asError, useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { Field } from "../../ui/field.tsx";
import { Skeleton } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { can } from "../session.ts";
import { readDocument } from "./document-words.ts";

/** Calls of one apply, each of which does a part of a large document. */
const MOST_CALLS = 50;

async function applyWhole(document: DocumentInput, prune: boolean): Promise<BoardApplied["changes"]> {
  const changes: BoardApplied["changes"] = [];
  for (let call = 0; call < MOST_CALLS; call++) {
    const applied = await api.leaderboards.document.apply(document, prune);
    changes.push(...applied.changes.filter(({ change }) => change !== "same"));
    if (applied.left === 0) break;
  }
  return changes;
}

function Changes({ of }: { of: BoardApplied["changes"] }) {
  if (of.length === 0) return <p role="status">Everything is as the document says already.</p>;
  return (
    <section role="status" aria-label="What changed">
      <h3>{plural(of.length, "change")}</h3>
      <ul class="lb-changes">
        {of.map(({ what, name, change }) => (
          <li key={`${what} ${name}`}>
            {what} <code>{name}</code> {change}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** All boards and modes as one document: to be kept beside the game’s own code, compared, and applied again. */
export function DocumentDrawer({ onApplied, onClose }: { onApplied: () => void; onClose: () => void }) {
  const observed = useResource("document", (signal) => api.leaderboards.document.observe({ signal }));
  const written = useSignal<string | undefined>(undefined);
  const prune = useSignal(false);
  const busy = useSignal(false);
  const asking = useSignal<DocumentInput | undefined>(undefined);
  const failed = useSignal<MeridianError | undefined>(undefined);
  const wrong = useSignal<string | undefined>(undefined);
  const changes = useSignal<BoardApplied["changes"] | undefined>(undefined);
  const manages = can("leaderboards:manage");
  const whole = observed.data.value === undefined ? undefined : JSON.stringify(observed.data.value, null, 2);
  const text = written.value ?? whole ?? "";

  const apply = async (document: DocumentInput) => {
    const made = await applyWhole(document, prune.value);
    changes.value = made;
    written.value = undefined;
    toast(made.length === 0 ? "Nothing had to change." : `${plural(made.length, "change")} applied.`);
    observed.reload();
    onApplied();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const read = readDocument(text);
    failed.value = undefined;
    changes.value = undefined;
    wrong.value = "wrong" in read ? read.wrong : undefined;
    if ("wrong" in read) return;
    if (prune.value) {
      asking.value = read.document;
      return;
    }
    busy.value = true;
    try {
      await apply(read.document);
    } catch (failure) {
      failed.value = asError(failure);
    }
    busy.value = false;
  };
  const error = failed.value;
  return (
    <Drawer
      title="Boards as a document"
      label="Boards as a document"
      onClose={onClose}
      foot={
        <>
          {error && (
            <p class="field-error" role="alert">
              {error.detail}
              {error.errors.length > 0 && ` ${error.errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join("; ")}`}
              {error.requestId && ` (request ${error.requestId})`}
            </p>
          )}
          {manages && (
            <Button type="submit" form="board-document" kind="primary" busy={busy.value} disabled={whole === undefined}>
              Apply the document
            </Button>
          )}
          {whole !== undefined && <CopyButton text={() => text} words="Copy" label="Copy the document" />}
        </>
      }
    >
      {whole === undefined && observed.error.value && (
        <PageError failure={failureOf(observed.error.value, "The document could not be read")} onRetry={observed.reload} />
      )}
      {whole === undefined && !observed.error.value && <Skeleton rows={6} />}
      {whole !== undefined && (
        <form id="board-document" class="form" onSubmit={(event) => void submit(event)}>
          <Field
            label="Modes and boards"
            hint="What a board leaves out comes from its mode. Applying the same again changes nothing."
            error={wrong.value}
          >
            {(control) => (
              <textarea
                {...control}
                class="code lb-document"
                spellcheck={false}
                readOnly={!manages}
                value={text}
                onInput={(event) => (written.value = event.currentTarget.value)}
              />
            )}
          </Field>
          {manages && (
            <label>
              <input type="checkbox" checked={prune.value} onChange={(event) => (prune.value = event.currentTarget.checked)} /> Delete
              boards and modes that the document does not name
            </label>
          )}
        </form>
      )}
      {changes.value && <Changes of={changes.value} />}
      {asking.value && (
        <Confirm
          title="Apply and delete the rest"
          typed="delete the rest"
          verb="Apply and delete"
          onClose={() => (asking.value = undefined)}
          act={async () => asking.value && (await apply(asking.value))}
        >
          <p>
            Boards that the document does not name are deleted with all their scores and archives, which cannot be undone:{" "}
            <strong>{unnamed(observed.data.value?.boards, asking.value.boards).join(", ") || "none"}</strong>.
          </p>
        </Confirm>
      )}
    </Drawer>
  );
}

function unnamed(there: object | undefined, named: object | undefined): string[] {
  return Object.keys(there ?? {}).filter((board) => !Object.hasOwn(named ?? {}, board));
}
