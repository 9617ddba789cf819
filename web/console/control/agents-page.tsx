import { Plus } from "lucide";
import type { Agent } from "../../../contract/agents.ts";
import { collect } from "../../lib/collect.ts";
import { formatValue, plural } from "../../lib/format.ts";
import { go, place } from "../../lib/location.ts";
import { useResource } from "../../lib/resource.ts";
import { LinkButton } from "../../ui/button.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { Listing } from "../listing.tsx";
import type { PageProps } from "../pages.ts";
import { can } from "../session.ts";
import { AgentDrawer } from "./agent-drawer.tsx";
import { agentsHead, skewWords, spoolWords, toneOf } from "./agent-words.ts";

const LIST = "/console/control/agents";

function addressOf({ id }: Agent): string {
  return `${LIST}/${encodeURIComponent(id)}${place.value.search}`;
}

const COLUMNS: readonly [Column<Agent>, ...Column<Agent>[]] = [
  { key: "host", title: "Host", value: ({ host }) => host },
  {
    key: "state",
    title: "State",
    value: (agent) => toneOf(agent).word,
    cell: (agent) => <StateBadge {...toneOf(agent)} />,
  },
  {
    key: "problems",
    title: "Problems",
    number: true,
    wide: true,
    value: ({ health }) => health.problems.length,
    cell: ({ health }) => <span title={health.problems.join("\n")}>{health.problems.length}</span>,
  },
  {
    key: "spool",
    title: "Spool",
    number: true,
    value: ({ health }) => health.spoolBatches,
    cell: ({ health }) => <span title={formatValue(health.spoolBytes, "bytes")}>{spoolWords(health)}</span>,
  },
  {
    key: "skew",
    title: "Clock skew",
    number: true,
    wide: true,
    value: ({ clockSkewMs }) => clockSkewMs,
    cell: ({ clockSkewMs }) => skewWords(clockSkewMs),
  },
  {
    key: "config",
    title: "Configuration",
    wide: true,
    value: ({ config }) => config.version,
    cell: ({ config, appliedConfigVersion: applied }) =>
      applied === config.version ? (
        `v${config.version}`
      ) : (
        <span class="warn-text">{`v${applied}, v${config.version} not applied yet`}</span>
      ),
  },
  { key: "version", title: "Agent", wide: true, value: ({ agentVersion }) => agentVersion },
  {
    key: "seen",
    title: "Last seen",
    number: true,
    value: ({ lastSeenAt }) => lastSeenAt,
    cell: ({ lastSeenAt }) => <When at={lastSeenAt} />,
  },
];

/** The programs that send hosts' samples: are they connected, are they behind, do they run what was decided. */
export default function AgentsPage({ params }: PageProps) {
  const agents = useResource("agents", (signal) => collect((page) => api.agents.list(page, { signal })), 5_000);
  const rows = agents.data.value;
  const open = params["agent"];
  const add = can("keys:manage") && (
    <LinkButton href="/console/observe?add=host" icon={Plus}>
      Add a host
    </LinkButton>
  );
  return (
    <>
      {rows && rows.length > 0 && <PageHead {...agentsHead(rows)} actions={add} />}
      <Listing
        of={agents}
        what="agents"
        empty={
          <EmptyState title="No agent has connected yet" action={add}>
            An agent runs on each host, sends its samples, and takes its configuration from here.
          </EmptyState>
        }
      >
        {(all) => (
          <Table
            name="agents"
            label="Agents"
            columns={COLUMNS}
            rows={all}
            id={({ id }) => id}
            href={addressOf}
            open={(agent) => go(addressOf(agent))}
            current={open}
            bar={<span class="muted">{plural(all.length, "agent")}</span>}
          />
        )}
      </Listing>
      {open !== undefined && (
        <AgentDrawer
          key={open}
          id={open}
          listed={rows?.find(({ id }) => id === open)}
          onChanged={agents.reload}
          onClose={() => go(LIST + place.value.search)}
        />
      )}
    </>
  );
}
