import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { TOPIC_LIMITS } from "../../../contract/room-limits.ts";
import type { TopicSettings, TopicView } from "../../../contract/topics.ts";
import type { MeridianError } from "../../../sdk/errors.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { Field } from "../../ui/field.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { type Choices, Choose } from "./choose.tsx";
import { FIRST_TOPIC, wrongName } from "./topic-words.ts";

const READERS: Choices<TopicSettings["visibility"]> = { private: "whom a grant names", public: "everybody" };
const KINDS: Choices<"messages" | "keyed"> = { messages: "messages", keyed: "the last write of each key" };
interface FieldsProps {
  readonly draft: TopicSettings;
  readonly error: MeridianError | undefined;
  /** The first message has fixed what it holds. */
  readonly fixed: boolean;
  readonly change: (change: Partial<TopicSettings>) => void;
}

function SettingsFields({ draft, error, fixed, change }: FieldsProps) {
  const number = (field: "keep" | "keepSeconds" | "flushMs", label: string, hint: string, least: number, most: number) => (
    <Field label={label} hint={hint} error={error?.fieldError(`/${field}`)}>
      {(control) => (
        <input
          {...control}
          type="number"
          required
          min={least}
          max={most}
          value={draft[field]}
          onInput={(event) => change({ [field]: Number(event.currentTarget.value) })}
        />
      )}
    </Field>
  );
  return (
    <>
      <Choose label="Read by" choices={READERS} value={draft.visibility} onChoose={(visibility) => change({ visibility })} />
      <Choose
        label="Holds"
        choices={KINDS}
        value={draft.keyed ? "keyed" : "messages"}
        disabled={fixed}
        hint={fixed ? "Its first message has fixed this." : "The first message fixes this."}
        onChoose={(kind) => change({ keyed: kind === "keyed" })}
      />
      {number(
        "keep",
        "Messages kept",
        `0 to ${TOPIC_LIMITS.keep.toLocaleString("en")}: who comes back within them has missed nothing.`,
        0,
        TOPIC_LIMITS.keep,
      )}
      {number("keepSeconds", "Kept for, seconds", "1 to 604,800, which is a week.", 1, TOPIC_LIMITS.keepSeconds)}
      {number("flushMs", "Sent together, milliseconds", "0 sends each at once; more takes fewer frames.", 0, TOPIC_LIMITS.flushMsMax)}
    </>
  );
}

interface FormProps {
  readonly name: string;
  readonly title: string;
  readonly verb: string;
  readonly from: TopicSettings;
  readonly fixed: boolean;
  readonly ready: boolean;
  readonly children?: ComponentChildren;
  readonly send: (settings: TopicSettings) => Promise<void>;
  readonly onClose: () => void;
}

function SettingsForm({ name, title, verb, from, fixed, ready, children, send, onClose }: FormProps) {
  const draft = useSignal(from);
  const busy = useSignal(false);
  const failed = useSignal<MeridianError | undefined>(undefined);
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    failed.value = undefined;
    try {
      await send(draft.value);
    } catch (failure) {
      failed.value = asError(failure);
      busy.value = false;
    }
  };
  const error = failed.value;
  return (
    <Drawer
      title={title}
      label={title}
      onClose={onClose}
      foot={
        <>
          {error && (
            <p class="field-error" role="alert">
              {error.detail}
              {error.requestId && ` (request ${error.requestId})`}
            </p>
          )}
          <Button type="submit" form={name} kind="primary" busy={busy.value} disabled={!ready}>
            {verb}
          </Button>
        </>
      }
    >
      <form id={name} class="form" onSubmit={(event) => void submit(event)}>
        {children}
        <SettingsFields
          draft={draft.value}
          error={error}
          fixed={fixed}
          change={(change) => (draft.value = { ...draft.value, ...change })}
        />
      </form>
    </Drawer>
  );
}

/** A new topic of the tenant's own. */
export function CreateTopic({ onClose, onMade }: { onClose: () => void; onMade: (topic: string) => void }) {
  const name = useSignal("");
  const wrong = wrongName(name.value.trim());
  return (
    <SettingsForm
      name="create-topic"
      title="Create a topic"
      verb="Create the topic"
      from={FIRST_TOPIC}
      fixed={false}
      ready={name.value.trim() !== "" && wrong === undefined}
      onClose={onClose}
      send={async (settings) => {
        const made = await api.topics.put(`topic/${name.value.trim()}`, settings);
        toast(`${made.topic} takes messages.`);
        onMade(made.topic);
      }}
    >
      <Field label="Name, behind topic/" hint="Letters, digits and . _ : - /, such as news or orders/eu." error={wrong}>
        {(control) => (
          <input
            {...control}
            required
            maxLength={TOPIC_LIMITS.nameChars}
            autocomplete="off"
            spellcheck={false}
            value={name.value}
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
        )}
      </Field>
    </SettingsForm>
  );
}

/** Other settings for a topic that is there. */
export function ChangeTopic({ view, onClose, onDone }: { view: TopicView; onClose: () => void; onDone: () => void }) {
  const { visibility, flushMs, keep, keepSeconds, keyed } = view;
  return (
    <SettingsForm
      name="change-topic"
      title={`Settings of ${view.topic}`}
      verb="Save the settings"
      from={{ visibility, flushMs, keep, keepSeconds, keyed }}
      fixed={view.offset > 0}
      ready
      onClose={onClose}
      send={async (settings) => {
        await api.topics.put(view.topic, settings, view.version === 0 ? undefined : view.version);
        toast(`The settings of ${view.topic} hold from now on.`);
        onDone();
      }}
    />
  );
}
