import type { CloudEvent, EventType } from "../../../contract/events.ts";
import { serverNow } from "../../lib/clock.ts";
import { go, place, setQuery } from "../../lib/location.ts";
import { useOpenName } from "../../lib/open-name.ts";
import { useResource } from "../../lib/resource.ts";
import { rangeBounds, readRange } from "../../lib/time-range.ts";
import { readChoice, readQuery } from "../../lib/url-state.ts";
import { useList } from "../../lib/use-list.ts";
import { Drawer } from "../../ui/drawer.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState, Notice } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { api } from "../api.ts";
import { Listing } from "../listing.tsx";
import { LongListFoot, LongListHead } from "../long-list.tsx";
import type { PageProps } from "../pages.ts";
import { DeadLetters } from "./dead-letters.tsx";
import { EVENT_WORDS, eventWords, LISTED_TYPES, spineHead } from "./event-words.ts";
import { SpineFigures } from "./spine-figures.tsx";

const LIST = "/console/control/events";

function addressOf({ id }: CloudEvent): string {
  return `${LIST}/${encodeURIComponent(id)}${place.value.search}`;
}

const COLUMNS: readonly [Column<CloudEvent>, ...Column<CloudEvent>[]] = [
  { key: "type", title: "Event", value: ({ type }) => type, cell: ({ type }) => <span title={type}>{eventWords(type)}</span> },
  { key: "subject", title: "About", value: ({ subject }) => subject },
  { key: "source", title: "From", wide: true, value: ({ source }) => source },
  { key: "time", title: "When", number: true, value: ({ time }) => time, cell: ({ time }) => <When at={time} /> },
];

function Filters({ type, subject }: { type: string; subject: string }) {
  return (
    <div class="filters" role="search">
      <select aria-label="Type" value={type} onChange={(event) => setQuery({ type: event.currentTarget.value })}>
        <option value="">every type</option>
        {LISTED_TYPES.map((name) => (
          <option key={name} value={name}>
            {EVENT_WORDS[name]}
          </option>
        ))}
      </select>
      <input
        type="search"
        aria-label="About, exactly"
        placeholder="About, such as agent/web-1 ( / )"
        value={subject}
        onChange={(event) => setQuery({ subject: event.currentTarget.value.trim() })}
      />
    </div>
  );
}

function EventDrawer({ of, id, onClose }: { of: CloudEvent | undefined; id: string; onClose: () => void }) {
  const text = of ? JSON.stringify(of, null, 2) : "";
  return (
    <Drawer title={of ? eventWords(of.type) : "Event"} label="Event" onClose={onClose}>
      {of ? (
        <>
          <dl class="facts">
            <dt>About</dt>
            <dd>{of.subject}</dd>
            <dt>When</dt>
            <dd>
              <When at={of.time} />
            </dd>
            <dt>From</dt>
            <dd>
              {of.source}, number {of.sequence}
            </dd>
          </dl>
          <section>
            <h3>As CloudEvents JSON</h3>
            <pre class="command">{text}</pre>
            <div class="actions">
              <CopyButton text={text} words="Copy" />
            </div>
          </section>
        </>
      ) : (
        <EmptyState title="This event is not in the list">{id} may be older than what is loaded, or hidden by the filter.</EmptyState>
      )}
    </Drawer>
  );
}

/** What happened, whether it is delivered, and what was given up on. */
export default function EventsPage({ params }: PageProps) {
  const { search } = place.value;
  const type = readChoice(search, "type", ["", ...LISTED_TYPES], "");
  const subject = readQuery(search, "subject");
  const range = readRange(search, "24h");
  const status = useResource("spine", (signal) => api.events.status({ signal }), 5_000);
  const filter = {
    type: type === "" ? undefined : (type as EventType),
    subject: subject === "" ? undefined : subject,
    // An open end for ranges that follow the present: new events belong to it.
    ...(range.kind === "exact" && { from: new Date(range.fromMs).toISOString(), to: new Date(range.toMs).toISOString() }),
  };
  const list = useList(
    `events:${JSON.stringify([type, subject, range])}`,
    (cursor, signal) => {
      const from = range.kind === "relative" ? { from: new Date(rangeBounds(range, serverNow()).fromMs).toISOString() } : {};
      return api.events.list({ ...filter, ...from, cursor, limit: 100 }, { signal });
    },
    ({ id }) => id,
    10_000,
  );
  const spine = status.data.value;
  const open = params["event"];
  const opened = list.items.value?.find(({ id }) => id === open);
  useOpenName(opened && eventWords(opened.type));
  return (
    <div class="stack">
      <div>
        {spine ? <PageHead {...spineHead(spine)} /> : <PageHead tone="muted" headline="Events" />}
        {!spine && status.error.value && <Notice tone="warn">Whether events arrive could not be read: {status.error.value.detail}</Notice>}
        {spine && <SpineFigures status={spine} />}
      </div>
      <DeadLetters count={spine?.deadLetters ?? 0} onReplayed={status.reload} />
      <section>
        <Filters type={type} subject={subject} />
        <Listing
          of={{ data: list.items, error: list.error, at: list.at, reload: list.reload }}
          what="events"
          empty={<EmptyState title="No event fits">Try another type or a longer time range. Events are kept for 30 days.</EmptyState>}
        >
          {(rows) => (
            <>
              <Table
                name="events"
                label="Events"
                columns={COLUMNS}
                rows={rows}
                id={({ id }) => id}
                href={addressOf}
                open={(event) => go(addressOf(event))}
                current={open}
                bar={<LongListHead list={list} count={rows.length} one="event" many="events" />}
              />
              <LongListFoot list={list} />
            </>
          )}
        </Listing>
      </section>
      {open !== undefined && <EventDrawer id={open} of={opened} onClose={() => go(LIST + search)} />}
    </div>
  );
}
