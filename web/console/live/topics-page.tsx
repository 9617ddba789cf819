import { useSignal } from "@preact/signals";
import { Plus } from "lucide";
import type { TopicListed } from "../../../contract/topics.ts";
import { collect } from "../../lib/collect.ts";
import { go, place, setQuery } from "../../lib/location.ts";
import { useResource } from "../../lib/resource.ts";
import { readQuery } from "../../lib/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { api } from "../api.ts";
import { Listing } from "../listing.tsx";
import type { PageProps } from "../pages.ts";
import { can } from "../session.ts";
import { CreateTopic } from "./topic-settings.tsx";
import { TopicDrawer } from "./topic-drawer.tsx";
import { keptFor, topicAddress, TOPICS, topicsHead } from "./topic-words.ts";
import "./realtime.css";

const COLUMNS: readonly [Column<TopicListed>, ...Column<TopicListed>[]] = [
  { key: "topic", title: "Topic", value: ({ topic }) => topic },
  { key: "visibility", title: "Read by", value: ({ visibility }) => (visibility === "public" ? "everybody" : "grants") },
  { key: "keyed", title: "Holds", value: ({ keyed }) => (keyed ? "state by key" : "messages") },
  { key: "keep", title: "Keeps", number: true, value: ({ keep }) => keep, cell: ({ keep }) => keep.toLocaleString("en") },
  {
    key: "for",
    title: "For",
    number: true,
    wide: true,
    value: ({ keepSeconds }) => keepSeconds,
    cell: ({ keepSeconds }) => keptFor(keepSeconds),
  },
  { key: "flush", title: "Together", number: true, wide: true, value: ({ flushMs }) => flushMs, cell: ({ flushMs }) => `${flushMs} ms` },
  { key: "hub", title: "Hub", number: true, wide: true, value: ({ hub }) => hub },
];

/** Every topic of the tenant; one opens with what it holds and what is published now. */
export default function TopicsPage({ params }: PageProps) {
  const topics = useResource("topics", (signal) => collect((page) => api.topics.list(page, { signal })));
  const creating = useSignal(false);
  const query = readQuery(place.value.search, "q").toLowerCase();
  const current = params["kind"] !== undefined && params["name"] !== undefined ? `${params["kind"]}/${params["name"]}` : undefined;
  const create = can("topics:manage") && (
    <Button kind="primary" icon={Plus} onClick={() => (creating.value = true)}>
      Create a topic
    </Button>
  );
  return (
    <>
      {topics.data.value && <PageHead {...topicsHead(topics.data.value)} actions={topics.data.value.length > 0 && create} />}
      <Listing
        of={topics}
        what="topics"
        empty={
          <EmptyState title="No topic yet" action={create}>
            What is published on a topic reaches everybody who follows it.{" "}
            <a class="link" href={topicAddress("deployments/all")}>
              deployments/all
            </a>{" "}
            is there for every tenant: CI publishes to it with POST /v1/topics/deployments/all/messages.
          </EmptyState>
        }
      >
        {(all) => (
          <Table
            name="topics"
            label="Topics"
            columns={COLUMNS}
            rows={all.filter(({ topic }) => topic.toLowerCase().includes(query))}
            id={({ topic }) => topic}
            href={({ topic }) => topicAddress(topic)}
            open={({ topic }) => go(topicAddress(topic))}
            current={current}
            bar={
              <input
                type="search"
                class="rt-find"
                aria-label="Topic, by name"
                placeholder="Topic ( / )"
                value={readQuery(place.value.search, "q")}
                onInput={(event) => setQuery({ q: event.currentTarget.value })}
              />
            }
          />
        )}
      </Listing>
      {creating.value && (
        <CreateTopic
          onClose={() => (creating.value = false)}
          onMade={(topic) => {
            creating.value = false;
            topics.reload();
            go(topicAddress(topic));
          }}
        />
      )}
      {!creating.value && current !== undefined && (
        <TopicDrawer key={current} topic={current} changed={topics.reload} onClose={() => go(TOPICS)} />
      )}
    </>
  );
}
