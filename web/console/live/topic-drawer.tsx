import { useSignal } from "@preact/signals";
import type { KeyedEntry, TopicConflict, TopicItem, TopicView } from "../../../contract/topics.ts";
import type { LiveEvent } from "../../../sdk/live-types.ts";
import { plural } from "../../lib/format.ts";
import { useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { EmptyState, Notice, Skeleton } from "../../ui/states.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { can } from "../session.ts";
import { PublishForm } from "./publish-form.tsx";
import { StaleNotice } from "./stale-notice.tsx";
import { ChangeTopic } from "./topic-settings.tsx";
import { conflictWords, dataWords, settingsWords } from "./topic-words.ts";
import { useTopicLive } from "./use-topic-live.ts";

const SHOWN = 50;
const EVERY_MS = 5_000;

interface DrawerProps {
  readonly topic: string;
  /** The list behind is another now. */
  readonly changed: () => void;
  readonly onClose: () => void;
}

/** A topic: what it holds, what is published now, and a way to publish by hand. */
export function TopicDrawer({ topic, changed, onClose }: DrawerProps) {
  const about = useResource(`topic ${topic}`, async (signal) => await api.topics.get(topic, { signal }), EVERY_MS);
  const history = useResource(`topic-messages ${topic}`, async (signal) => await api.topics.messages(topic, { limit: SHOWN }, { signal }));
  const live = useTopicLive(topic, history.reload);
  const open = useSignal<"settings" | "remove" | undefined>(undefined);
  const view = about.data.value;
  const error = about.error.value;
  const close = () => (open.value = undefined);
  if (open.value === "settings" && view) {
    const onDone = () => {
      close();
      about.reload();
      changed();
    };
    return <ChangeTopic view={view} onClose={close} onDone={onDone} />;
  }
  const kept = history.data.value;
  const state = live.state.value;
  return (
    <Drawer
      title={topic}
      label={`Topic ${topic}`}
      onClose={onClose}
      foot={
        view &&
        can("topics:manage") && (
          <>
            <Button onClick={() => (open.value = "settings")}>Settings</Button>
            <Button kind="quiet" onClick={() => (open.value = "remove")}>
              Remove
            </Button>
          </>
        )
      }
    >
      {error && !view && <PageError failure={failureOf(error, "The topic could not be read")} onRetry={about.reload} />}
      {error && view && <StaleNotice what="The topic" failure={error} at={about.at.value} />}
      {view && <About view={view} />}
      {view && can("topics:publish") && (
        <PublishForm
          topic={topic}
          keyed={view.keyed}
          done={() => {
            about.reload();
            if (state !== "live") history.reload();
          }}
        />
      )}
      {view?.keyed && <Keyed topic={topic} moved={view.offset} />}
      {view && view.conflicts > 0 && <Conflicts topic={topic} count={view.conflicts} />}
      {(view || !error) && (
        <section class="rt-part">
          <h3>
            Messages{" "}
            {state === "connecting" ? null : state === "live" ? (
              <StateBadge tone="ok" word="live" />
            ) : (
              <StateBadge tone="muted" word="as of opening" />
            )}
          </h3>
          {typeof state === "object" && <Notice tone="warn">New messages do not show by themselves: {state.refused}</Notice>}
          {kept ? (
            <Messages kept={kept.items} epoch={kept.epoch} news={live.news.value} />
          ) : history.error.value ? (
            <PageError failure={failureOf(history.error.value, "The messages could not be read")} onRetry={history.reload} />
          ) : (
            <Skeleton rows={5} />
          )}
        </section>
      )}
      {open.value === "remove" && view && (
        <Confirm
          title={`Remove ${topic}`}
          verb="Remove it"
          typed={topic}
          onClose={close}
          act={async () => {
            await api.topics.remove(topic);
            toast(`${topic} is gone.`);
            changed();
            onClose();
          }}
        >
          <p>
            {plural(view.kept, "message")} that it keeps {view.kept === 1 ? "goes" : "go"} for good, and whoever follows it is told that it
            is gone.
          </p>
        </Confirm>
      )}
    </Drawer>
  );
}

function About({ view }: { view: TopicView }) {
  return (
    <>
      <p class="muted">{settingsWords(view)}</p>
      <dl class="rt-facts">
        <dt>Log</dt>
        <dd>
          <code>
            {view.epoch || "none yet"}:{view.offset}
          </code>
        </dd>
        <dt>Kept</dt>
        <dd>{plural(view.kept, "message")}</dd>
        <dt>Stale writes</dt>
        <dd>{view.conflicts.toLocaleString("en")}</dd>
        <dt>Lives at</dt>
        <dd>
          <a class="link" href={`/console/live/connections?object=${encodeURIComponent(`hub/${view.hub}`)}`}>
            hub/{view.hub}
          </a>
        </dd>
      </dl>
    </>
  );
}

function Messages({ kept, epoch, news }: { kept: readonly TopicItem[]; epoch: string; news: readonly LiveEvent[] }) {
  const newest = kept[0]?.offset ?? -1;
  const later = news.filter((event) => event.epoch !== epoch || event.offset > newest);
  if (later.length + kept.length === 0) return <EmptyState title="Nothing was published yet">Messages show as they come.</EmptyState>;
  return (
    <ol class="rt-history" aria-label="Messages, newest first">
      {later.map(({ epoch: of, offset, at, type, data, meta }) => (
        <Entry key={`${of}:${offset}`} offset={offset} at={at} type={type} data={data} name={keyIn(meta)} priority="normal" />
      ))}
      {kept.map(({ offset, at, type, data, key, priority }) => (
        <Entry key={`${epoch}:${offset}`} offset={offset} at={at} type={type} data={data} name={key} priority={priority} />
      ))}
    </ol>
  );
}

function keyIn(meta: LiveEvent["meta"]): string | null {
  const key = meta?.["key"];
  return typeof key === "string" ? key : null;
}

interface EntryProps {
  readonly offset: number;
  readonly at: number;
  readonly type: string;
  readonly data: unknown;
  readonly name: string | null;
  readonly priority: TopicItem["priority"];
}

function Entry({ offset, at, type, data, name, priority }: EntryProps) {
  return (
    <li>
      <p class="muted">
        <strong>{type}</strong> · {name !== null && `${name} · `}
        {priority !== "normal" && `${priority} · `}
        <When at={at} /> · {offset}
      </p>
      <p class="rt-text">{dataWords(data)}</p>
    </li>
  );
}

/** @param moved read again when this changes */
function Keyed({ topic, moved }: { topic: string; moved: number }) {
  const state = useResource<readonly KeyedEntry[]>(
    `topic-state ${topic} ${moved}`,
    async (signal) => (await api.topics.state(topic, { limit: SHOWN }, { signal })).items,
  );
  const entries = state.data.value;
  if (!entries?.length) return null;
  return (
    <section class="rt-part">
      <h3>State, {entries.length === SHOWN ? `the first ${SHOWN} keys` : plural(entries.length, "key")}</h3>
      <dl class="rt-state">
        {entries.map(({ key, version, data }) => (
          <div key={key}>
            <dt>
              {key} <span class="muted">v{version}</span>
            </dt>
            <dd class="rt-text">{dataWords(data)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Conflicts({ topic, count }: { topic: string; count: number }) {
  const conflicts = useResource<readonly TopicConflict[]>(
    `topic-conflicts ${topic} ${count}`,
    async (signal) => (await api.topics.conflicts(topic, { signal })).items,
  );
  const items = conflicts.data.value;
  if (!items?.length) return null;
  return (
    <details class="rt-part">
      <summary>{plural(count, "stale write")}: whoever sent one was told who had won</summary>
      <ol class="rt-history">
        {items.map((conflict) => (
          <li key={`${conflict.at} ${conflict.key} ${conflict.lost.clientId}`}>
            <p class="muted">
              <When at={conflict.at} />
            </p>
            <p class="rt-text">{conflictWords(conflict)}</p>
          </li>
        ))}
      </ol>
    </details>
  );
}
