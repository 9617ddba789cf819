import type { BoardConfig } from "../leaderboards.ts";
import type {
  BoardStats,
  Decision,
  DecisionReply,
  Entries,
  EntriesQuery,
  LookupReply,
  PlayerStats,
  Review,
  ReviewList,
  RewardGrant,
  SetQuery,
  Standing,
  Submission,
  Top,
  WindowArchive,
  WindowView,
} from "../leaderboard-reads.ts";
import type { ImportReply, RunReply, ScoreBatchReply, ScoreInput, SubmitReply } from "../leaderboard-scores.ts";
import type { Page } from "../pages.ts";
import type { Outcome } from "../problems.ts";
import type { CallMeta, ObjectRpc } from "./call.ts";

/** What the board is, as the catalogue tells it. A version that is not newer changes nothing. */
export interface BoardDefinition {
  readonly config: BoardConfig;
  /** Rises with each change in the catalogue. */
  readonly version: number;
}

/** Who submits. A subject may only name themselves; a service may say when it happened. */
export type Submitter = "subject" | "service";

/** Questions of a board, by name; each is one call. */
export interface BoardQuestions {
  readonly top: { readonly ask: SetQuery & { readonly limit: number }; readonly answer: Top };
  readonly entries: { readonly ask: EntriesQuery; readonly answer: Entries };
  readonly standing: { readonly ask: SetQuery & { readonly player: string; readonly own: boolean }; readonly answer: Standing };
  readonly around: {
    readonly ask: SetQuery & { readonly player: string; readonly own: boolean; readonly limit: number };
    readonly answer: Entries;
  };
  readonly lookup: { readonly ask: SetQuery & { readonly players: readonly string[] }; readonly answer: LookupReply };
  readonly search: { readonly ask: SetQuery & { readonly q: string; readonly limit: number }; readonly answer: LookupReply };
  readonly windows: { readonly ask: Record<string, never>; readonly answer: { items: WindowView[] } };
  readonly feed: { readonly ask: { readonly limit: number }; readonly answer: { items: Submission[] } };
  /** `trusted`: with verdicts and reasons; a player sees their own runs without them. */
  readonly stats: { readonly ask: { readonly player: string; readonly trusted: boolean }; readonly answer: PlayerStats };
  readonly figures: { readonly ask: Record<string, never>; readonly answer: BoardStats };
  readonly reviews: {
    readonly ask: { readonly state: "open" | "decided"; readonly limit: number; readonly cursor?: string };
    readonly answer: ReviewList;
  };
  readonly review: { readonly ask: { readonly reviewId: string }; readonly answer: Review };
  readonly rewards: {
    readonly ask: { readonly window: string; readonly limit: number; readonly cursor?: string };
    readonly answer: Page<RewardGrant>;
  };
  readonly archive: { readonly ask: { readonly window: string }; readonly answer: { items: WindowArchive[] } };
}
export type BoardQuestion = keyof BoardQuestions;

/** A score with all that comes with it. */
export interface SentScore {
  readonly input: ScoreInput;
  readonly by: Submitter;
  readonly meta: CallMeta;
}

/** A question whose answer is small, so that many fit into one call. */
export type PlayerQuestion = { readonly [Q in "standing" | "around"]: { readonly question: Q; readonly ask: BoardQuestions[Q]["ask"] } }[
  "standing" | "around"];

/** `{tenantId}/leaderboard/{board}`: one board with all its windows. Until `configure` every call but that one answers 404 and writes nothing. */
export interface LeaderboardRpc extends ObjectRpc {
  /** Creates or changes. `board-fixed` when ordering would change after the first score. */
  configure(definition: BoardDefinition, meta: CallMeta): Promise<Outcome<{ version: number }>>;
  /** Begins the removal of everything; goes on by itself, in slices. Archives in R2 go too. */
  remove(meta: CallMeta): Promise<Outcome<null>>;
  /** Scores of one moment, each as `submit` takes it and each by itself; answers in their order. */
  submitMany(scores: readonly SentScore[]): Promise<Outcome<SubmitReply>[]>;
  startRun(player: string, meta: CallMeta): Promise<Outcome<RunReply>>;
  submit(input: ScoreInput, by: Submitter, meta: CallMeta): Promise<Outcome<SubmitReply>>;
  /** @param batch JSON bytes of a `scoreBatchSchema`, not yet looked at: one pass here */
  submitBatch(batch: Uint8Array, meta: CallMeta): Promise<Outcome<ScoreBatchReply>>;
  /** @param lines NDJSON, not yet looked at */
  importScores(lines: Uint8Array, batchId: string, meta: CallMeta): Promise<Outcome<ImportReply>>;
  ask<Q extends BoardQuestion>(question: Q, ask: BoardQuestions[Q]["ask"]): Promise<Outcome<BoardQuestions[Q]["answer"]>>;
  /** Questions of one moment about single players; answers in their order. */
  askMany(questions: readonly PlayerQuestion[]): Promise<Outcome<Standing | Entries>[]>;
  decide(reviewId: string, decision: Decision, meta: CallMeta): Promise<Outcome<DecisionReply>>;
  /** Forgets a player: entries, submissions, runs, reviews, rewards. @param ban whether one stands, by a digest; it does when absent */
  erasePlayer(player: string, meta: CallMeta, ban?: "keep" | "lift"): Promise<Outcome<null>>;
  /** A socket, with the admission header of `contract/rpc/hub.ts`; a refusal is a JSON body with a `Problem`. */
  fetch(request: Request): Promise<Response>;
  /** As hubs do. Answers how many were closed, and how many sockets are left. */
  closeCredentials(credentials: readonly string[], at?: number): Promise<{ closed: number; left: number }>;
  /**
   * `{tenantId}/sorted-set/{key}` only: commands over this one key, in order and with nobody in between. One that answers an error has
   * changed nothing and does not undo the others, as in Redis; what throws has undone all. Each is a name and arguments as text, already
   * checked to name this key.
   */
  redis(commands: readonly (readonly string[])[]): Promise<RedisReply[]>;
}

/** What Redis answers: a value (numbers stay numbers, scores are text) or an error. */
export type RedisValue = string | number | null | readonly RedisValue[];
export type RedisReply = { readonly result: RedisValue } | { readonly error: string };
