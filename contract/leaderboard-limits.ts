/** Limits of leaderboards and sorted sets, free of any library so that browsers can carry them. */
export const LEADERBOARD_LIMITS = {
  boardChars: 64,
  playerBytes: 128,
  nameChars: 64,
  titleChars: 100,
  /** The largest scaled score: beyond it doubles no longer hold every integer. */
  scoreMax: Number.MAX_SAFE_INTEGER,
  decimals: 6,
  metadataBytes: 1_024,
  /** One score on its way in, everything included. */
  submitBytes: 8 * 1024,
  batchItems: 1_000,
  batchBytes: 512 * 1024,
  importBytes: 8 * 1024 * 1024,
  importLineBytes: 4 * 1024,
  batchIdChars: 200,
  /** Rows of one page of ranks. */
  page: 1_000,
  /** Rows of `around`. */
  around: 100,
  /** Ids of one lookup: friends. */
  lookup: 500,
  /** Rows of a name search, of a feed, of a list of reviews. */
  search: 50,
  feed: 100,
  reviews: 200,
  /** Rankings that one score enters: windows, times one and each partition it names. */
  setsPerScore: 10,
  /** Keys by which a board is partitioned, and values of all of them. */
  partitions: 4,
  partitionValues: 100,
  boards: 1_000,
  modes: 50,
  /** Changes of one `apply`, each some calls of D1 and objects; and the bytes of a document. */
  applied: 50,
  documentBytes: 4 * 1024 * 1024,
  rules: 5,
  rewards: 20,
  /** A run that nobody finished is forgotten after this at the latest. */
  runMaxMs: 24 * 3_600_000,
  /** Runs of one player that are open at once; the oldest goes for a new one. */
  openRuns: 10,
  /** After a boundary the old window still takes scores of its time. */
  graceMs: 2 * 60_000,
  /** Rows that closing, deletion and import touch in one slice. */
  sliceRows: 5_000,
  /** Changes between two checkpoints of the counts; a cold start applies at most as many. */
  checkpointChanges: 1_000,
  /** The log of submissions stays so long in the object, or so large, then it goes to the archive. */
  logMs: 30 * 86_400_000,
  logBytes: 2 * 1024 ** 3,
  /** Runs of the population beside which a player is judged. */
  reservoir: 10_000,
  /** Players of one event of the spine. */
  eventPlayers: 500,
  /** What follows the log for events and figures looks at it this often while it grows. */
  followMs: 10_000,
  frameBytes: 4 * 1024,
  framesPerSecond: 10,
  frameBurst: 30,
  /** Bytes sent and not acknowledged before a socket is coalesced to the newest top, and before it is closed with 4101. */
  unackedBytes: 64 * 1024,
  sockets: 2_000,
  /** Topics of one socket. */
  topics: 20,
  topRows: 10,
  topEveryMs: 250,
  rankEveryMs: 1_000,
  /** Own ranks recomputed in one tick of a second. */
  ranksPerTick: 2_000,
  feedPerSecond: 10,
  /** Calls in flight per isolate and board. */
  inFlight: 200,
  /** Bytes of batches and imports that an isolate reads and holds at once. */
  bytesInFlight: 32 * 1024 * 1024,
  /** Seconds that a cached top is served; misses collapse into one. */
  topMaxAgeS: 5,
  /** Of the Redis protocol: commands of a pipeline, of a transaction, arguments of all, bytes of a body and of a member. */
  redisCommands: 1_000,
  redisTransaction: 200,
  redisArgs: 20_000,
  redisBytes: 1024 * 1024,
  redisMemberBytes: 512,
  /** Sorted sets of a tenant, emptied ones among them: each is an object for good. */
  redisKeys: 10_000,
  /** Of a key: characters, as the registry of objects keeps names, and bytes when percent-encoded, as events name their objects. */
  redisKeyChars: 256,
  redisNameBytes: 400,
  /** Members that the answers about one key may list, and those of a request before the rest of its commands is not run. */
  redisRows: 10_000,
  redisRequestRows: 20_000,
  /** Keys of one request that are asked at the same time. */
  redisKeysAtOnce: 6,
} as const;

export const BOARD_PATTERN = /^[a-z0-9-]{1,64}$/;
/** Begins with a letter, so that it never looks like the date of a past window. */
export const PARTITION_PATTERN = /^[a-z][a-z0-9-]{0,31}$/;

/** Windows of time in which a board ranks; `all` never ends. A season is a calendar quarter. */
export const WINDOW_KINDS = ["all", "daily", "weekly", "monthly", "season"] as const;
export type WindowKind = (typeof WINDOW_KINDS)[number];
/** `daily` names the current one; the others one of all: `daily:2026-11-19`, `weekly:2026-W47`, `monthly:2026-11`, `season:2026-Q4`. */
export const WINDOW_PATTERN =
  /^(?:all|daily(?::\d{4}-\d{2}-\d{2})?|weekly(?::\d{4}-W\d{2})?|monthly(?::\d{4}-\d{2})?|season(?::\d{4}-Q[1-4])?)$/;

// oxlint-disable-next-line no-control-regex -- these are the ones refused
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Whether a text can stand in a list beside others: a line feed or an escape sequence in a name would draw what nobody sent. */
export function isShown(text: string): boolean {
  return !CONTROL.test(text);
}

/** Whether the id can be a player's: 1-128 bytes of UTF-8, no control characters; `.` and `..` mean something else in every address. */
export function isPlayerId(text: string): boolean {
  if (text === "" || text === "." || text === ".." || !text.isWellFormed() || CONTROL.test(text)) return false;
  return new TextEncoder().encode(text).byteLength <= LEADERBOARD_LIMITS.playerBytes;
}
