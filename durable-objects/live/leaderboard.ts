import { DurableObject } from "cloudflare:workers";
import { NO_FAILPOINTS } from "../../contract/failpoints.ts";
import type { Decision, DecisionReply, Entries, Standing } from "../../contract/leaderboard-reads.ts";
import type { ImportReply, RunReply, ScoreBatchReply, ScoreInput, SubmitReply } from "../../contract/leaderboard-scores.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type {
  BoardDefinition,
  BoardQuestion,
  BoardQuestions,
  LeaderboardRpc,
  PlayerQuestion,
  RedisReply,
  SentScore,
  Submitter,
} from "../../contract/rpc/leaderboard.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import { readBatch } from "../../core/live/leaderboard/batch-reader.ts";
import type { ObjectsEnv } from "../env.ts";
import type { ObjectKit } from "../kit/object-kit.ts";
import { answerProblem } from "./admission.ts";
import { digestOf } from "./leaderboard/batches.ts";
import { Board } from "./leaderboard/board.ts";
import { eachByItself } from "./leaderboard/each-by-itself.ts";
import { Gathering } from "./leaderboard/gathering.ts";
import type { BoardNews } from "./leaderboard/live.ts";
import { createSortedSet, isSortedSet, type SortedSet } from "./leaderboard/sorted-set.ts";
import { wasConfigured } from "./leaderboard/sql-book.ts";

/** `{tenantId}/leaderboard/{board}`: one board. Also `{tenantId}/sorted-set/{key}`, of the Redis protocol, which is nothing else. */
export class Leaderboard extends DurableObject<ObjectsEnv> implements LeaderboardRpc {
  readonly #board: Board | undefined;
  readonly #sortedSet: SortedSet | undefined;
  readonly #kit: ObjectKit;
  readonly #gathering = new Gathering();
  /** Once there, a board's tables stay as long as the object. */
  #wasConfigured = false;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    if (isSortedSet(ctx)) {
      const sortedSet = createSortedSet(ctx, env);
      [this.#sortedSet, this.#kit] = [sortedSet, sortedSet.kit];
    } else {
      const board = new Board(ctx, env);
      [this.#board, this.#kit] = [board, board.kit];
    }
  }

  async configure(definition: BoardDefinition, meta: CallMeta): Promise<Outcome<{ version: number }>> {
    const board = this.#board;
    return board ? await board.kit.change(meta, () => board.book.configure(definition)) : noBoard();
  }

