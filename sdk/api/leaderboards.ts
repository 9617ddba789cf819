import type { z } from "zod";
import type {
  aroundQuerySchema,
  BoardFigures,
  DecisionReply,
  decisionSchema,
  Entries,
  entriesQuerySchema,
  LookupReply,
  lookupSchema,
  PlayerStats,
  Review,
  ReviewList,
  reviewsQuerySchema,
  RewardGrant,
  searchQuerySchema,
  setQuerySchema,
  Standing,
  Submission,
  Top,
  topQuerySchema,
  WindowArchive,
  WindowView,
} from "../../contract/leaderboard-reads.ts";
import type {
  importLineSchema,
  ImportReply,
  RunReply,
  ScoreBatchReply,
  scoreBatchSchema,
  SubmitReply,
  submitSchema,
} from "../../contract/leaderboard-scores.ts";
import type { Page } from "../../contract/pages.ts";
import type { Call, CallOptions } from "../transport.ts";
import type { PageQuery } from "../pages.ts";
import { boardCatalogApi } from "./leaderboard-catalog.ts";

export type { BoardInput, DocumentInput } from "./leaderboard-catalog.ts";

/** Which ranking: a window (`all` when left out) and, of a board with partitions, one of their values. */
export type SetInput = z.input<typeof setQuerySchema>;
export type TopInput = Query<typeof topQuerySchema>;
export type EntriesInput = Query<typeof entriesQuerySchema>;
export type AroundInput = Query<typeof aroundQuerySchema>;
export type SearchInput = Query<typeof searchQuerySchema>;
export type LookupInput = z.input<typeof lookupSchema>;
export type ReviewsInput = Query<typeof reviewsQuerySchema>;
export type DecisionInput = z.input<typeof decisionSchema>;
/** A score: `score` or, on boards that sum, `delta`. End users leave `player` out. */
export type ScoreInput = z.input<typeof submitSchema>;
export type ScoreBatchInput = z.input<typeof scoreBatchSchema>;
export type ImportLineInput = z.input<typeof importLineSchema>;

/** A query as it is written: what a number is parsed from may be given as one. */
type Query<S extends z.ZodType> = { readonly [K in keyof z.input<S>]?: (K extends "limit" | "rank" ? number : z.input<S>[K]) | undefined };

/** Leaderboards: boards and modes, scores in, ranks out. */
export function leaderboardsApi(call: Call) {
  return { ...boardCatalogApi(call), ...scoresApi(call), ...ranksApi(call), ...reviewsApi(call) };
}

function scoresApi(call: Call) {
  return {
    /** Begins a run; its id goes with the score that it ends in, once. End users leave `player` out. */
    startRun: (board: string, run: { readonly player?: string } = {}, options?: CallOptions) =>
      call<RunReply>("POST", `${at(board)}/runs`, { body: run, options }),
    /** Durable when it is answered. A score that a rule refuses rejects with `score-implausible`. */
    submit: (board: string, score: ScoreInput, options?: CallOptions) =>
      call<SubmitReply>("POST", `${at(board)}/scores`, { body: score, options }),
    /** Up to 1,000 scores, each answered by itself. The same `batchId` within 24 h is taken once, so this repeats by itself. */
    submitBatch: (board: string, batch: ScoreBatchInput, options?: CallOptions) =>
      call<ScoreBatchReply>("POST", `${at(board)}/score-batches`, { body: batch, gzip: true, repeat: "safe", options }),
    /** Loads history, 8 MiB at most. The same `batchId`, or without one the same lines, are taken once, so this repeats by itself. */
    importScores: (board: string, lines: readonly ImportLineInput[], batchId?: string, options?: CallOptions) =>
      call<ImportReply>("POST", `${at(board)}/imports`, { lines, query: { batchId }, gzip: true, repeat: "safe", options }),
  };
}

function ranksApi(call: Call) {
  const get = async <T>(board: string, path: string, query: object = {}, options?: CallOptions) =>
    await call<T>("GET", `${at(board)}/${path}`, { query: { ...query }, options });
  return {
    /** The best, at most 5 s old. */
    top: (board: string, query?: TopInput, options?: CallOptions) => get<Top>(board, "top", query, options),
    /** A ranking page by page: from a place, or on from `nextCursor` (forward) or `previousCursor` (backward). */
    entries: (board: string, query?: EntriesInput, options?: CallOptions) => get<Entries>(board, "entries", query, options),
    /** Players whose name begins with `q`; all who have one without it. */
    search: (board: string, query: SearchInput, options?: CallOptions) => get<LookupReply>(board, "players", query, options),
    /** Ranks of up to 500 players, such as friends. */
    lookup: (board: string, query: LookupInput, options?: CallOptions) =>
      call<LookupReply>("POST", `${at(board)}/player-lookups`, { body: query, repeat: "safe", options }),
    windows: (board: string, options?: CallOptions) => get<{ items: WindowView[] }>(board, "windows", {}, options),
    /** The newest scores that count. */
    feed: (board: string, query?: { readonly limit?: number }, options?: CallOptions) =>
      get<{ items: Submission[] }>(board, "feed", query, options),
    /** A player's rank; `rank` and `entry` are null for somebody who has none in this ranking. */
    rank: (board: string, player: string, query?: SetInput, options?: CallOptions) =>
      get<Standing>(board, `players/${part(player)}`, query, options),
    around: (board: string, player: string, query?: AroundInput, options?: CallOptions) =>
      get<Entries>(board, `players/${part(player)}/around`, query, options),
    /** A player's runs, total, mean, best, streak, first and last seen. */
    player: (board: string, player: string, options?: CallOptions) => get<PlayerStats>(board, `players/${part(player)}/stats`, {}, options),
    /** Forgets a player of the board, for good; one who is banned stays out unless `ban` is `lift`. */
    erasePlayer: (board: string, player: string, options?: CallOptions & { readonly ban?: "keep" | "lift" }) =>
      call<undefined>("DELETE", `${at(board)}/players/${part(player)}`, { query: { ban: options?.ban }, options }),
    /** What happens on the board just now. */
    figures: (board: string, options?: CallOptions) => get<BoardFigures>(board, "stats", {}, options),
  };
}

function reviewsApi(call: Call) {
  return {
    /** Players under suspicion, worst first. */
    reviews: (board: string, query: ReviewsInput = {}, options?: CallOptions) =>
      call<ReviewList>("GET", `${at(board)}/reviews`, { query: { ...query }, options }),
    review: (board: string, reviewId: string, options?: CallOptions) =>
      call<Review>("GET", `${at(board)}/reviews/${part(reviewId)}`, { options }),
    /** Clears, suspends or bans, and takes back the runs that are named. */
    decide: (board: string, reviewId: string, decision: DecisionInput, options?: CallOptions) =>
      call<DecisionReply>("POST", `${at(board)}/reviews/${part(reviewId)}/decision`, { body: decision, options }),
    /** Where a closed window lies in the archive. */
    archive: (board: string, window: string, options?: CallOptions) =>
      call<{ items: WindowArchive[] }>("GET", `${at(board)}/windows/${part(window)}/archive`, { options }),
    rewards: (board: string, window: string, page: PageQuery = {}, options?: CallOptions): Promise<Page<RewardGrant>> =>
      call<Page<RewardGrant>>("GET", `${at(board)}/windows/${part(window)}/rewards`, { query: { ...page }, options }),
  };
}

function at(board: string): string {
  return `/v1/leaderboards/${part(board)}`;
}

function part(text: string): string {
  return encodeURIComponent(text);
}
