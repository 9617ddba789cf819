import { cryptoRandom, uuidv7 } from "../../../contract/ids.ts";
import type { Reason, RunReply, ScoreInput, SubmitReply, Verdict, WindowResult } from "../../../contract/leaderboard-scores.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import type { Submitter } from "../../../contract/rpc/leaderboard.ts";
import { dayOfWindow, figuresAfter } from "../../../core/live/leaderboard/player-figures.ts";
import type { SetChange, SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";
import { applyRun } from "../../../core/live/leaderboard/rebuild.ts";
import { judge } from "../../../core/live/leaderboard/rules.ts";
import { scoreOf, unscale } from "../../../core/live/leaderboard/scores.ts";
import { standingOf } from "../../../core/live/leaderboard/standings.ts";
import { outOfRange, readSubmission, type Submission } from "../../../core/live/leaderboard/submission.ts";
import type { FollowDesk } from "./follow.ts";
import type { BoardNews } from "./live.ts";
import { milestoneOf } from "./milestones.ts";
import type { BoardParts } from "./parts.ts";
import type { PlayerRow } from "./players.ts";
import type { BoardSet } from "./windows.ts";

/** How scores come in: one by one with ranks in the answer, many at once without, or as history. */
export type Manner = "single" | "batch" | "import";

/** What became of a score. */
export interface Taken {
  readonly seq: number;
  readonly submissionId: string;
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  /** Of a single score that was not rejected: the player's standing in each ranking. */
  readonly windows: readonly WindowResult[];
  /** To be told once the transaction is over. */
  readonly news: BoardNews | undefined;
}

interface Entered {
  readonly set: BoardSet;
  readonly change: SetChange;
  readonly previousRank: number | null;
}

/**
 * Takes scores: rules, verdict, rankings, log, player. Runs inside the object's transaction. Everything that refuses comes before
 * the first write, so that a refused score of a batch leaves no trace among those that are taken.
 */
export class SubmitDesk {
  readonly #parts: BoardParts;
  readonly #follow: FollowDesk;
  readonly #usedRun: (player: string, runId: string) => boolean;

  constructor(parts: BoardParts, follow: FollowDesk, usedRun: (player: string, runId: string) => boolean) {
    this.#parts = parts;
    this.#follow = follow;
    this.#usedRun = usedRun;
  }

  startRun(player: string, now: number): Outcome<RunReply> {
    const suspended = suspensionOf(this.#heldOf(player, now) ?? this.#parts.reviews.keptBan(player, now));
    if (suspended) return suspended;
    return accept(this.#parts.runs.start(player, uuidv7(now, cryptoRandom), now));
  }

  /** One score, as `POST B/scores` takes it. */
  submit(input: ScoreInput, by: Submitter, now: number): Outcome<{ reply: SubmitReply; news: BoardNews | undefined }> {
    const taken = this.take(input, by, "single", now);
    if (!taken.ok) return taken;
    const { submissionId, verdict, reasons, windows, news } = taken.value;
    if (verdict === "rejected") return implausible(taken.value);
    return accept({ reply: { submissionId, verdict, reasons: [...reasons], windows: [...windows] }, news });
  }

  /** A rejected score is taken too: it is kept with its verdict, and enters nothing. */
  take(input: ScoreInput, by: Submitter, manner: Manner, now: number): Outcome<Taken> {
    const { book, windows } = this.#parts;
    const config = book.config();
    const read = readSubmission(config, input, by === "service", now);
    if (!read.ok) return read;
    const score = read.value;
    const held = this.#heldOf(score.player, now);
    const refused =
      suspensionOf(held ?? this.#parts.reviews.keptBan(score.player, now)) ?? this.#runRefusal(score, now) ?? this.#sumRefusal(score);
    if (refused) return refused;
    const { verdict, reasons } =
      manner === "import" ? ({ verdict: "accepted", reasons: [] } as const) : judge(config.rules, this.#judged(score, held, now));
    if (verdict === "rejected") return accept(this.#keepRejected(score, reasons, now));
    const entering = windows.entering(score.occurredAt, score.partitions, now, manner === "import" ? "import" : "score");
    if (!entering.ok) return entering;
    return accept(this.#keep(score, { verdict, reasons, sets: entering.value, held, manner }, now));
  }

  /** The player's row; a suspension that is over holds nobody back until its timer has run. */
  #heldOf(player: string, now: number): PlayerRow | undefined {
    const { players, reviews } = this.#parts;
    const held = players.find(player);
    if (held?.state !== "suspended" || held.suspendedUntil === null || held.suspendedUntil > now) return held;
    reviews.lift(player, now);
    return players.find(player);
  }

  /** What is wrong with the run itself, whatever the rules say: each is used once. */
  #runRefusal({ player, runId }: Submission, now: number): Outcome<never> | undefined {
    if (runId === undefined) return undefined;
    const run = this.#parts.runs.find(player, runId);
    if (run && run.expiresAt <= now) return refuse("run-expired", "The run began too long ago. Begin another one.");
    if (!run && this.#usedRun(player, runId)) return refuse("run-used", "A score was sent with this run already. Begin another one.");
    return undefined;
  }

  /** Before anything is written: whether the sum of any ranking would leave what can be kept. */
  #sumRefusal(score: Submission): Outcome<never> | undefined {
    const { book, sets, windows } = this.#parts;
    const config = book.config();
    if (config.operator !== "sum") return undefined;
    const { player } = score;
    const fits = windows
      .entered(score.occurredAt, score.partitions)
      .every(({ id }) => applyRun(config, player, sets.find(id, player), runOf(score)) !== undefined);
    return fits ? undefined : outOfRange();
  }

  #judged(score: Submission, held: PlayerRow | undefined, now: number): Parameters<typeof judge>[1] {
    const { runs, reviews } = this.#parts;
    const { runId, player } = score;
    return {
      score: score.raw,
      occurredAt: score.occurredAt,
      now,
      lastAt: held?.lastAt,
      durationMs: score.durationMs,
      run: runId === undefined ? undefined : (runs.find(player, runId) ?? "unknown"),
      typicalMs: () => reviews.typicalDurationMs(),
    };
  }

  #keepRejected(score: Submission, reasons: readonly Reason[], now: number): Taken {
    const { seq, submissionId } = this.#append(score, "rejected", reasons, "score", now);
    this.#parts.reviews.passed(seq);
    return { seq, submissionId, verdict: "rejected", reasons, windows: [], news: undefined };
  }

  #keep(
    score: Submission,
    how: {
      readonly verdict: Exclude<Verdict, "rejected">;
      readonly reasons: readonly Reason[];
      readonly sets: readonly BoardSet[];
      readonly held: PlayerRow | undefined;
      readonly manner: Manner;
    },
    now: number,
  ): Taken {
    const { reviews } = this.#parts;
    const { verdict, reasons, sets, held, manner } = how;
    const counts = verdict !== "quarantined";
    const entered = sets.map((set) => this.#enter(set, score, counts, manner === "single"));
    const { seq, submissionId } = this.#append(score, verdict, reasons, manner === "import" ? "import" : "score", now);
    const milestone = manner === "import" ? (held?.milestone ?? null) : milestoneOf(this.#parts, entered, held?.milestone ?? null);
    this.#putPlayer(score, held, counts, milestone);
    const durationMs = score.durationMs ?? null;
    if (counts) reviews.sample({ seq, score: score.score, durationMs });
    if (verdict !== "accepted") reviews.suspect({ seq, player: score.player, score: score.score, verdict, reasons, durationMs, at: now });
    const windows = manner === "single" ? entered.flatMap((one) => this.#result(one, now)) : [];
    const changes = entered.map(({ set, change }) => ({ set, change })).filter(({ change }) => change.before !== change.after);
    const tells = manner !== "import" && counts;
    const news: BoardNews | undefined = tells ? { type: "score", player: score.player, at: now, changes } : undefined;
    return { seq, submissionId, verdict, reasons, windows, news };
  }

  /** A run that does not count leaves the entry where it is. */
  #enter(set: BoardSet, score: Submission, counts: boolean, ranks: boolean): Entered {
    const { book, sets } = this.#parts;
    const config = book.config();
    const held = sets.find(set.id, score.player);
    const previousRank = ranks && held ? sets.rankOf(set.id, held, config.ranking) : null;
    const next = counts ? applyRun(config, score.player, held, runOf(score)) : held;
    if (counts && next === undefined) throw new Error("a sum that was within its range no longer is");
    const change =
      next === undefined || next === held ? { set: set.id, before: held ?? null, after: held ?? null } : sets.put(set.id, next);
    return { set, change, previousRank };
  }

  #append(score: Submission, verdict: Verdict, reasons: readonly Reason[], kind: "score" | "import", now: number) {
    const { book, log, runs, sets } = this.#parts;
    const { player, occurredAt, subscore, partitions, metadata, runId } = score;
    book.fix();
    if (runId !== undefined) runs.use(player, runId);
    const appended = log.append(
      {
        kind,
        player,
        at: now,
        occurredAt,
        score: score.score,
        subscore,
        verdict,
        reasons,
        durationMs: score.durationMs ?? null,
        runId: runId ?? null,
        partitions,
        metadata,
        removed: false,
      },
      sets.takeChanges(),
    );
    sets.checkpoint(appended.seq);
    this.#follow.grew(now);
    return appended;
  }

  #putPlayer(score: Submission, held: PlayerRow | undefined, counts: boolean, milestone: number | null): void {
    const { book, players, windows } = this.#parts;
    const { player, occurredAt } = score;
    const name = score.name ?? held?.name ?? null;
    const standing = { player, name, state: held?.state ?? "active", suspendedUntil: held?.suspendedUntil ?? null, milestone } as const;
    const run = { score: score.score, occurredAt, day: dayOfWindow(windows.fullName("daily", occurredAt)) };
    const untouched = held ?? { ...NOBODY, firstAt: occurredAt, lastAt: occurredAt };
    const figures = counts
      ? figuresAfter(held, run, book.config().order)
      : { ...untouched, lastAt: Math.max(untouched.lastAt, occurredAt) };
    players.put({ ...figures, ...standing }, held);
  }

  /** The player's standing after the change; nothing where there is no entry, as with the first run of all in quarantine. */
  #result({ set, change, previousRank }: Entered, now: number): WindowResult[] {
    const { book, sets } = this.#parts;
    const config = book.config();
    const key: SortKey | null = change.after;
    if (!key) return [];
    const { scaled, subscore } = scoreOf(config, key);
    return [
      {
        window: set.window,
        partition: set.partition,
        score: unscale(scaled, config.decimals),
        subscore,
        ...standingOf(sets, set.id, key, config.ranking),
        previousRank,
        exactness: "exact",
        asOf: new Date(now).toISOString(),
      },
    ];
  }
}

const NOBODY = { runs: 0, total: 0, best: null, streakDays: 0, lastDay: 0 } as const;

/** The refusal of a rejected score, which is kept all the same: its id is in the problem. */
export function implausible({ submissionId, reasons }: Taken): Outcome<never> {
  return refuse("score-implausible", reasons.map(({ detail }) => detail).join(" "), { extra: { submissionId, reasons } });
}

function suspensionOf(held: Pick<PlayerRow, "state" | "suspendedUntil"> | undefined): Outcome<never> | undefined {
  if (held === undefined || held.state === "active") return undefined;
  const until = held.suspendedUntil === null ? "" : ` until ${new Date(held.suspendedUntil).toISOString()}`;
  return refuse("player-suspended", `The player is suspended from this board${until}.`);
}

function runOf({ score, subscore, occurredAt }: Submission): Parameters<typeof applyRun>[3] {
  return { score, subscore, at: occurredAt };
}
