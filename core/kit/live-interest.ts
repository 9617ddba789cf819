import type { TopicPosition } from "../../contract/rpc/metrics.ts";

export const INTEREST_LIMITS = {
  /** Hubs a tenant may have, with room. */
  hubs: 64,
  /** Topics one hub may ask for: every socket of it on its own host page. */
  topics: 5_000,
  topicChars: 1_024,
} as const;

interface Lease {
  readonly topics: ReadonlySet<string>;
  readonly untilMs: number;
}

/**
 * Which hubs want to hear of which topics of a publisher, and until when. Lives in memory only: hubs renew their leases at half their
 * length, so a publisher that was evicted hears of them again within seconds.
 */
export class LiveInterest {
  readonly #epoch: string;
  readonly #leases = new Map<string, Lease>();
  readonly #offsets = new Map<string, number>();

  /** @param epoch new at each start: offsets begin again */
  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** Replaces what a hub wants; nothing withdraws it. Answers where each topic stands. */
  lease(hub: string, topics: readonly string[], untilMs: number): TopicPosition[] {
    const wanted = topics.filter((topic) => topic.length <= INTEREST_LIMITS.topicChars).slice(0, INTEREST_LIMITS.topics);
    if (wanted.length === 0) this.#leases.delete(hub);
    else if (this.#leases.has(hub) || this.#leases.size < INTEREST_LIMITS.hubs) this.#leases.set(hub, { topics: new Set(wanted), untilMs });
    return wanted.map((topic) => this.position(topic));
  }

  drop(hub: string): void {
    this.#leases.delete(hub);
  }

  position(topic: string): TopicPosition {
    return { topic, epoch: this.#epoch, offset: this.#offsets.get(topic) ?? 0 };
  }

  /** The position of the next publication of a topic. */
  advance(topic: string): TopicPosition {
    this.#offsets.set(topic, (this.#offsets.get(topic) ?? 0) + 1);
    return this.position(topic);
  }

  /** Topics of each hub whose lease still runs; the others are forgotten. */
  current(now: number): ReadonlyMap<string, ReadonlySet<string>> {
    const current = new Map<string, ReadonlySet<string>>();
    for (const [hub, { topics, untilMs }] of this.#leases) {
      if (untilMs <= now) this.#leases.delete(hub);
      else current.set(hub, topics);
    }
    return current;
  }

  /** Whether anybody may be listening; leases that ended are noticed by {@link current}. */
  get any(): boolean {
    return this.#leases.size > 0;
  }
}
