import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Bounds of one Subjects object beyond those of the contract. Strangers fill much of it, so all of that is bounded. */
export const SUBJECT_STORE_LIMITS = {
  /** Characters of the digest of an email or network address; today's have 22. */
  digestChars: 64,
  /** Secrets and tokens come as SHA-256 in hex. */
  hashChars: 64,
  /** A stored password hash; what scrypt's PHC text needs is about 100. */
  passwordHashChars: 300,
  /** A mailed link; as much as the event that carries it allows. */
  linkChars: 1_000,
  /** Ids that the edge and the objects make are UUIDs of 36. */
  familyIdChars: 64,
  claimIdChars: 64,
  keyIdChars: 64,
  /** Of a User-Agent header so much is kept: enough to tell devices apart. */
  userAgentChars: 200,

  /** Log-in buckets kept: 20,000 rows of about 100 bytes. */
  loginBuckets: 20_000,
  /** Buckets given up at once when that is reached, so that reaching it costs one scan per so many names. */
  evictAtOnce: 500,
  /** Known places of one address; the one longest without a log-in gives way. */
  knownPlaces: 20,
  /** A place is known so long after a log-in. */
  knownPlaceMs: 30 * DAY_MS,

  /** Verifications of one object, open or over; those open longest give way. Each has about 500 bytes. */
  verifications: 10_000,
  /** After this another link of an address may take over a claim that was never finished: its holder has crashed or left. */
  takeOverMs: 10 * MINUTE_MS,
  /** No account comes of a claim that is older than any link that could repeat it, with an hour for calls under way … */
  claimMs: SUBJECT_LIMITS.verificationTtlS * SECOND_MS + HOUR_MS,
  /** … so that a voided one need not be remembered for longer. */
  voidedMs: SUBJECT_LIMITS.verificationTtlS * SECOND_MS + 2 * HOUR_MS,

  /** A deleted subject stays out so long: every token that names it has ended by then, with a day to spare. */
  tombstoneMs: SUBJECT_LIMITS.broughtTtlMaxS * SECOND_MS + DAY_MS,
  /** A name that changes all the time is written at most so often. */
  renameMs: MINUTE_MS,
  /** That somebody was seen is written at most so often. */
  seenMs: DAY_MS,

  /** Used secrets that a family remembers, 8 bytes each. With more, every secret that is not its newest counts as used. */
  usedSecrets: 1_024,

  /** Rows of one kind removed in one slice of a sweep. */
  sweepRows: 1_000,
  /** Unfinished claims settled in one slice; each may ask another object. */
  settleAtOnce: 50,
  /** Between two sweeps of log-in buckets, and between two of all that lives longer. */
  sweepBucketsMs: MINUTE_MS,
  sweepMs: HOUR_MS,
  /** Between two slices of one sweep. */
  sliceMs: SECOND_MS,
} as const;

/** Log-ins of one address from one place, and of one address from all places that are strangers to it. */
export const LOGIN_RATE = { perPeriod: 5, periodMs: 5 * MINUTE_MS, burst: 5 } as const;
export const LOGIN_WAITS = {
  /** The first wait is what the rate needs to admit one more; each further one is twice as long … */
  firstMs: LOGIN_RATE.periodMs / LOGIN_RATE.perPeriod,
  /** … up to this. */
  longestMs: 15 * MINUTE_MS,
  /** Without an attempt for so long after the last wait, all is forgotten. */
  calmMs: 15 * MINUTE_MS,
} as const;

export const hourOf = (at: number): number => Math.floor(at / HOUR_MS) * HOUR_MS;
/** Number of the day since 1970 in which a moment is. */
export const dayOf = (at: number): number => Math.floor(at / DAY_MS);
