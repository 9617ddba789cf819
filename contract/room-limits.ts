/** Limits of rooms, topics and inboxes, free of any library so that browsers can carry them. */
export const ROOM_LIMITS = {
  roomChars: 64,
  titleChars: 100,
  /** A person's name as messages show it; from the token. */
  nameChars: 100,
  urlChars: 500,
  /** Bytes of a message's text, UTF-8. */
  textBytes: 16 * 1024,
  clientIdChars: 64,
  emojiChars: 16,
  /** Different emoji on one message, and people named with each. */
  emojiPerMessage: 32,
  reactorsShown: 20,
  mentions: 50,
  /** Messages of one HTTP call. */
  batch: 100,
  /** Members of one room; from more than `receiptMembers` on, only own read offsets are kept, and inboxes are asked on listing. */
  members: 10_000,
  receiptMembers: 128,
  /** Rooms of a tenant, rooms of one person. */
  rooms: 100_000,
  roomsPerPerson: 5_000,
  /** Rows of a page of history; and how many come with a subscription that has no `since`. */
  page: 200,
  replay: 50,
  /** A recovery beyond either is refused whole. */
  recoveryEvents: 1_000,
  recoveryBytes: 1024 * 1024,
  /** One frame of a client. */
  frameBytes: 64 * 1024,
  /** Frames of any kind: a bound above every kind's own. */
  framesPerSecond: 1_000,
  frameBurst: 2_000,
  /** Messages of one member, whatever the wire. */
  sendsPerSecond: 10,
  sendBurst: 30,
  /** Refusals for the rate in a minute, and malformed frames in a minute, before a socket is closed. */
  abuses: 100,
  malformedFrames: 10,
  /** Sent and not acknowledged: presence and typing are left out above the first, above the second the socket is closed with 4101. */
  unackedSoftBytes: 256 * 1024,
  unackedBytes: 1024 * 1024,
  sockets: 10_000,
  subscriptions: 200,
  /** Sends of one moment are stored together within this; 0 when idle. */
  flushMs: 10,
  typingEveryMs: 1_000,
  typingMs: 3_000,
  /** Offline so long after the last socket closed. */
  presenceGraceMs: 10_000,
  /** Changes of presence, and of who types, are told together at most this often; */
  presenceEveryMs: 200,
  typingTogetherMs: 100,
  /** in rooms above `receiptMembers` who types is told this often, and presence not at all: it is in the list of members. */
  wideEveryMs: 1_000,
  /** People named in one such frame. */
  typistsShown: 20,
  presenceDataBytes: 512,
  /** Receipts are passed on within, and stored at most every. */
  receiptFlushMs: 200,
  receiptStoreMs: 5_000,
  /** Newest offsets of which `trace` knows times; older ones say "by". */
  traceOffsets: 50,
  /** Conversations are told of a room's news at most this often. */
  inboxMs: 1_000,
  /** `meridian.room.unread` per offline member and room. */
  unreadEventMs: 60_000,
  mediaBytes: 25 * 1024 * 1024,
  thumbnailBytes: 20 * 1024,
  thumbnailPx: 320,
  mediaUrlMs: 3_600_000,
  importBytes: 8 * 1024 * 1024,
  importLineBytes: 32 * 1024,
  /** An object that was active says so this often, or more often while an operator looks. */
  reportMs: 60_000,
  reportWatchedMs: 5_000,
} as const;

export const TOPIC_LIMITS = {
  /** A topic's name, behind the slash. */
  nameChars: 100,
  topics: 10_000,
  /** Messages of one publish; bytes of one message's data. */
  batch: 100,
  dataBytes: 16 * 1024,
  /** The log of one topic. */
  keep: 10_000,
  keepDefault: 1_000,
  keepSeconds: 7 * 86_400,
  keepSecondsDefault: 86_400,
  flushMs: 100,
  flushMsMax: 5_000,
  /** Keys of a keyed topic, bytes of a key, and conflicts that are listed. */
  keys: 10_000,
  keyChars: 200,
  conflicts: 100,
  hubsMax: 16,
  /** Names of topics in an admission, and their characters together: they travel in tickets and attachments. */
  admitted: 100,
  admittedChars: 2_000,
  /** Publications that wait for one hub; above the first those of low priority go, above the second all but the newest: the hub fetches them. */
  laneSoft: 500,
  laneHard: 2_000,
  /** Messages from sockets that wait for one topic's hub. */
  publishing: 1_000,
  /** Messages that one slice of a removal or of retention deletes. */
  slice: 500,
} as const;

export const ROOM_PATTERN = /^[a-z0-9-]{1,64}$/;
/** Names of topics: letters, digits and `._:-`, with `/` between parts. */
export const TOPIC_NAME_PATTERN = /^(?!\/)(?!.*\/\/)[A-Za-z0-9._:/-]{1,100}(?<!\/)$/;

/** Planes' own topics, and what tenants make themselves: `topic/{name}`. A reserved kind takes no publication over HTTP unless it says so. */
export const TOPIC_KINDS = {
  topic: { names: "any", publish: true },
  deployments: { names: ["all"], publish: true },
  metrics: { names: ["all"], publish: false },
  alerts: { names: ["critical", "warning"], publish: false },
  queue: { names: "any", publish: false },
} as const satisfies Record<string, { names: "any" | readonly string[]; publish: boolean }>;
export type TopicKind = keyof typeof TOPIC_KINDS;
