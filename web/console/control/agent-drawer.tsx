import type { Agent } from "../../../contract/agents.ts";
import { formatValue } from "../../lib/format.ts";
import { useResource } from "../../lib/resource.ts";
import { LinkButton } from "../../ui/button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { Notice, Skeleton } from "../../ui/states.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { can } from "../session.ts";
import { AgentConfigForm } from "./agent-config-form.tsx";
import { adviceFor, skewWords, spoolWords, toneOf } from "./agent-words.ts";

interface AgentDrawerProps {
  readonly id: string;
  /** As the list has it, so that the drawer opens full. */
  readonly listed: Agent | undefined;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

function Facts({ agent }: { agent: Agent }) {
  const { health } = agent;
  const facts = [
    ["Last seen", <When at={agent.lastSeenAt} />],
    ["First seen", <When at={agent.firstSeenAt} />],
    ["Version", agent.agentVersion],
    ["Platform", agent.platform],
    ["Key", <code>{agent.keyId}</code>],
    ["Configuration", `v${agent.config.version}, the agent runs v${agent.appliedConfigVersion}`],
    ["Spool", `${spoolWords(health)}${health.spoolBytes > 0 ? `, ${formatValue(health.spoolBytes, "bytes")}` : ""}`],
    ["Clock skew", skewWords(agent.clockSkewMs)],
  ] as const;
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

/** One agent: what it needs, what it is, and what it should do. */
export function AgentDrawer({ id, listed, onChanged, onClose }: AgentDrawerProps) {
  const read = useResource(`agent:${id}`, (signal) => api.agents.get(id, { signal }), 5_000);
  const agent = read.data.value ?? listed;
  const failure = read.error.value;
  const changed = () => {
    read.reload();
    onChanged();
  };
  return (
    <Drawer title={id} label={`Agent ${id}`} onClose={onClose}>
      {!agent && failure && <PageError failure={failureOf(failure, "This agent could not be read")} onRetry={read.reload} />}
      {!agent && !failure && <Skeleton rows={5} />}
      {agent && (
        <>
          <section>
            <StateBadge {...toneOf(agent)} />
            {adviceFor(agent).map((line) => (
              <Notice key={line} tone="warn">
                {line}
              </Notice>
            ))}
            <Facts agent={agent} />
            <div class="actions">
              <LinkButton href={`/console/observe/hosts/${encodeURIComponent(agent.host)}`}>Open the host</LinkButton>
            </div>
          </section>
          <section>
            <h3>Configuration</h3>
            <AgentConfigForm agent={agent} mayChange={can("agents:manage")} onChanged={changed} />
          </section>
        </>
      )}
    </Drawer>
  );
}
