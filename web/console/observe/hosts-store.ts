import { batch, effect, type Signal, signal } from "@preact/signals";
import type { Host, HostSummary } from "../../../contract/hosts.ts";
import type { HostsPush } from "../../../contract/rpc/metrics.ts";
import type { LiveEvent } from "../../../sdk/live.ts";
import { everyItem } from "../../../sdk/pages.ts";
import { now } from "../../lib/clock.ts";
import { api } from "../api.ts";
import { hostNames } from "../frame/host-names.ts";
import { follow } from "../live.ts";
import { type HostView, mergeSummary, viewOf } from "./host-board.ts";

/** Each host is a signal of its own, so that a push redraws the hosts it names and no other. */
export const hosts = signal<ReadonlyMap<string, Signal<HostView>>>(new Map());

/** Pushes that wait for the next tick. A held or hidden page keeps so many; more are replaced by reading anew on return. */
const MAX_WAITING = 5_000;
let waiting: HostSummary[] = [];
let overflowed = false;

function put(views: readonly HostView[]): void {
  const before = hosts.peek();
  const fresh = views.filter(({ host }) => !before.has(host));
  for (const view of views) {
    const held = before.get(view.host);
    if (held) held.value = view;
  }
  if (fresh.length === 0) return;
  hosts.value = new Map([...before, ...fresh.map((view) => [view.host, signal(view)] as const)]);
  hostNames.value = [...hosts.value.keys()].toSorted();
}

/** Reads every host; what the socket said meanwhile is newer and stays. */
export async function readHosts(abort: AbortSignal): Promise<number> {
  const listed: Host[] = [];
  for await (const host of everyItem((page) => api.hosts.list(page, { signal: abort }), 200)) listed.push(host);
  batch(() => put(listed.map(viewOf)));
  return listed.length;
}

function flush(): void {
  if (waiting.length === 0) return;
  const summaries = waiting;
  waiting = [];
  const changed = new Map<string, HostView>();
  for (const summary of summaries) {
    const before = changed.get(summary.host) ?? hosts.peek().get(summary.host)?.peek();
    changed.set(summary.host, mergeSummary(before, summary));
  }
  batch(() => put([...changed.values()]));
}

/** Follows all hosts: pushes are gathered and shown once a second, with the clock; a held clock holds the picture. */
export function followHosts(readAnew: () => void): () => void {
  const take = (event: LiveEvent) => {
    // The hub sends on `metrics/all` what the shard published, whose shape is HostsPush.
    const push = event.data as HostsPush;
    if (waiting.length >= MAX_WAITING) {
      overflowed = true;
      waiting = [];
    }
    waiting.push(...push.hosts);
  };
  const stopTicks = effect(() => {
    if (now.value === 0) return;
    flush();
    if (overflowed) {
      overflowed = false;
      readAnew();
    }
  });
  const stop = follow("metrics/all", {
    event: take,
    subscribed: (_position, recovered) => {
      if (!recovered) readAnew();
    },
    gap: readAnew,
  });
  return () => {
    stop();
    stopTicks();
  };
}
