import type { RealtimeReport } from "../../../contract/realtime.ts";
import type { SocketEffect } from "../effects.ts";

/** What a room's sockets did since the last report. The shell adds what it knows of the object. */
export type RoomReport = Omit<RealtimeReport, "outboxDepth" | "slowQueries" | "queued">;

/** What a room's machine wants done; the shell does it in this order. */
export type RoomEffect =
  | SocketEffect
  /** The same frame to many: text, or raw deflate. */
  | { readonly type: "share"; readonly sockets: readonly string[]; readonly frame: string | Uint8Array }
  /** Call `pump` after this time instead of whenever it was asked for before: pacing in memory, for what is pending already. */
  | { readonly type: "wake"; readonly inMs: number }
  /** Tell operators' figures; answer with `watched`. */
  | { readonly type: "report"; readonly report: RoomReport }
  /** Something could not be stored. Who sent it knows; somebody should find out why. */
  | { readonly type: "failed"; readonly error: unknown };
