import * as z from "zod";
import { isPlayerId, isShown, LEADERBOARD_LIMITS as L, PARTITION_PATTERN } from "./leaderboard-limits.ts";
import { asProblem } from "./problems.ts";

// Scores on their way in, and what is answered.

export const playerSchema = z
  .string()
  .max(512)
  .refine(isPlayerId, { ...asProblem("invalid-id"), message: `Send 1-${L.playerBytes} bytes without control characters, and not . or ..` });

const metadata = z
  .record(z.string().max(64), z.unknown())
  .refine((value) => new TextEncoder().encode(JSON.stringify(value)).byteLength <= L.metadataBytes, {
    ...asProblem("payload-too-large"),
    message: `Send at most ${L.metadataBytes} bytes of metadata as JSON`,
  });
const finite = z.number().refine(Number.isFinite, { ...asProblem("score-out-of-range"), message: "Send a finite number" });
const partition = z.string().regex(PARTITION_PATTERN, "a partition's value");

const scoreShape = {
  player: playerSchema,
  /** As lists show it; the last one counts. */
  name: z
    .string()
    .min(1)
    .max(L.nameChars)
    .refine(isShown, { ...asProblem("invalid-name"), message: "Send a name without control characters" })
    .optional(),
  /** `score` on boards that keep the best or latest, `delta` on those that sum. */
  score: finite.optional(),
  delta: finite.optional(),
  subscore: finite.optional(),
  runId: z.string().min(1).max(64).optional(),
  durationMs: z.number().int().min(0).max(L.runMaxMs).optional(),
  /** Of services only: when it happened; decides the window. */
  occurredAt: z.iso.datetime({ offset: true }).optional(),
  /** One value of each key at most. */
  partition: z.union([partition, z.array(partition).max(L.partitions)]).optional(),
  metadata: metadata.optional(),
};
const isEither = ({ score, delta }: { score?: number | undefined; delta?: number | undefined }) =>
  (score === undefined) !== (delta === undefined);
const EITHER = { path: ["score"], message: "Send either score or delta" };
export const scoreSchema = z.strictObject(scoreShape).refine(isEither, EITHER);
export type ScoreInput = z.infer<typeof scoreSchema>;
/** `POST B/scores`: end users need not name themselves, and can name nobody else. */
export const submitSchema = z.strictObject({ ...scoreShape, player: playerSchema.optional() }).refine(isEither, EITHER);

/** `accepted` and `flagged` count; `quarantined` counts once a reviewer has cleared it; `rejected` is kept and never counts. */
export const VERDICTS = ["accepted", "flagged", "quarantined", "rejected"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Why a rule acted: its type, and what it saw in words. */
export const reasonSchema = z.object({ rule: z.string(), action: z.string(), detail: z.string() });
export type Reason = z.infer<typeof reasonSchema>;

/** `exact`: no player is counted twice or left out. `merged` is for boards of several objects, which are to come. */
export const exactnessSchema = z.enum(["exact", "merged"]);

/** One rank, wherever one is said. */
export const rankSchema = z.object({
  rank: z.number().int(),
  total: z.number().int(),
  /** Of all players of the window this many percent are not better: 100 is the first. */
  percentile: z.number(),
  exactness: exactnessSchema,
  asOf: z.iso.datetime(),
});

/** What a score did to one ranking; a player's standing there, whether or not it moved. */
export const windowResultSchema = rankSchema.extend({
  /** `daily:2026-11-20`; with a partition `daily:2026-11-20` beside `partition: "eu"`. */
  window: z.string(),
  partition: z.string().nullable(),
  score: z.number(),
  subscore: z.number().nullable(),
  previousRank: z.number().int().nullable(),
});
export type WindowResult = z.infer<typeof windowResultSchema>;

export const submitReplySchema = z.object({
  submissionId: z.string(),
  verdict: z.enum(VERDICTS),
  reasons: z.array(reasonSchema),
  windows: z.array(windowResultSchema),
});
export type SubmitReply = z.infer<typeof submitReplySchema>;

export const runReplySchema = z.object({ runId: z.string(), startedAt: z.iso.datetime(), expiresAt: z.iso.datetime() });
export type RunReply = z.infer<typeof runReplySchema>;
/** End users need not name themselves. */
export const runStartSchema = z.strictObject({ player: playerSchema.optional() });

export const scoreBatchSchema = z.strictObject({
  /** The same id again is answered like the first time, within 24 h. */
  batchId: z.string().min(1).max(L.batchIdChars),
  items: z.array(scoreSchema).min(1).max(L.batchItems),
});

/** Per item, in the order sent: what `POST B/scores` would have said; a refusal refuses only itself. */
export const batchItemReplySchema = z.union([
  z.object({ ok: z.literal(true), submissionId: z.string(), verdict: z.enum(VERDICTS), reasons: z.array(reasonSchema) }),
  z.object({
    ok: z.literal(false),
    type: z.string(),
    detail: z.string(),
    submissionId: z.string().optional(),
    reasons: z.array(reasonSchema).optional(),
  }),
]);
export type BatchItemReply = z.infer<typeof batchItemReplySchema>;
export const scoreBatchReplySchema = z.object({ duplicate: z.boolean(), accepted: z.number().int(), items: z.array(batchItemReplySchema) });
export type ScoreBatchReply = z.infer<typeof scoreBatchReplySchema>;

/** A line of an import: a score of its own time, without rules, pushes or rewards. */
export const importLineSchema = z
  .strictObject({ ...scoreShape, occurredAt: z.iso.datetime({ offset: true }) })
  .omit({ runId: true })
  .refine(isEither, EITHER);
export type ImportLine = z.infer<typeof importLineSchema>;
export const importReplySchema = z.object({
  duplicate: z.boolean(),
  imported: z.number().int(),
  refused: z.number().int(),
  /** The first refused lines, from 1. */
  errors: z.array(z.object({ line: z.number().int(), detail: z.string() })),
});
export type ImportReply = z.infer<typeof importReplySchema>;
