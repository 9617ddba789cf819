import type { Page } from "../pages.ts";
import type { Outcome, Problem } from "../problems.ts";
import type { RecoveryRefusal, TopicMessage } from "../room-live.ts";
import type { KeyedEntry, TopicAck, TopicConflict, TopicHistory, TopicSettings } from "../topics.ts";
import type { Publication } from "./hub.ts";

// What hubs do for topics: one is the topic's home and holds its log, the others pass on what it tells them.

/** What the catalogue says a topic is. A version that is not newer changes nothing. */
export interface TopicDefinition {
  /** `kind/name`. */
  readonly channel: string;
  readonly settings: TopicSettings;
  readonly version: number;
}

/** One message on its way into a log. */
export interface TopicWrite {
  /** Who publishes: `user:{id}`, `key:{id}` or `subject:{ref}`. A `clientId` is known again within what one publisher sent. */
  readonly by: string;
  readonly message: TopicMessage;
}

/** What became of a message; a problem is this message's alone. */
export type TopicResult = TopicAck | { readonly clientId: string; readonly problem: Problem };

/** What only the home knows of a topic. */
export interface TopicFigures {
  readonly epoch: string;
  readonly offset: number;
  readonly kept: number;
  readonly conflicts: number;
}

export interface TopicQuestions {
  readonly figures: { readonly ask: Record<string, never>; readonly answer: TopicFigures };
  /** Newest first, from before an offset. */
  readonly messages: { readonly ask: { readonly limit: number; readonly before?: number }; readonly answer: TopicHistory };
  /** By key, from behind one. */
  readonly state: { readonly ask: { readonly limit: number; readonly after?: string }; readonly answer: Page<KeyedEntry> };
  /** Newest first. */
  readonly conflicts: { readonly ask: Record<string, never>; readonly answer: { readonly items: TopicConflict[] } };
}
export type TopicQuestion = keyof TopicQuestions;

/** Where a follower may begin. */
export interface TopicStanding {
  readonly epoch: string;
  readonly offset: number;
  /** Everybody at the tenant's door may read it. */
  readonly isPublic: boolean;
}

/** Where somebody left off, or how many of the newest messages to begin with. */
export type TopicSince = { readonly epoch: string; readonly offset: number } | { readonly replay: number };

/** Everything after `offset`, or why not; nothing comes with a refusal, whose `offset` is the newest. */
export type TopicRecovery =
  | { readonly ok: true; readonly epoch: string; readonly offset: number; readonly publications: readonly Publication[] }
  | { readonly ok: false; readonly epoch: string; readonly offset: number; readonly reason: RecoveryRefusal };

export interface TopicsRpc {
  /** At the home. A topic that is being removed answers `conflict`. */
  configureTopic(definition: TopicDefinition): Promise<Outcome<{ version: number }>>;
  /** At the home: removes a slice. @returns whether something is left */
  removeTopic(channel: string, version: number): Promise<{ left: boolean }>;
  /**
   * At the home: stores in order; durable when this answers. A message that was sent before has its first acknowledgement.
   * @param whole whether a message that is refused refuses all of them
   */
  publishTo(channel: string, writes: readonly TopicWrite[], whole: boolean): Promise<Outcome<{ items: TopicResult[] }>>;
  askTopic<Q extends TopicQuestion>(
    channel: string,
    question: Q,
    ask: TopicQuestions[Q]["ask"],
  ): Promise<Outcome<TopicQuestions[Q]["answer"]>>;
  /** At the home: another hub wants what is published from now on, until it answers `relay` that nobody follows there. Null: no such topic. */
  follow(hub: number, channel: string): Promise<TopicStanding | null>;
  /** At the home. Null: no such topic. */
  since(channel: string, since: TopicSince): Promise<TopicRecovery | null>;
  /** From a home: publications in the order of their offsets. @returns channels that nobody follows here */
  relay(publications: readonly Publication[]): Promise<string[]>;
  /** At hub 0, which knows where every topic lives. @param home null: nowhere any more. An older version changes nothing */
  noteHome(channel: string, home: number | null, version: number): Promise<void>;
  homeOf(channel: string): Promise<number | null>;
}
