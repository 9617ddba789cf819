const HOUR_MS = 3_600_000;

/** Bounds of what the kit keeps for an object, and why each is what it is. */
export const KIT_LIMITS = {
  /** Messages in one `sendBatch`; the platform takes 100. */
  batchMessages: 100,
  /** Bytes in one `sendBatch`; the platform takes 256 KB, which we read as the smaller 256,000. */
  batchBytes: 256_000,
  /** What we add per message for the broker's own metadata, so that a full batch is never refused. */
  messageOverheadBytes: 200,
  /** An event that was committed is looked at again after this, when the flush that follows a commit never came to run. */
  flushGuardMs: 10_000,
  /** A single node sends a row again when no consumer has confirmed it by then. */
  resendMs: 30_000,
  /** Delay before a failed flush is tried again: full jitter below a doubling bound. */
  flushRetry: { baseMs: 1_000, capMs: 5 * 60_000 },
  /** The same for a timer whose handler failed. */
  timerRetry: { baseMs: 1_000, capMs: 10 * 60_000 },
  /** A retry never comes sooner than this, so that jitter cannot make a failing timer spin. */
  timerRetryFloorMs: 250,
  /** How long an alarm waits before it knocks again at an object that could not be opened. */
  reopenMs: 30_000,
  /** Characters of an Idempotency-Key. */
  keyChars: 255,
  /** An answer kept for replay; a larger one is told apart, never kept. */
  answerBytes: 64 * 1024,
  /** How long an answer is replayed. */
  replayMs: 24 * HOUR_MS,
  /** Records removed in one sweep: slices are bounded by rows, because clocks stand still while code runs. */
  sweepRows: 1_000,
  /** Between two sweeps at least this long, so that a trickle of records does not wake an object for each. */
  sweepEveryMs: HOUR_MS,
  /** Tags of a hibernating socket and characters of one; the platform's limits. */
  socketTags: 10,
  socketTagChars: 256,
  /** Bytes of an attachment as JSON: the platform's 16 KiB, less what it adds to frame them. */
  attachmentBytes: 16 * 1024 - 64,
  /** Bytes of a close reason (RFC 6455 section 5.5: 125 with the code). */
  closeReasonBytes: 123,
} as const;
