import type { LiveCloseCode, LivePublisher } from "../../contract/live-codes.ts";

/** What the hub's machine wants done; the shell does it in this order. Sockets are named by their connection id. */
export type HubEffect =
  | { readonly type: "send"; readonly socket: string; readonly text: string }
  /** The machine has forgotten the socket already. */
  | { readonly type: "close"; readonly socket: string; readonly code: LiveCloseCode; readonly reason: string }
  /** What the socket leaves for the time after a sleep. */
  | { readonly type: "save"; readonly socket: string; readonly attachment: string }
  /** Tell the publisher which topics are followed here; answer with `positions` or `interestFailed`. */
  | { readonly type: "interest"; readonly publisher: LivePublisher; readonly topics: readonly string[]; readonly untilMs: number }
  /** Find out whom this token belongs to; answer with `refreshed`. */
  | { readonly type: "verify"; readonly socket: string; readonly token: string }
  /** Call `flush` after this time: pacing in memory, for what is already pending. */
  | { readonly type: "flush"; readonly inMs: number }
  /** A deadline that outlives a sleep; null takes it away. Answer with `interestDue` or `expire`. */
  | { readonly type: "timer"; readonly name: HubTimer; readonly at: number | null };

export type HubTimer = "interest" | "expiry";
