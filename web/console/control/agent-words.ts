import type { Agent } from "../../../contract/agents.ts";
import { formatDuration, formatValue, plural } from "../../lib/format.ts";
import type { Tone } from "../../ui/state-badge.tsx";

/** Further apart than this, samples land visibly beside those of other hosts. */
const SKEW_MS = 2_000;

export function skewWords(skewMs: number): string {
  if (Math.abs(skewMs) < 100) return "none";
  return `${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? "ahead" : "behind"}`;
}

export function spoolWords({ spoolBatches, droppedBatches }: Agent["health"]): string {
  if (spoolBatches === 0 && droppedBatches === 0) return "empty";
  const waiting = plural(spoolBatches, "batch", "batches");
  return droppedBatches > 0 ? `${waiting}, ${droppedBatches.toLocaleString("en")} lost` : waiting;
}

/** What an operator should know about this agent, as sentences with what to do; empty when all is well. */
export function adviceFor(agent: Agent): string[] {
  const { health, config, appliedConfigVersion: applied, clockSkewMs, connected } = agent;
  const out: string[] = [];
  if (!connected) {
    out.push("It does not hold its control socket. Look whether the host is up, the agent runs, and its key is still valid.");
  }
  if (health.droppedBatches > 0) {
    out.push(
      `${plural(health.droppedBatches, "batch was", "batches were")} dropped because its spool was full: the server was away for longer than it holds.`,
    );
  }
  if (connected && health.spoolBatches > 0) {
    out.push(
      `It is behind: ${plural(health.spoolBatches, "batch", "batches")} (${formatValue(health.spoolBytes, "bytes")}) wait on its disk and are sent oldest first.`,
    );
  }
  if (connected && applied !== config.version) out.push(`It still runs configuration v${applied}; v${config.version} has been sent to it.`);
  if (Math.abs(clockSkewMs) >= SKEW_MS)
    out.push(`Its clock is ${skewWords(clockSkewMs)}: its samples are stored at its own time. Set the host's clock.`);
  return [...out, ...health.problems];
}

export function toneOf(agent: Agent): { tone: Tone; word: string } {
  if (!agent.connected) return { tone: "critical", word: "disconnected" };
  return adviceFor(agent).length > 0 ? { tone: "warn", word: "needs a look" } : { tone: "ok", word: "connected" };
}

/** The top line of the list. */
export function agentsHead(agents: readonly Agent[]): { tone: Tone; headline: string; detail: string } {
  const away = agents.filter(({ connected }) => !connected);
  const look = agents.filter((agent) => agent.connected && adviceFor(agent).length > 0);
  const names = (some: readonly Agent[]) =>
    some
      .slice(0, 3)
      .map(({ host }) => host)
      .join(", ") + (some.length > 3 ? ` and ${some.length - 3} more` : "");
  const tail = look.length > 0 ? `${look.length === 1 ? "1 needs" : `${look.length} need`} a look: ${names(look)}` : "";
  if (away.length > 0) {
    return {
      tone: "critical",
      headline: `${away.length} of ${plural(agents.length, "agent")} disconnected`,
      detail: [names(away), tail].filter(Boolean).join(" · "),
    };
  }
  const all = agents.length === 1 ? "The agent is connected" : `All ${plural(agents.length, "agent")} connected`;
  return {
    tone: look.length > 0 ? "warn" : "ok",
    headline: all,
    detail: tail || agents.length === 1 ? "nothing waits on its disk" : "nothing waits on their disks",
  };
}
