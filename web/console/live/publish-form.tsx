import { useSignal } from "@preact/signals";
import { TOPIC_LIMITS } from "../../../contract/room-limits.ts";
import type { MeridianError } from "../../../sdk/errors.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { type Choices, Choose } from "./choose.tsx";
import { FIRST_DRAFT, messageOf, type PublishDraft } from "./topic-words.ts";

const PRIORITIES: Choices<PublishDraft["priority"]> = {
  critical: "critical: before everything else",
  normal: "normal",
  low: "low: left out first",
};

/** Publishes one message by hand; it reaches everybody who follows the topic. */
export function PublishForm({ topic, keyed, done }: { topic: string; keyed: boolean; done: () => void }) {
  const draft = useSignal(FIRST_DRAFT);
  const busy = useSignal(false);
  const failed = useSignal<MeridianError | undefined>(undefined);
  const wrong = useSignal<string | undefined>(undefined);
  // One attempt after another is the same message until it was stored.
  const clientId = useSignal(crypto.randomUUID());
  const change = (part: Partial<PublishDraft>) => (draft.value = { ...draft.value, ...part });
  const submit = async (event: Event) => {
    event.preventDefault();
    const made = messageOf(draft.value, clientId.value);
    wrong.value = "wrong" in made ? made.wrong : undefined;
    if (!("message" in made)) return;
    busy.value = true;
    failed.value = undefined;
    try {
      const [ack] = (await api.topics.publish(topic, [made.message])).items;
      if (ack && "conflict" in ack)
        toast(`Not stored: version ${ack.conflict.version} of ${ack.conflict.key} is newer.`, { tone: "critical" });
      else if (ack) toast(`Published as ${ack.offset}.`);
      clientId.value = crypto.randomUUID();
      draft.value = { ...draft.value, data: "" };
      done();
    } catch (failure) {
      failed.value = asError(failure);
    }
    busy.value = false;
  };
  const error = failed.value;
  return (
    <details class="rt-part">
      <summary>Publish a message</summary>
      <form class="form" onSubmit={(event) => void submit(event)}>
        <Field label="Data" hint="JSON; anything else is sent as a text." error={error?.fieldError("/messages/0/data")}>
          {(control) => (
            <textarea
              {...control}
              class="code"
              rows={3}
              required
              spellcheck={false}
              value={draft.value.data}
              onInput={(event) => change({ data: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label="Type" error={error?.fieldError("/messages/0/type")}>
          {(control) => (
            <input
              {...control}
              maxLength={100}
              autocomplete="off"
              spellcheck={false}
              value={draft.value.type}
              onInput={(event) => change({ type: event.currentTarget.value })}
            />
          )}
        </Field>
        {keyed && (
          <>
            <Field label="Key" error={error?.fieldError("/messages/0/key")}>
              {(control) => (
                <input
                  {...control}
                  required
                  maxLength={TOPIC_LIMITS.keyChars}
                  autocomplete="off"
                  spellcheck={false}
                  value={draft.value.key}
                  onInput={(event) => change({ key: event.currentTarget.value })}
                />
              )}
            </Field>
            <Field label="Version" hint="The highest wins." error={wrong.value}>
              {(control) => (
                <input
                  {...control}
                  inputMode="numeric"
                  autocomplete="off"
                  value={draft.value.version}
                  onInput={(event) => change({ version: event.currentTarget.value })}
                />
              )}
            </Field>
          </>
        )}
        <Choose label="Priority" choices={PRIORITIES} value={draft.value.priority} onChoose={(priority) => change({ priority })} />
        {error && (
          <p class="field-error" role="alert">
            {error.detail}
            {error.requestId && ` (request ${error.requestId})`}
          </p>
        )}
        <div class="actions">
          <Button type="submit" kind="primary" busy={busy.value}>
            Publish
          </Button>
        </div>
      </form>
    </details>
  );
}
