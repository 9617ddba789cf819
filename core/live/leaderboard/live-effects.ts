import type { SocketEffect } from "../effects.ts";

/** What a board's machine wants done; the shell does it in this order. */
export type BoardEffect =
  | SocketEffect
  /** Call `pump` after this time instead of whenever it was asked for before: pacing in memory, for what is dirty already. */
  | { readonly type: "wake"; readonly inMs: number };
