import { callObject, objectAt } from "../../../contract/address.ts";
import { randomText, cryptoRandom } from "../../../contract/ids.ts";
import type { Outcome } from "../../../contract/problems.ts";
import type { HubRpc, Publication } from "../../../contract/rpc/hub.ts";
import type { TopicResult, TopicWrite } from "../../../contract/rpc/topics.ts";
import type { HubEffect } from "../../../core/live/effects.ts";
import type { HubMachine } from "../../../core/live/hub-machine.ts";
import { isBuiltIn } from "../../../contract/topic-names.ts";
import type { HomeAnswer, TopicEffect } from "../../../core/live/topics/follower.ts";
import type { ObjectsEnv } from "../../env.ts";
import { errorText, logLine } from "../../kit/log.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";
import { TopicHome } from "./home.ts";
import { Publishing } from "./publishing.ts";

/** Homes that a hub remembers. */
const HOMES = 2_000;
/** Characters of an epoch: 40 random bits, short because every envelope carries it. */
const EPOCH_CHARS = 8;

export type TopicCommand = TopicEffect | Extract<HubEffect, { type: "publish" }>;

export interface HubTopicsDeps {
  hubs(): ObjectsEnv["HUB"];
  readonly kit: ObjectKit;
  machine(): HubMachine;
  apply(effects: readonly HubEffect[]): Promise<void>;
  background(work: Promise<void>): void;
}

/** A hub's two parts in topics: the home of some, and the follower of what lives elsewhere. */
export class HubTopics {
  readonly home: TopicHome;
  readonly #deps: HubTopicsDeps;
  readonly #homes = new Map<string, number>();
  readonly #publishing = new Publishing(async (channel, writes) => await this.#stored(channel, writes));

  constructor(deps: HubTopicsDeps) {
    this.#deps = deps;
    this.home = new TopicHome({
      kit: deps.kit,
      local: (publications) => void this.relay(publications),
      newEpoch: () => randomText(EPOCH_CHARS, cryptoRandom),
      relay: async (hub, publications) => await callObject(() => this.#hub(hub).relay(publications)),
      later: (ms, work) => void setTimeout(work, ms),
      background: deps.background,
      warn: (hub, error) => logLine("warn", "a hub could not be told of topics", { hub, error: errorText(error) }),
    });
  }

  /** @returns the channels that nobody follows here */
  relay(publications: readonly Publication[]): string[] {
    const { kit, background } = this.#deps;
    const { effects, unknown } = this.#deps.machine().relay(publications, kit.now());
    background(this.#deps.apply(effects));
    return unknown;
  }

  /** Does what the machine wants of a topic's home, and gives it the answer. */
  async do(effect: TopicCommand): Promise<void> {
    const { kit, apply } = this.#deps;
    const { channel } = effect;
    switch (effect.type) {
      case "follow": {
        const standing = await this.#answer(channel, (home) =>
          home === null ? this.home.follow(channel, null) : this.#hub(home).follow(this.#number, channel),
        );
        return await apply(this.#deps.machine().followed(channel, standing, kit.now()));
      }
      case "recall": {
        const { since, socket } = effect;
        const found = await this.#answer(channel, (home) => (home === null ? this.home : this.#hub(home)).since(channel, since));
        return await apply(this.#deps.machine().recalled(channel, socket, found, kit.now()));
      }
      case "fetch": {
        const { since } = effect;
        const found = await this.#answer(channel, (home) => (home === null ? this.home : this.#hub(home)).since(channel, since));
        return await apply(this.#deps.machine().fetched(channel, found, kit.now()));
      }
      case "publish": {
        const { by, message, socket } = effect;
        return await this.#publishing.add(channel, { by, message }, (outcome: Outcome<TopicResult>) =>
          this.#deps.background(apply(this.#deps.machine().published(socket, channel, message.clientId, outcome))),
        );
      }
    }
  }

  async #stored(channel: string, writes: readonly TopicWrite[]): Promise<Outcome<{ items: TopicResult[] }>> {
    const outcome = await this.#answer(channel, async (home) => {
      const stored = await (home === null ? this.home.publish(channel, writes, false) : this.#hub(home).publishTo(channel, writes, false));
      return !stored.ok && stored.problem.slug === "not-found" ? null : stored;
    });
    if (outcome) return outcome;
    const detail =
      outcome === null ? "There is no such topic." : "The home of this topic cannot be reached now; try again in a few seconds.";
    return { ok: false, problem: { slug: outcome === null ? "not-found" : "unavailable", detail } };
  }

  /** Asks where the topic lives; a home that knows nothing of it was another's or is another now. */
  async #answer<T>(channel: string, ask: (home: number | null) => T | null | Promise<T | null>): Promise<HomeAnswer<T>> {
    const asked = async (home: number) => await callObject(async () => await ask(home === this.#number ? null : home));
    try {
      const known = this.#homes.get(channel);
      const answer = known === undefined ? null : await asked(known);
      if (answer !== null) return answer;
      const home = await this.#homeOf(channel);
      return home === null || home === known ? null : await asked(home);
    } catch (error) {
      logLine("warn", "a topic's home could not be asked", { channel, error: errorText(error) });
      return undefined;
    }
  }

  async #homeOf(channel: string): Promise<number | null> {
    if (isBuiltIn(channel)) return 0;
    const home = this.#number === 0 ? this.home.store.homeOf(channel) : await callObject(() => this.#hub(0).homeOf(channel));
    this.#homes.delete(channel);
    if (home === null) return null;
    for (const oldest of this.#homes.size >= HOMES ? this.#homes.keys() : []) {
      this.#homes.delete(oldest);
      break;
    }
    this.#homes.set(channel, home);
    return home;
  }

  get #number(): number {
    return Number(this.#deps.kit.address.name);
  }

  #hub(hub: number): HubRpc {
    return objectAt(this.#deps.hubs(), { tenantId: this.#deps.kit.address.tenantId, kind: "hub", name: String(hub) });
  }
}
