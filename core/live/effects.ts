import type { TopicMessage } from "../../contract/room-live.ts";
import type { TopicEffect } from "./topics/follower.ts";
import type { LiveCloseCode, LivePublisher } from "../../contract/live-codes.ts";

/** What any machine of native sockets wants done; the shell does it in this order. Sockets are named by their connection id. */
export type SocketEffect =
  | { readonly type: "send"; readonly socket: string; readonly text: string }
  /** The machine has forgotten the socket already. */
  | { readonly type: "close"; readonly socket: string; readonly code: LiveCloseCode; readonly reason: string }
  /** What the socket leaves for the time after a sleep. */
  | { readonly type: "save"; readonly socket: string; readonly attachment: string }
  /** Find out whom this token belongs to; answer with `refreshed`. */
  | { readonly type: "verify"; readonly socket: string; readonly token: string }
  /** When the first credential ends; outlives a sleep. Null takes it away. Answer with `expire`. */
  | { readonly type: "expiry"; readonly at: number | null };

export type HubEffect =
  | SocketEffect
  | TopicEffect
  /** Store this message at the topic's home; answer with `published`. */
  | { readonly type: "publish"; readonly socket: string; readonly channel: string; readonly by: string; readonly message: TopicMessage }
  /** Tell the publisher which topics are followed here; answer with `positions` or `interestFailed`. */
  | { readonly type: "interest"; readonly publisher: LivePublisher; readonly topics: readonly string[]; readonly untilMs: number }
  /** Call `flush` after this time: pacing in memory, for what is already pending. */
  | { readonly type: "flush"; readonly inMs: number }
  /** Tell operators' figures what `takeReport` says; answer with `watched`. */
  | { readonly type: "report" }
  /** A deadline that outlives a sleep; null takes it away. Answer with `interestDue`. */
  | { readonly type: "timer"; readonly name: "interest"; readonly at: number | null };

/** Deadlines of a hub that outlive a sleep. */
export type HubTimer = "interest" | "expiry";
