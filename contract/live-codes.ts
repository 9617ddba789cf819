/** Constants of native sockets, free of any library so that browsers can carry them. */
export const LIVE_PROTOCOL_VERSION = 1;

/** Why the server closes a native socket. A closed set: a client may switch over it. */
export const LIVE_CLOSE = {
  /** The server restarts or moves: reconnect at once with jitter. */
  restart: 1012,
  /** The client read too slowly and fell behind the bound: reconnect, then read the state anew. */
  slow: 4101,
  /** A frame that is no valid frame. */
  frame: 4400,
  /** The credential is unknown, expired or revoked: get a new one first. */
  unauthorized: 4401,
  /** The credential may not do this. */
  denied: 4403,
  /** What the socket was for is gone. */
  gone: 4404,
  /** No `auth` frame came in time. */
  authLate: 4408,
  /** A frame larger than allowed. */
  size: 4413,
  /** Too many frames. */
  rate: 4429,
} as const;
export type LiveCloseCode = (typeof LIVE_CLOSE)[keyof typeof LIVE_CLOSE];

export const LIVE_LIMITS = {
  /** One frame from a client. */
  frameBytes: 16 * 1024,
  /** Channels of one socket; they travel in a hibernation attachment of 16 KiB. */
  channels: 50,
  channelChars: 200,
  /** A client acknowledges at least every so many frames … */
  ackEveryFrames: 64,
  /** … or so many milliseconds after an unacknowledged one. */
  ackEveryMs: 1_000,
  /** Frames sent and not acknowledged before a socket is coalesced, */
  unackedSoft: 128,
  /** and before it is closed with 4101. */
  unackedHard: 512,
  /** Client frames per second, with bursts of the same number of seconds' worth. */
  framesPerSecond: 20,
  /** A socket without a credential has so long to send `auth`. */
  authMs: 5_000,
  ticketTtlMs: 60_000,
  /** Pending frames are flushed within this. */
  flushMs: 100,
  /** A hub's interest in a topic, renewed at half of it. */
  interestMs: 30_000,
  socketsPerHub: 5_000,
  /** Hub objects of a tenant; a socket gets one at random. */
  hubs: 4,
} as const;

/** The literal ping and its answer; answered without waking the object. */
export const LIVE_PING = '{"v":1,"type":"ping"}';
export const LIVE_PONG = '{"v":1,"type":"pong"}';
