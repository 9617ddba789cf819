import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import { TOPIC_LIMITS } from "../../../contract/room-limits.ts";
import type { TopicResult, TopicWrite } from "../../../contract/rpc/topics.ts";

/** A message that waits for its topic's home. */
interface Waiting {
  readonly write: TopicWrite;
  answer(outcome: Outcome<TopicResult>): void;
}

/** Stores messages at their home. @throws when it cannot be reached */
export type Store = (channel: string, writes: readonly TopicWrite[]) => Promise<Outcome<{ items: TopicResult[] }>>;

/** What sockets of this hub publish, one call at a time for each topic: in order, and together what came meanwhile. */
export class Publishing {
  readonly #store: Store;
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Resolves when everything that waits for this topic has its answer; at once when a call is under way, which goes on with it. */
  async add(channel: string, write: TopicWrite, answer: Waiting["answer"]): Promise<void> {
    const queue = this.#waiting.get(channel);
    if (queue && queue.length >= TOPIC_LIMITS.publishing) {
      return answer(refuse("unavailable", "Too many messages wait for this topic already. Try again in a second.", { retryAfterS: 1 }));
    }
    if (queue) return void queue.push({ write, answer });
    this.#waiting.set(channel, [{ write, answer }]);
    await this.#run(channel);
  }

  async #run(channel: string): Promise<void> {
    for (;;) {
      const queue = this.#waiting.get(channel) ?? [];
      const batch = queue.splice(0, TOPIC_LIMITS.batch);
      if (batch.length === 0) {
        this.#waiting.delete(channel);
        return;
      }
      const outcome = await this.#stored(channel, batch);
      for (const [at, { answer }] of batch.entries()) {
        const item = outcome.ok ? outcome.value.items[at] : undefined;
        answer(item ? accept(item) : outcome.ok ? AWAY : outcome);
      }
    }
  }

  async #stored(channel: string, batch: readonly Waiting[]): Promise<Outcome<{ items: TopicResult[] }>> {
    try {
      return await this.#store(
        channel,
        batch.map(({ write }) => write),
      );
    } catch {
      // Whoever sent it sends it again under its clientId: it may have been stored.
      return AWAY;
    }
  }
}

const AWAY: Outcome<never> = refuse("unavailable", "The home of this topic cannot be reached now; try again in a few seconds.");
