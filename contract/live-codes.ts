import type { Action } from "./permissions.ts";

// Constants of native sockets, free of any library so that browsers can carry them.

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
  /** The two sides count differently: reconnect and recover. Either side may say so. */
  gap: 4410,
  /** A frame larger than allowed. */
  size: 4413,
  /** Too many frames. */
  rate: 4429,
} as const;
export type LiveCloseCode = (typeof LIVE_CLOSE)[keyof typeof LIVE_CLOSE];

export const LIVE_LIMITS = {
  /** One frame from a client. */
  frameBytes: 64 * 1024,
  /** Channels of one socket; they travel in a hibernation attachment of 16 KiB. */
  channels: 200,
  channelChars: 200,
  /** A client acknowledges at least every so many frames … */
  ackEveryFrames: 64,
  /** … or so many milliseconds after an unacknowledged one. */
  ackEveryMs: 1_000,
  /** A client acknowledges each so manieth frame at once: from it the time of delivery is known. */
  probeEvery: 256,
  /** Frames sent and not acknowledged before a socket is coalesced, */
  unackedSoft: 128,
  /** and before it is closed with 4101. */
  unackedHard: 512,
  /** Client frames per second over time, */
  framesPerSecond: 20,
  /** and at once: a client that comes back subscribes to all its channels in one go, with acks and a second thought between. */
  frameBurst: 450,
  /** Frames of a socket that has not said who it is are held up to so much. */
  earlyBytes: 1_920 * 1024,
  /** A socket without a credential has so long to send `auth`. */
  authMs: 5_000,
  ticketTtlMs: 60_000,
  /** Pending frames are flushed within this. */
  flushMs: 100,
  /** A hub's interest in a topic, renewed at half of it. */
  interestMs: 30_000,
  /** A topic that could not be asked for is asked for again after this. */
  interestRetryMs: 5_000,
  socketsPerHub: 5_000,
  /** Distinct topics of one hub: they travel in one call to their publisher. */
  topicsPerHub: 1_000,
  /** What a socket leaves for the time it sleeps; the platform keeps 16 KiB, framing and escapes included. */
  attachmentBytes: 12 * 1024,
  /** Publications kept for sockets whose subscription is on its way to the publisher. */
  joiningPublications: 64,
  /** A client pings this often; */
  pingEveryMs: 25_000,
  /** and takes a server that stays silent this long after a ping for gone. */
  pongWithinMs: 10_000,
  /** Hub objects of a tenant; a socket gets one at random. */
  hubs: 4,
} as const;

/** The literal ping and its answer; answered without waking the object. */
export const LIVE_PING = '{"v":1,"type":"ping"}';
export const LIVE_PONG = '{"v":1,"type":"pong"}';

/**
 * Kinds of channels. `action` is what a socket's credential needs to subscribe; `publisher` names the object that is told
 * of the interest and publishes. A new kind is a new line here.
 */
export const LIVE_CHANNELS = {
  metrics: { action: "metrics:read", publisher: "metrics" },
  /** Logs of the hubs themselves: a socket follows those that its credential names, or that are public. */
  topic: { action: "topics:read", publisher: "topic" },
  deployments: { action: "topics:read", publisher: "topic" },
} as const satisfies Record<string, { action: Action; publisher: string }>;
export type LiveChannelKind = keyof typeof LIVE_CHANNELS;
export type LivePublisher = (typeof LIVE_CHANNELS)[LiveChannelKind]["publisher"];

/** What is sent to topics from a socket needs this, on all topics or on the one. */
export const LIVE_PUBLISH: Action = "topics:publish";

/** Every action that a channel may ask for: what an admission says of a credential. */
export const LIVE_ACTIONS: readonly Action[] = [
  ...new Set<Action>([...Object.values(LIVE_CHANNELS).map(({ action }) => action), LIVE_PUBLISH]),
];

/** The protocol a client names in `Sec-WebSocket-Protocol`, and the prefix before an API key there. */
export const LIVE_SUBPROTOCOL = "meridian.v1";
export const LIVE_BEARER_PREFIX = "bearer.";
