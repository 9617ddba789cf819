import { type ObjectNamespace, objectAt, parseObjectName } from "../../contract/address.ts";
import type { HubRpc, Publication } from "../../contract/rpc/hub.ts";
import type { HostsPush, TopicPosition } from "../../contract/rpc/metrics.ts";
import { summaryOf } from "../../core/observe/host-table.ts";
import { LiveChanges } from "../../core/observe/live-changes.ts";
import { LiveInterest } from "../../core/kit/live-interest.ts";
import type { Shard } from "../../core/observe/shard.ts";
import { newestOf } from "../../core/observe/newest.ts";

/** Topic of the cards of all hosts; any other topic is a host's name. */
const ALL_HOSTS = "all";
/** Publications are at most so frequent. */
const EVERY_MS = 1_000;

export interface PublisherDeps {
  readonly hubs: ObjectNamespace<HubRpc>;
  readonly tenantId: () => string;
  readonly shard: () => Shard;
  readonly now: () => number;
  /** Runs work once, later; for pacing only, it may die with the object. */
  readonly later: (ms: number, work: () => void) => void;
  readonly background: (work: Promise<unknown>) => void;
  readonly warn: (error: unknown) => void;
}

/** Tells hubs what changed, while they hold a lease. The timer exists only while there is something to tell and somebody to hear it. */
export class LivePublisher {
  readonly #deps: PublisherDeps;
  readonly #interest: LiveInterest;
  readonly #changes = new LiveChanges();
  #watched: ReadonlySet<string> = new Set();
  #armed = false;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(epoch: string, deps: PublisherDeps) {
    this.#interest = new LiveInterest(epoch);
    this.#deps = deps;
  }

  /** @param hub the number of a hub of this tenant, or its full name */
  lease(hub: string, topics: readonly string[], untilMs: number): TopicPosition[] {
    const positions = this.#interest.lease(hubNumber(hub, this.#deps.tenantId()), topics, untilMs);
    this.#watch(this.#interest.current(this.#deps.now()));
    return positions;
  }

  changed(host: string, slot: number, at: number, low: number, high: number): void {
    if (this.#interest.any) this.#changes.note(host, this.#watched.has(host), slot, at, low, high);
  }

  /** Call after a commit: arms the next publication when there is one. */
  settle(now: number): void {
    if (this.#armed || this.#changes.empty) return;
    this.#armed = true;
    this.#deps.later(Math.max(0, Math.min(EVERY_MS, this.#lastAt + EVERY_MS - now)), () => this.#publish());
  }

  #publish(): void {
    this.#armed = false;
    const now = this.#deps.now();
    this.#lastAt = now;
    const hubs = this.#interest.current(now);
    this.#watch(hubs);
    if (hubs.size > 0) {
      const publications = this.#publications(hubs, now);
      for (const [hub, topics] of hubs) {
        const wanted = [...publications].flatMap(([topic, publication]) => (topics.has(topic) ? publication : []));
        if (wanted.length > 0) this.#deps.background(this.#send(hub, wanted));
      }
    }
    this.#changes.clear();
  }

  #publications(hubs: ReadonlyMap<string, ReadonlySet<string>>, now: number): Map<string, Publication> {
    const shard = this.#deps.shard();
    const wanted = new Set([...hubs.values()].flatMap((topics) => [...topics]));
    const publications = new Map<string, Publication>();
    const add = (topic: string, type: string, data: unknown) => {
      const { epoch, offset } = this.#interest.advance(topic);
      publications.set(topic, { channel: `metrics/${topic}`, epoch, offset, type, at: now, data });
    };
    const newest = newestOf(shard.heads);
    const entries = [...this.#changes.hosts()].map((host) => shard.hosts.find(host)).filter((entry) => entry !== undefined);
    if (wanted.has(ALL_HOSTS) && entries.length > 0) {
      add(ALL_HOSTS, "metrics.hosts", { hosts: entries.map((entry) => summaryOf(entry, newest)) } satisfies HostsPush);
    }
    for (const { host } of entries) {
      if (host === ALL_HOSTS || !wanted.has(host)) continue;
      const push = this.#changes.pushOf(host, shard.series);
      if (push) add(host, "metrics.host", push);
    }
    return publications;
  }

  async #send(hub: string, publications: readonly Publication[]): Promise<void> {
    try {
      const subscribers = await objectAt(this.#deps.hubs, { tenantId: this.#deps.tenantId(), kind: "hub", name: hub }).publish(
        publications,
      );
      if (subscribers === 0) this.#interest.drop(hub);
    } catch (error) {
      // The next publication carries a higher offset: the hub's clients see the gap and read anew.
      this.#deps.warn(error);
    }
  }

  #watch(hubs: ReadonlyMap<string, ReadonlySet<string>>): void {
    this.#watched = new Set([...hubs.values()].flatMap((topics) => [...topics]));
  }
}

function hubNumber(hub: string, tenantId: string): string {
  if (!hub.includes("/")) return hub;
  const address = parseObjectName(hub);
  if (address.tenantId !== tenantId || address.kind !== "hub") throw new Error("not a hub of this tenant");
  return address.name;
}