  async remove(meta: CallMeta): Promise<Outcome<null>> {
    const outcome = await this.#change(meta, (board, now) => {
      board.removal.begin(now);
      return accept(null);
    });
    if (outcome.ok) this.#board?.live.gone();
    return outcome;
  }

  async startRun(player: string, meta: CallMeta): Promise<Outcome<RunReply>> {
    return await this.#change(meta, (board, now) => {
      const begun = board.submit.startRun(player, now);
      if (begun.ok) board.sweep.expect(now);
      return begun;
    });
  }

  async submit(input: ScoreInput, by: Submitter, meta: CallMeta): Promise<Outcome<SubmitReply>> {
    await this.#gathering.join();
    return await this.#submit({ input, by, meta });
  }

  async submitMany(scores: readonly SentScore[]): Promise<Outcome<SubmitReply>[]> {
    await this.#gathering.join();
    const players = scores.map(({ input }) => input.player);
    return await this.#readingAhead(
      ({ ahead, kit }) => ahead.scores(players, kit.now()),
      async () => await eachByItself(scores, async (score) => await this.#submit(score)),
    );
  }

  async submitBatch(batch: Uint8Array, meta: CallMeta): Promise<Outcome<ScoreBatchReply>> {
    const read = readBatch(batch);
    if (!read.ok) return read;
    const sent = { ...read.value, digest: digestOf(batch) };
    const news: BoardNews[] = [];
    // Its id makes it one of a kind: an answer for a repetition is kept there, and small.
    const outcome = await this.#change(undefined, (board, now) => {
      const taken = board.batches.submit(sent, meta.actor, now);
      if (!taken.ok) return taken;
      news.push(...taken.value.news);
      return accept(taken.value.reply);
    });
    await this.#committed(news);
    return outcome;
  }

  async importScores(lines: Uint8Array, batchId: string, meta: CallMeta): Promise<Outcome<ImportReply>> {
    return await this.#with(async (board) => await board.imports.run(lines, batchId, meta.actor));
  }

  async ask<Q extends BoardQuestion>(question: Q, ask: BoardQuestions[Q]["ask"]): Promise<Outcome<BoardQuestions[Q]["answer"]>> {
    return await this.#with((board) => board.answer(question, ask));
  }

  async askMany(questions: readonly PlayerQuestion[]): Promise<Outcome<Standing | Entries>[]> {
    return await this.#readingAhead(
      ({ ahead, kit }) => ahead.questions(questions, kit.now()),
      async () => await eachByItself(questions, async ({ question, ask }) => await this.ask(question, ask)),
    );
  }

  async decide(reviewId: string, decision: Decision, meta: CallMeta): Promise<Outcome<DecisionReply>> {
    return await this.#with(async (board) => await board.reviewing.decide(reviewId, decision, meta));
  }

  async erasePlayer(player: string, _meta: CallMeta, ban: "keep" | "lift" = "keep"): Promise<Outcome<null>> {
    return await this.#with(async (board) => await board.reviewing.erasure.erase(player, ban === "lift"));
  }

  override async fetch(request: Request): Promise<Response> {
    const answer = await this.#with((board) => accept(board.live.fetch(request)));
    return answer.ok ? answer.value : answerProblem(answer.problem);
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await this.#kit.ready();
    this.#board?.live.message(socket, message);
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    this.#board?.live.closing(socket, code, reason);
    await this.webSocketError(socket);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#kit.ready();
    this.#board?.live.left(socket);
  }

  async closeCredentials(credentials: readonly string[], at?: number): Promise<{ closed: number; left: number }> {
    const answer = await this.#with((board) => accept(board.live.closeCredentials(credentials, at)));
    if (!answer.ok && answer.problem.slug !== "not-found") throw new Error(answer.problem.detail);
    return answer.ok ? answer.value : { closed: 0, left: 0 };
  }

  async maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>> {
    return await this.#kit.maintain(order);
  }

  override async alarm(): Promise<void> {
    await this.#kit.alarm();
  }

  async outboxStatus(): Promise<{ depth: number; oldestAt: number | null }> {
    return await this.#kit.read(() => this.#kit.outbox.status());
  }

  async confirmOutbox(seqs: readonly number[]): Promise<void> {
    await this.#kit.ready();
    this.#kit.transaction(() => this.#kit.outbox.confirm(seqs));
  }

  async redis(commands: readonly (readonly string[])[]): Promise<RedisReply[]> {
    return (await this.#sortedSet?.desk.run(commands)) ?? [];
  }

  async #submit({ input, by, meta }: SentScore): Promise<Outcome<SubmitReply>> {
    const news: BoardNews[] = [];
    const outcome = await this.#change(meta, (board, now) => {
      const taken = board.submit.submit(input, by, now);
      if (!taken.ok) return taken;
      if (taken.value.news) news.push(taken.value.news);
      return accept(taken.value.reply);
    });
    await this.#committed(news);
    return outcome;
  }

  /** Answers calls that crossed together with their rows read at once. A board that is not there, or fails, says so to each by itself. */
  async #readingAhead<T>(read: (board: Board) => void, answer: () => Promise<T>): Promise<T> {
    try {
      await this.#with((board) => accept(read(board))).catch(() => undefined); // a row that cannot be read fails those alone who ask for it
      return await answer();
    } finally {
      this.#board?.ahead.end();
    }
  }

  /** Works with a board that is there. One that never was is not opened: asking for a name must not make an object of it. */
  async #with<T>(work: (board: Board) => Outcome<T> | Promise<Outcome<T>>): Promise<Outcome<T>> {
    const board = this.#board;
    if (!board) return noBoard();
    this.#wasConfigured ||= wasConfigured(this.ctx.storage.sql);
    if (!this.#wasConfigured) return noBoard();
    try {
      await board.kit.ready();
    } catch {
      // The kit has logged why.
      return refuse("unavailable", "The board cannot be opened at the moment. Try again in a few seconds.", { retryAfterS: 5 });
    }
    return isThere(board) ? await work(board) : noBoard();
  }

  async #change<T>(meta: CallMeta | undefined, work: (board: Board, now: number) => Outcome<T>): Promise<Outcome<T>> {
    // Looked at again inside: its removal may have begun in between.
    return await this.#with(async (board) => await board.kit.change(meta, (now) => (isThere(board) ? work(board, now) : noBoard())));
  }

  /** After a change: tells those who listen. Crash tests end the process here. */
  async #committed(news: readonly BoardNews[]): Promise<void> {
    for (const one of news) this.#board?.live.tell(one);
    if (this.#kit.failpoint === NO_FAILPOINTS) return;
    await this.ctx.storage.sync();
    this.#kit.failpoint("committed");
  }
}

function isThere({ book }: Board): boolean {
  return book.definition()?.state === "live";
}

function noBoard(): Outcome<never> {
  return refuse("not-found", "There is no such board.");
}
