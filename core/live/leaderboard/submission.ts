import type { BoardConfig } from "../../../contract/leaderboards.ts";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { ScoreInput } from "../../../contract/leaderboard-scores.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import { partitionProblem } from "./partitions.ts";
import { scaleScore } from "./scores.ts";

/** A score as the board takes it: in its own numbers, with everything decided that the configuration decides. */
export interface Submission {
  readonly player: string;
  /** Undefined: the name that is known stays. */
  readonly name: string | undefined;
  /** As it was sent; rules judge this one. */
  readonly raw: number;
  /** Scaled; of a `sum` board the delta. */
  readonly score: number;
  readonly subscore: number | null;
  /** Epoch milliseconds when it happened. */
  readonly occurredAt: number;
  /** Values of partitions, one of a key at most. */
  readonly partitions: readonly string[];
  readonly durationMs: number | undefined;
  readonly runId: string | undefined;
  /** As JSON. */
  readonly metadata: string | null;
}

/**
 * Holds a score against the board's configuration.
 * @param mayDate whether the sender may say when it happened; otherwise it happens now
 * @param now epoch milliseconds of the server
 */
export function readSubmission(config: BoardConfig, input: ScoreInput, mayDate: boolean, now: number): Outcome<Submission> {
  const sums = config.operator === "sum";
  const raw = sums ? input.delta : input.score;
  if (raw === undefined)
    return sums
      ? bad("/score", "This board adds up. Send `delta` instead of `score`.")
      : bad("/delta", `This board keeps the ${config.operator} score. Send \`score\` instead of \`delta\`.`);
  const score = scaleScore(raw, config.decimals);
  if (score === undefined || (input.subscore !== undefined && !Number.isFinite(input.subscore))) return outOfRange();
  if (input.subscore !== undefined && config.subscore === null)
    return bad("/subscore", "This board breaks ties by time alone. Leave `subscore` out.");
  const occurredAt = timeOf(input, mayDate, now);
  if (!occurredAt.ok) return occurredAt;
  const partitions = partitionsOf(config, input);
  if (!partitions.ok) return partitions;
  const { player, name, durationMs, runId, metadata } = input;
  return accept({
    player,
    name,
    raw,
    score,
    subscore: config.subscore === null ? null : (input.subscore ?? 0),
    occurredAt: occurredAt.value,
    partitions: partitions.value,
    durationMs,
    runId,
    metadata: metadata === undefined ? null : JSON.stringify(metadata),
  });
}

export function outOfRange(): Outcome<never> {
  return refuse(
    "score-out-of-range",
    `The score, with the board's decimals, must be within ±${LEADERBOARD_LIMITS.scoreMax}, also when it is added up. Nothing was written.`,
  );
}

function timeOf({ occurredAt }: ScoreInput, mayDate: boolean, now: number): Outcome<number> {
  if (occurredAt === undefined) return accept(now);
  if (!mayDate) return bad("/occurredAt", "An end user's score happens when it arrives. Leave `occurredAt` out.");
  const at = Date.parse(occurredAt);
  // A sender's clock may be ahead by as much as a late score may be behind; the score still does not lie in the future.
  if (!(at <= now + LEADERBOARD_LIMITS.graceMs))
    return bad("/occurredAt", "This lies in the future. Send when it happened, or leave it out.");
  if (at < 0) return bad("/occurredAt", "This lies before 1970. Send when it happened.");
  return accept(Math.min(at, now));
}

function partitionsOf(config: BoardConfig, { partition }: ScoreInput): Outcome<readonly string[]> {
  const values = partition === undefined ? [] : typeof partition === "string" ? [partition] : partition;
  const problem = partitionProblem(config, values);
  return problem === undefined ? accept(values) : bad("/partition", problem);
}

function bad(pointer: string, detail: string): Outcome<never> {
  return refuse("invalid-body", detail, { errors: [{ pointer, detail }] });
}
