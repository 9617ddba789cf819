import type { LiveCloseCode } from "../../../contract/live-codes.ts";

/** What a board's machine wants done; the shell does it in this order. Sockets are named by their connection id. */
export type BoardEffect =
  | { readonly type: "send"; readonly socket: string; readonly text: string }
  /** The machine has forgotten the socket already. */
  | { readonly type: "close"; readonly socket: string; readonly code: LiveCloseCode; readonly reason: string }
  /** What the socket leaves for the time after a sleep. */
  | { readonly type: "save"; readonly socket: string; readonly attachment: string }
  /** Find out whom this token belongs to; answer with `refreshed`. */
  | { readonly type: "verify"; readonly socket: string; readonly token: string }
  /** Call `pump` after this time instead of whenever it was asked for before: pacing in memory, for what is dirty already. */
  | { readonly type: "wake"; readonly inMs: number }
  /** When the first credential ends; outlives a sleep. Null takes it away. Answer with `expire`. */
  | { readonly type: "expiry"; readonly at: number | null };
