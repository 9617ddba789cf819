import type { Envelope, ServerFrame, SharedFrame } from "../contract/live.ts";

/** The connection light. */
export type LiveStatus =
  /** Connected; what arrives is current. */
  | { readonly light: "live"; readonly since: number }
  /** Not connected; the next attempt starts in `inMs`, 0 while one is under way. `since` is when the connection was lost. */
  | { readonly light: "reconnecting"; readonly inMs: number; readonly since: number }
  /**
   * Without a connection for longer than 15 s, or for good. `stopped`: the client has given up (`reason` says why) until
   * `connect()` is called again; otherwise it keeps trying, next in `inMs`.
   */
  | {
      readonly light: "offline";
      readonly since: number;
      readonly stopped: boolean;
      readonly reason: LiveStopReason;
      readonly inMs: number;
    };

export type LiveStopReason =
  /** `connect()` was not called yet, or `close()` was. */
  | "closed"
  /** No credential is accepted any more: sign in again, or use another key. */
  | "unauthorized"
  /** The credential may not open a live socket. */
  | "denied"
  /** Nobody answers. */
  | "unreachable";

/** A frame of the server, as clients get it. */
export type LiveFrame = ServerFrame | SharedFrame;
/** Why a channel could not go on where it was left. */
export type RecoveryRefusal = NonNullable<Extract<ServerFrame, { type: "subscribed" }>["reason"]>;

/** One publication; `data` has the shape that the channel's kind documents (`contract/rpc/metrics.ts` for `metrics/*`). */
export type LiveEvent = Envelope;

/** Where a channel stands. */
export interface LivePosition {
  readonly epoch: string;
  readonly offset: number;
}

/** What a subscriber wants to know. Only `event` is needed. */
export interface LiveHandler {
  event(event: LiveEvent): void;
  /**
   * The subscription stands; everything after `position` follows. Called again after every reconnect. When `recovered` is
   * false, read the state now: what is read from here on plus the events is complete. When it is true nothing was missed.
   */
  subscribed?(position: LivePosition, recovered: boolean, reason?: RecoveryRefusal): void;
  /** Publications are missing between what was seen and what follows (this client reads slowly): read the state anew. */
  gap?(): void;
  /** The server refuses this channel; no event will come. */
  refused?(code: string, detail: string): void;
}

/** What a socket tells. `closed` comes exactly once, also when it never opened. */
export interface LiveSocketEvents {
  message(text: string): void;
  /** A frame in raw deflate; comes to sockets that asked for it. */
  binary?(bytes: ArrayBuffer): void;
  closed(code: number, reason: string): void;
}

/** The part of a WebSocket that the client uses. */
export interface LiveSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** Everything the client needs from outside; `liveDeps` gives those of a browser or of Node 22 and later. */
export interface LiveDeps {
  /**
   * The socket's address with a fresh ticket; called before every attempt. A rejection with `status` 401 or 403 stops the
   * client, any other is retried.
   */
  readonly url: () => Promise<string>;
  readonly open: (url: string, events: LiveSocketEvents) => LiveSocket;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** The text of bytes in raw deflate (RFC 1951). Absent: `DecompressionStream`. */
  readonly inflate?: (bytes: ArrayBuffer) => Promise<string>;
  /** Runs `work` later; the answer cancels it. */
  readonly after: (ms: number, work: () => void) => () => void;
}
