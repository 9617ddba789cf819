import type { HostState } from "../../../contract/host-metrics.ts";
import { formatAge, formatClock, formatWhen, plural } from "../../lib/format.ts";
import { type HostView, stateAt, troublesOf } from "./host-board.ts";

export interface BoardState {
  readonly tone: "ok" | "warn" | "critical";
  /** `All 3 hosts online`. */
  readonly headline: string;
  /** Since when, and who. */
  readonly since: string;
  readonly counts: Readonly<Record<HostState, number>>;
  /** Hosts that are online and still worth a look, in words. */
  readonly attention: readonly string[];
}

/** The same line while the console itself is cut off: what was true before, and that nobody knows more. */
export function cutOffState(before: BoardState, lostMs: number): BoardState {
  const was = before.headline.charAt(0).toLowerCase() + before.headline.slice(1);
  return {
    ...before,
    tone: "warn",
    headline: `No connection for ${formatAge(lostMs)}`,
    since: `How the hosts are now is not known; before that: ${was}. The page catches up by itself.`,
    attention: [],
  };
}

const NAMED = 3;

function named(hosts: readonly HostView[], words: (host: HostView) => string): string {
  const shown = hosts.slice(0, NAMED).map(words).join(", ");
  return hosts.length > NAMED ? `${shown} and ${hosts.length - NAMED} more` : shown;
}

function sinceWords(hosts: readonly HostView[], windowMs: number, nowMs: number): string {
  const latest = hosts.reduce<number | null>(
    (most, { onlineSince }) => (onlineSince === null ? most : Math.max(most ?? 0, onlineSince)),
    null,
  );
  if (latest === null) return `for more than ${formatAge(windowMs)}`;
  return `since ${formatClock(latest)}, ${formatWhen(latest, nowMs)}`;
}

/** The one line at the top: is it all right, how many, since when. Worst first: offline beats late beats busy. */
export function boardState(hosts: readonly HostView[], nowMs: number): BoardState {
  const by = (state: HostState) =>
    hosts.filter((host) => stateAt(host, nowMs) === state).toSorted((a, b) => a.lastReceivedAt - b.lastReceivedAt);
  const groups = { offline: by("offline"), late: by("late"), online: by("online") };
  const counts = { offline: groups.offline.length, late: groups.late.length, online: groups.online.length };
  const attention = groups.online.flatMap((host) => {
    const troubles = troublesOf(host);
    return troubles.length > 0 ? [`${host.host}: ${troubles.join(", ")}`] : [];
  });
  const quiet = (["offline", "late"] as const).find((state) => counts[state] > 0);
  if (quiet) {
    const silent = (host: HostView) =>
      `${host.host} silent for ${formatAge(nowMs - host.lastReceivedAt)}, since ${formatClock(host.lastReceivedAt)}`;
    const all = counts[quiet] === hosts.length;
    const whole = hosts.length === 1 ? `${hosts[0]?.host ?? ""} is ${quiet}` : `All ${plural(hosts.length, "host")} ${quiet}`;
    return {
      tone: quiet === "offline" ? "critical" : "warn",
      headline: all ? whole : `${counts[quiet]} of ${plural(hosts.length, "host")} ${quiet}`,
      since: named(groups[quiet], silent),
      counts,
      attention,
    };
  }
  const window = hosts[0]?.recent;
  return {
    tone: attention.length > 0 ? "warn" : "ok",
    headline: hosts.length === 1 ? `${hosts[0]?.host ?? ""} is online` : `All ${plural(hosts.length, "host")} online`,
    since: sinceWords(hosts, window ? window.stepMs * window.cpuRatio.length : 0, nowMs),
    counts,
    attention,
  };
}
