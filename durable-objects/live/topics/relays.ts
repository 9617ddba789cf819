import type { Publication } from "../../../contract/rpc/hub.ts";
import { Lane } from "../../../core/live/topics/lane.ts";

/** Publications of one call. */
const CALL = 200;
/** A hub that cannot be reached is asked again after this, and twice as long each time. */
const RETRY_MS = 500;
const RETRY_CAP_MS = 30_000;

export interface RelayDeps {
  /** @returns channels that nobody follows there */
  relay(hub: number, publications: readonly Publication[]): Promise<readonly string[]>;
  /** Nobody follows this there any more. */
  unfollowed(channel: string, hub: number): void;
  /** Runs work once, later; for pacing only, it may die with the object. */
  later(ms: number, work: () => void): void;
  background(work: Promise<void>): void;
  warn(hub: number, error: unknown): void;
}

interface Way {
  readonly lane: Lane;
  /** What could not be told. */
  held: readonly Publication[];
  busy: boolean;
  failures: number;
  /** When each channel was followed there, as a count: an answer to an earlier call does not know of it. */
  readonly followedAt: Map<string, number>;
}

/**
 * The ways from a home to other hubs: one call at a time each, so that a slow hub costs a bounded queue and nobody else anything. What
 * is critical does not wait for the call before it. A call that failed is made again; what was left out meanwhile the hub fetches.
 */
export class Relays {
  readonly #deps: RelayDeps;
  readonly #ways = new Map<number, Way>();
  #count = 0;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
  }

  /** A hub asked to be told of this from now on. */
  noteFollow(channel: string, hub: number): void {
    this.#way(hub).followedAt.set(channel, ++this.#count);
  }

  pass(hub: number, publications: readonly Publication[]): void {
    const way = this.#way(hub);
    way.lane.add(publications);
    const urgent = publications.some(({ priority }) => priority === "critical");
    if (!way.busy || urgent) this.#send(hub, way);
  }

  counts(): { critical: number; normal: number; low: number; shed: number } {
    const sum = { critical: 0, normal: 0, low: 0, shed: 0 };
    for (const { lane } of this.#ways.values()) {
      const { critical, normal, low } = lane.counts();
      sum.critical += critical;
      sum.normal += normal;
      sum.low += low;
      sum.shed += lane.shed;
    }
    return sum;
  }

  #send(hub: number, way: Way): void {
    const publications = way.held.length > 0 ? way.held : way.lane.take(CALL);
    way.held = [];
    if (publications.length === 0) return;
    way.busy = true;
    this.#deps.background(this.#call(hub, way, publications));
  }

  async #call(hub: number, way: Way, publications: readonly Publication[]): Promise<void> {
    const began = this.#count;
    try {
      const unknown = await this.#deps.relay(hub, publications);
      for (const channel of unknown) {
        if ((way.followedAt.get(channel) ?? 0) > began) continue;
        way.followedAt.delete(channel);
        this.#deps.unfollowed(channel, hub);
      }
      way.failures = 0;
      way.busy = false;
      this.#send(hub, way);
    } catch (error) {
      this.#deps.warn(hub, error);
      way.held = publications;
      const ms = Math.min(RETRY_MS * 2 ** way.failures, RETRY_CAP_MS);
      way.failures++;
      this.#deps.later(ms, () => this.#send(hub, way));
    }
  }

  #way(hub: number): Way {
    let way = this.#ways.get(hub);
    if (!way) {
      way = { lane: new Lane(), held: [], busy: false, failures: 0, followedAt: new Map() };
      this.#ways.set(hub, way);
    }
    return way;
  }
}
