import * as z from "zod";
import { LEADERBOARD_LIMITS as L, PARTITION_PATTERN, WINDOW_KINDS, WINDOW_PATTERN } from "./leaderboard-limits.ts";
import { playerSchema, rankSchema, reasonSchema, VERDICTS } from "./leaderboard-scores.ts";
import { asProblem } from "./problems.ts";
import { PAGE_LIMITS, pageSchema } from "./pages.ts";

// What is asked of a board, and what it answers.

/** `?limit` that says by its own problem that it is too high. */
const limitOf = (max: number, first: number) =>
  z.coerce
    .number()
    .int()
    .min(1)
    .refine((limit) => limit <= max, { ...asProblem("limit-too-high"), message: `Send at most ${max}` })
    .default(first);

const window = z
  .string()
  .regex(WINDOW_PATTERN, "all, daily, weekly, monthly, season, or one of the past such as daily:2026-11-19")
  .default("all");
const partition = z.string().regex(PARTITION_PATTERN, "a partition's value").optional();

/** Which ranking of the board. */
export const setQuerySchema = z.object({ window, partition });
export type SetQuery = z.infer<typeof setQuerySchema>;

export const topQuerySchema = setQuerySchema.extend({ limit: limitOf(100, 10) });
/** From a rank, or on from a cursor; `backward` pages towards the first. */
export const entriesQuerySchema = setQuerySchema
  .extend({
    limit: limitOf(L.page, 50),
    rank: z.coerce.number().int().min(1).optional(),
    cursor: z.string().max(PAGE_LIMITS.cursorChars).optional(),
    direction: z.enum(["forward", "backward"]).default("forward"),
  })
  .refine(({ rank, cursor }) => rank === undefined || cursor === undefined, { path: ["cursor"], message: "Send either rank or cursor" });
export type EntriesQuery = z.infer<typeof entriesQuerySchema>;
export const aroundQuerySchema = setQuerySchema.extend({ limit: limitOf(L.around, 11) });
/** Erasure: whether a ban or suspension stands, by a digest of the player's id, or goes with the rest. */
export const eraseQuerySchema = z.object({ ban: z.enum(["keep", "lift"]).default("keep") });
/** `q`: the beginning of names; empty, all that have one. */
export const searchQuerySchema = setQuerySchema.extend({ q: z.string().max(L.nameChars).default(""), limit: limitOf(L.search, 20) });
export const lookupSchema = setQuerySchema.extend({
  players: z
    .array(playerSchema)
    .min(1)
    .refine((ids) => ids.length <= L.lookup, { ...asProblem("limit-too-high"), message: `Send at most ${L.lookup} players` }),
});
export const feedQuerySchema = z.object({ limit: limitOf(L.feed, 50) });
export const reviewsQuerySchema = z.object({
  limit: limitOf(L.reviews, 50),
  cursor: z.string().max(PAGE_LIMITS.cursorChars).optional(),
  state: z.enum(["open", "decided"]).default("open"),
});

/** One row of a ranking. */
export const entrySchema = z.object({
  rank: z.number().int(),
  player: z.string(),
  name: z.string().nullable(),
  score: z.number(),
  subscore: z.number().nullable(),
  at: z.iso.datetime(),
});
export type Entry = z.infer<typeof entrySchema>;
const ranking = z.object({
  window: z.string(),
  partition: z.string().nullable(),
  total: z.number().int(),
  exactness: rankSchema.shape.exactness,
  asOf: z.iso.datetime(),
  /** Rises with every change of this ranking; the ETag. */
  version: z.number().int(),
});
export const topSchema = ranking.extend({ items: z.array(entrySchema) });
export type Top = z.infer<typeof topSchema>;
export const entriesSchema = ranking.extend({
  items: z.array(entrySchema),
  /** Towards the last, and towards the first; null where there is no more. Both survive inserts: they carry the sort key. */
  nextCursor: z.string().nullable(),
  previousCursor: z.string().nullable(),
});
export type Entries = z.infer<typeof entriesSchema>;

/** A player's standing; `entry` is null for somebody who has none in this ranking. A shadowed player sees where they would be. */
export const standingSchema = rankSchema.extend({
  rank: z.number().int().nullable(),
  entry: entrySchema.nullable(),
  window: z.string(),
  partition: z.string().nullable(),
});
export type Standing = z.infer<typeof standingSchema>;
export const lookupReplySchema = ranking.extend({ items: z.array(entrySchema), missing: z.array(z.string()) });
export type LookupReply = z.infer<typeof lookupReplySchema>;

export const windowViewSchema = z.object({
  kind: z.enum(WINDOW_KINDS),
  window: z.string(),
  /** Null at the ends of `all`. */
  opensAt: z.iso.datetime().nullable(),
  closesAt: z.iso.datetime().nullable(),
  state: z.enum(["open", "grace", "closing", "closed", "archived"]),
  /** Whether ranks of it can still be asked for; otherwise its archive alone remains. */
  rankable: z.boolean(),
  total: z.number().int(),
  partitions: z.array(z.object({ partition: z.string(), total: z.number().int() })),
});
export type WindowView = z.infer<typeof windowViewSchema>;
export const windowListSchema = z.object({ items: z.array(windowViewSchema) });

/** A submission as feeds and histories show it. */
export const submissionSchema = z.object({
  submissionId: z.string(),
  player: z.string(),
  name: z.string().nullable(),
  score: z.number(),
  verdict: z.enum(VERDICTS),
  reasons: z.array(reasonSchema),
  durationMs: z.number().nullable(),
  at: z.iso.datetime(),
  /** Taken back by a reviewer. */
  removed: z.boolean(),
});
export type Submission = z.infer<typeof submissionSchema>;
export const feedSchema = z.object({ items: z.array(submissionSchema) });

