import { accept, type Outcome } from "../../../contract/problems.ts";
import type { BoardQuestion, BoardQuestions } from "../../../contract/rpc/leaderboard.ts";
import type { ObjectsEnv } from "../../env.ts";
import { createKit, type ObjectKit } from "../../kit/object-kit.ts";
import { CountedSets } from "../../../core/live/leaderboard/counted-sets.ts";
import { Ahead } from "./ahead.ts";
import type { ArchivedPlayers } from "./archives.ts";
import { BatchDesk } from "./batches.ts";
import { FOLLOW_TIMER, FollowDesk } from "./follow.ts";
import { guardedKit } from "./guarded-kit.ts";
import { ImportDesk } from "./imports.ts";
import { figuresOf } from "./figures.ts";
import { LIVE_TIMER, LiveDesk } from "./live-desk.ts";
import type { BoardParts } from "./parts.ts";
import { ReadDesk } from "./reads.ts";
import { REMOVAL_TIMER, RemovalDesk } from "./removal.ts";
import type { ReviewDesk } from "./review-desk.ts";
import { Reviewing } from "./reviewing.ts";
import type { RewardStore } from "./rewards.ts";
import { LEADERBOARD_MIGRATIONS } from "./schema.ts";
import type { BaseStore } from "./sql-bases.ts";
import { SqlBatches } from "./sql-batches.ts";
import { SqlBook } from "./sql-book.ts";
import { SqlEntries } from "./sql-entries.ts";
import { SqlLog } from "./sql-log.ts";
import { SqlPlayers } from "./sql-players.ts";
import { SqlRuns } from "./sql-runs.ts";
import { SubmitDesk } from "./submit.ts";
import { SWEEP_TIMER, SweepDesk } from "./sweep.ts";
import type { WindowDesk } from "./window-desk.ts";
import { Windowing } from "./windowing.ts";

/** How each question is answered. */
type Answers = { readonly [Q in BoardQuestion]: (ask: BoardQuestions[Q]["ask"], now: number) => Outcome<BoardQuestions[Q]["answer"]> };

/** The parts of a board and its desks, put together. Made in the object's constructor; touches no storage. */
export class Board implements BoardParts {
  readonly kit: ObjectKit;
  readonly bucket: R2Bucket;
  readonly book: SqlBook;
  readonly sets: CountedSets;
  readonly windows: WindowDesk;
  readonly bases: BaseStore;
  readonly rewards: RewardStore;
  readonly archived: ArchivedPlayers;
  readonly log: SqlLog;
  readonly players: SqlPlayers;
  readonly runs: SqlRuns;
  readonly reviews: ReviewDesk;
  readonly live: LiveDesk;
  readonly ahead: Ahead;

  readonly reviewing: Reviewing;
  readonly submit: SubmitDesk;
  readonly batches: BatchDesk;
  readonly imports: ImportDesk;
  readonly removal: RemovalDesk;
  readonly sweep: SweepDesk;
  readonly #follow: FollowDesk;
  readonly #windowing: Windowing;
  readonly #answers: Answers;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    const { sql } = ctx.storage;
    const windowing = new Windowing(this, sql);
    const reviewing = new Reviewing(this, sql);
    const timers: Record<string, (now: number) => void | Promise<void>> = {
      ...windowing.timers,
      ...reviewing.timers,
      [FOLLOW_TIMER]: (now) => this.#followed(now),
      [SWEEP_TIMER]: (now) => this.sweep.tick(now),
      [LIVE_TIMER]: (now) => this.live.expire(now),
    };
    const kit = createKit(ctx, env, {
      kind: "leaderboard",
      migrations: LEADERBOARD_MIGRATIONS,
      registered: true,
      timers: { ...timers, [REMOVAL_TIMER]: async (now) => await this.removal.tick(now) },
      load: () => {
        this.forget();
        if (this.book.definition()?.state === "live") windowing.retention.arm(kit.now());
        this.live.restore();
      },
      forgetSubject: (subject) => reviewing.erasure.forgetSubject(subject),
    });
    this.kit = guardedKit(kit, () => this.forget());
    this.bucket = env.ARCHIVE;
    this.book = new SqlBook(sql);
    this.log = new SqlLog(
      sql,
      () => `${kit.address.tenantId}/${kit.address.name}`,
      () => this.sets.checkpointedSeq(),
    );
    const entries = new SqlEntries(sql);
    this.sets = new CountedSets(entries, this.log, { dense: () => this.book.definition()?.config.ranking === "dense" });
    this.players = new SqlPlayers(sql);
    this.ahead = new Ahead(() => this.windows, this.players, entries);
    this.runs = new SqlRuns(sql);
    this.live = new LiveDesk(ctx, env, this, (now) => figuresOf(this, now));
    this.reviews = reviewing.desk;
    this.#windowing = windowing;
    this.windows = windowing.desk;
    this.bases = windowing.bases;
    this.rewards = windowing.rewards;
    this.archived = windowing.erasure;

    this.reviewing = reviewing;
    const reads = new ReadDesk(this);
    this.#answers = {
      top: (ask, now) => reads.top(ask, now),
      entries: (ask, now) => reads.entries(ask, now),
      standing: (ask, now) => reads.standing(ask, now),
      around: (ask, now) => reads.around(ask, now),
      lookup: (ask, now) => reads.lookup(ask, now),
      search: (ask, now) => reads.search(ask, now),
      feed: (ask) => reads.feed(ask),
      figures: (_, now) => reads.figures(now),
      windows: (_, now) => accept({ items: [...windowing.desk.list(now)] }),
      rewards: (ask, now) => windowing.askRewards(ask, now),
      archive: (ask, now) => windowing.askArchive(ask, now),
      stats: (ask, now) => reviewing.players.stats(ask, now),
      reviews: (ask) => reviewing.desk.list(ask),
      review: ({ reviewId }) => reviewing.desk.review(reviewId),
    };
    const batches = new SqlBatches(sql);
    this.sweep = new SweepDesk(this.kit, [this.runs, batches]);
    this.#follow = new FollowDesk(this, this.log);
    this.submit = new SubmitDesk(this, this.#follow, (player, runId) => this.log.usedRun(player, runId));
    this.batches = new BatchDesk(this, { batches, ahead: this.ahead, submit: this.submit, sweep: this.sweep });
    this.imports = new ImportDesk(this, batches, this.submit, this.sweep, turn);
    this.removal = new RemovalDesk({ parts: this, book: this.book, timers: Object.keys(timers), forget: () => this.forget() });
  }

  /** Drops what memory holds of rows; everything is read anew when it is asked for. */
  forget(): void {
    this.ahead.end();
    this.book.reset();
    this.sets.reset();
    this.windows.reset();
    this.log.reset();
    this.reviews.reset();
  }

  /** One question, behind the gate. */
  answer<Q extends BoardQuestion>(question: Q, ask: BoardQuestions[Q]["ask"]): Outcome<BoardQuestions[Q]["answer"]> {
    return this.#answers[question](ask, this.kit.now());
  }

  #followed(now: number): void {
    this.#follow.tick(now);
    if (this.book.definition()?.state === "live") this.kit.transaction(() => this.#windowing.retention.look(now));
  }
}

/** Lets what waits have its turn. */
async function turn(): Promise<void> {
  await scheduler.wait(0);
}
