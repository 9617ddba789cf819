import { useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Plus } from "lucide";
import { now, serverNow } from "../../lib/clock.ts";
import { knownAt } from "../../lib/contact.ts";
import { WORTH_SAYING_MS } from "../../lib/last-known.ts";
import { formatAge, plural } from "../../lib/format.ts";
import { place, setQuery } from "../../lib/location.ts";
import { useResource } from "../../lib/resource.ts";
import { readChoice, readQuery } from "../../lib/url-state.ts";
import { LinkButton } from "../../ui/button.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState, Notice, Skeleton } from "../../ui/states.tsx";
import { StateMark } from "../../ui/state-badge.tsx";
import { useSlidingRows } from "../../ui/use-sliding-rows.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { can } from "../session.ts";
import { AddHost } from "./add-host.tsx";
import { boardState, cutOffState } from "./board-state.ts";
import { compareHosts, type HostFilter, matchesFilter } from "./host-board.ts";
import { HostCard } from "./host-card.tsx";
import { STATE_TONES } from "./host-words.ts";
import { followHosts, hosts, readHosts } from "./hosts-store.ts";
import "./hosts.css";

const STATES = ["all", "online", "late", "offline"] as const;

function readFilter(): HostFilter {
  const { search } = place.value;
  return { name: readQuery(search, "name"), state: readChoice(search, "state", STATES, "all") };
}

/** Names in the order to show; the same array as before while nothing moved, so that nothing is drawn for nothing. */
function useOrder() {
  const last = useRef<readonly string[]>([]);
  return useComputed(() => {
    const at = knownAt.value;
    const filter = readFilter();
    const names = [...hosts.value.values()]
      .map((one) => one.peek())
      .filter((host) => matchesFilter(host, filter, at))
      .toSorted((a, b) => compareHosts(a, b, at))
      .map(({ host }) => host);
    const same = names.length === last.current.length && names.every((name, i) => name === last.current[i]);
    if (!same) last.current = names;
    return last.current;
  });
}

function Filters({ counts }: { counts: Readonly<Record<string, number>> }) {
  const filter = readFilter();
  return (
    <div class="filters" role="search">
      <input
        type="search"
        placeholder="Filter by name ( / )"
        aria-label="Filter hosts by name"
        value={filter.name}
        onInput={(event) => setQuery({ name: event.currentTarget.value })}
      />
      <div class="segments" role="group" aria-label="State">
        {STATES.map((state) => (
          <button
            key={state}
            type="button"
            class="segment"
            aria-pressed={filter.state === state}
            onClick={() => setQuery({ state: state === "all" ? null : state })}
          >
            {state !== "all" && <StateMark tone={STATE_TONES[state]} />}
            {state} <span class="muted">{state === "all" ? hosts.value.size : (counts[state] ?? 0)}</span>
          </button>
        ))}
      </div>
    </div>
  );
}

function Board() {
  const order = useOrder();
  const grid = useSlidingRows<HTMLUListElement>(order.value);
  if (order.value.length === 0) {
    return (
      <EmptyState title="No host fits the filter" action={<LinkButton href="/console/observe">Show all hosts</LinkButton>}>
        The name or the state above hides {hosts.value.size === 1 ? "the one host" : `all ${plural(hosts.value.size, "host")}`}.
      </EmptyState>
    );
  }
  return (
    <ul ref={grid} class={`host-grid${now.value - knownAt.value >= WORTH_SAYING_MS ? " stale" : ""}`}>
      {order.value.map((name) => {
        const host = hosts.value.get(name);
        return (
          host && (
            <li key={name}>
              <HostCard of={host} />
            </li>
          )
        );
      })}
    </ul>
  );
}

function Head() {
  const state = useComputed(() => {
    // Read for its tick: hosts are peeked at, because they change more often than a line needs to be written.
    const at = knownAt.value;
    const lostMs = now.value - at;
    const known = boardState(
      [...hosts.value.values()].map((one) => one.peek()),
      at,
    );
    return lostMs >= WORTH_SAYING_MS ? cutOffState(known, lostMs) : known;
  }).value;
  return (
    <>
      <PageHead
        tone={state.tone}
        headline={state.headline}
        detail={state.since}
        actions={
          can("keys:manage") && (
            <LinkButton href="/console/observe?add=host" icon={Plus}>
              Add a host
            </LinkButton>
          )
        }
      />
      {state.attention.length > 0 && (
        <div class="attention">
          <Notice tone="warn">
            <strong>
              {state.attention.length === 1 ? "One online host is" : `${state.attention.length} online hosts are`} nearly full or busy:
            </strong>{" "}
            {state.attention.slice(0, 4).join(" · ")}
            {state.attention.length > 4 && ` and ${state.attention.length - 4} more`}
          </Notice>
        </div>
      )}
      <Filters counts={state.counts} />
    </>
  );
}

/** All hosts at a glance, worst first, live. */
export default function CommandCenter() {
  const listed = useResource("hosts", readHosts, 60_000);
  useEffect(() => followHosts(listed.reload), [listed]);
  const failure = listed.error.value;
  const known = hosts.value.size > 0;
  const adding = readQuery(place.value.search, "add") === "host";

  if (!known && failure) return <PageError failure={failureOf(failure, "Hosts could not be read")} onRetry={listed.reload} />;
  if (!known && listed.data.value === undefined) return <Skeleton rows={6} shape="card" />;
  return (
    <>
      {known ? (
        <>
          <Head />
          {failure && (
            <div class="attention">
              <Notice tone="warn">
                The list could not be refreshed: {failure.detail}. What is shown is from {formatAge(serverNow() - listed.at.value)} ago and
                from the live connection.
              </Notice>
            </div>
          )}
          <Board />
        </>
      ) : (
        <NoHosts />
      )}
      {adding && <AddHost onClose={() => setQuery({ add: null })} />}
    </>
  );
}

function NoHosts() {
  return (
    <>
      <PageHead tone="muted" headline="No host yet" />
      <EmptyState
        title="Hosts appear here with their first sample"
        action={
          can("keys:manage") && (
            <LinkButton href="/console/observe?add=host" kind="primary" icon={Plus}>
              Add a host
            </LinkButton>
          )
        }
      >
        Each becomes a card with its CPU, memory, disk and network, live. An agent on the host sends them: one command, no configuration.
      </EmptyState>
    </>
  );
}