export const playerStatsSchema = z.object({
  player: z.string(),
  name: z.string().nullable(),
  state: z.enum(["active", "suspended", "banned"]),
  suspendedUntil: z.iso.datetime().nullable(),
  runs: z.number().int(),
  total: z.number(),
  mean: z.number().nullable(),
  best: z.number().nullable(),
  /** Consecutive days (in the board's zone) with a score, up to the last one. */
  streakDays: z.number().int(),
  firstSeenAt: z.iso.datetime().nullable(),
  lastSeenAt: z.iso.datetime().nullable(),
  recent: z.array(submissionSchema),
});
export type PlayerStats = z.infer<typeof playerStatsSchema>;

/** A case: a player with flagged or quarantined runs, beside the population. */
export const reviewSchema = z.object({
  reviewId: z.string(),
  player: z.string(),
  name: z.string().nullable(),
  state: z.enum(["open", "decided"]),
  /** Orders the queue: how many robust deviations the worst run stands out, and how many runs are suspicious. */
  severity: z.number(),
  openedAt: z.iso.datetime(),
  suspicious: z.array(submissionSchema),
  history: z.array(submissionSchema),
  /** (x - median) / (1.4826 MAD) of the worst run against the reservoir; null while it holds fewer than 30 runs. */
  robustZ: z.number().nullable(),
  population: z.object({
    runs: z.number().int(),
    median: z.number().nullable(),
    p90: z.number().nullable(),
    p99: z.number().nullable(),
    mad: z.number().nullable(),
  }),
  /** Counts of the population's runs over equal bins from the lowest to the highest, for the picture. */
  histogram: z.object({ from: z.number(), to: z.number(), counts: z.array(z.number().int()) }).nullable(),
  decision: z.object({ decision: z.string(), by: z.string(), at: z.iso.datetime(), note: z.string() }).nullable(),
});
export type Review = z.infer<typeof reviewSchema>;
export const reviewListSchema = pageSchema(reviewSchema).extend({
  open: z.number().int(),
  /** Of decisions so far, by rule: how many of its cases were upheld. */
  precision: z.array(z.object({ rule: z.string(), decided: z.number().int(), upheld: z.number().int() })),
});
export type ReviewList = z.infer<typeof reviewListSchema>;
export const decisionSchema = z
  .strictObject({
    decision: z.enum(["clear", "suspend", "ban"]),
    /** Of a suspension: its end. */
    until: z.iso.datetime({ offset: true }).optional(),
    removeSubmissions: z.array(z.string().max(64)).max(200).default([]),
    note: z.string().max(1_000).default(""),
  })
  .refine(({ decision, until }) => (decision === "suspend") === (until !== undefined), {
    path: ["until"],
    message: "A suspension needs its end, and nothing else has one",
  });
export type Decision = z.infer<typeof decisionSchema>;
export const decisionReplySchema = z.object({
  review: reviewSchema,
  /** What the player's entries became, by ranking; null: gone from it. */
  corrected: z.array(z.object({ window: z.string(), partition: z.string().nullable(), score: z.number().nullable() })),
  /** Rewards that were granted to the player; whether to take them back is the product's own decision. */
  rewards: z.array(z.object({ window: z.string(), reward: z.string(), rank: z.number().int() })),
});
export type DecisionReply = z.infer<typeof decisionReplySchema>;

export const rewardGrantSchema = z.object({
  window: z.string(),
  partition: z.string().nullable(),
  player: z.string(),
  reward: z.string(),
  rank: z.number().int(),
  grantedAt: z.iso.datetime(),
});
export type RewardGrant = z.infer<typeof rewardGrantSchema>;
export const rewardListSchema = pageSchema(rewardGrantSchema);
/**
 * The archive of a closed window: where it lies in R2 and what is in it. The whole is NDJSON, a line per entry, the first rank first. A
 * large one lies in several objects: `key`, then `….2.ndjson` and so on; `bytes` and `crc32` are of all in a row.
 */
export const windowArchiveSchema = z.object({
  window: z.string(),
  partition: z.string().nullable(),
  key: z.string(),
  objects: z.number().int(),
  entries: z.number().int(),
  bytes: z.number().int(),
  crc32: z.string(),
  archivedAt: z.iso.datetime(),
  top: z.array(entrySchema),
});
export type WindowArchive = z.infer<typeof windowArchiveSchema>;
export const archiveListSchema = z.object({ items: z.array(windowArchiveSchema) });

/** Figures of one board, for the console's live panel. Counts of the last minute, and what stands now. */
export const boardStatsSchema = z.object({
  at: z.iso.datetime(),
  activePlayers: z.number().int(),
  scoresPerSecond: z.number(),
  verdicts: z.record(z.enum(VERDICTS), z.number().int()),
  sockets: z.number().int(),
  outboxDepth: z.number().int(),
  sets: z.number().int(),
  entries: z.number().int(),
  openReviews: z.number().int(),
});
export type BoardStats = z.infer<typeof boardStatsSchema>;
/** With what the edge adds: of reads of the top in the last minute, the part that no object had to answer; null when there were none. */
export const boardFiguresSchema = boardStatsSchema.extend({ topHitRatio: z.number().nullable() });
export type BoardFigures = z.infer<typeof boardFiguresSchema>;
