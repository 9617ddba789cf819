import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, vi } from "vitest";
import * as z from "zod";
import { type BoardConfig, boardConfigSchema } from "../../../contract/leaderboards.ts";
import type { ScoreInput, SubmitReply } from "../../../contract/leaderboard-scores.ts";
import type { Outcome } from "../../../contract/problems.ts";
import type { CallMeta } from "../../../contract/rpc/call.ts";
import type { BoardQuestion, BoardQuestions, LeaderboardRpc } from "../../../contract/rpc/leaderboard.ts";

export const meta: CallMeta = { requestId: "req-1", actor: "key:1", actorName: "Game server" };

/** A Wednesday, far ahead, so that alarms go off by hand only. */
export const START = Date.UTC(2031, 5, 11, 12);

/** A clock that stands, and a queue that hands nothing on. */
export function standStillAt(start: number = START): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: start });
    const taken = { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
    vi.spyOn(env.EVENTS, "sendBatch").mockResolvedValue(taken);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
}

/** A configuration with defaults for what a test does not care about. */
export function configOf(fields: z.input<typeof boardConfigSchema> | Partial<z.input<typeof boardConfigSchema>> = {}): BoardConfig {
  return boardConfigSchema.parse({ title: "Board", windows: ["all"], ...fields });
}

type BoardStub = ReturnType<typeof env.LEADERBOARDS.getByName>;

/** A board of a test's own. */
export class TestBoard {
  readonly stub: BoardStub;
  readonly rpc: LeaderboardRpc;

  constructor(name: string, tenant = "t-boards") {
    this.stub = env.LEADERBOARDS.getByName(`${tenant}/leaderboard/${name}`);
    this.rpc = this.stub as unknown as LeaderboardRpc; // the class implements it; the runtime's own types cannot say what readonly lists become
  }

  async configure(fields: Parameters<typeof configOf>[0] = {}, version = 1): Promise<this> {
    valueOf(await this.rpc.configure({ config: configOf(fields), version }, meta));
    return this;
  }

  /** @throws when it is refused */
  async submit(player: string, score: number, more: Partial<ScoreInput> = {}): Promise<SubmitReply> {
    return valueOf(await this.rpc.submit({ player, score, ...more }, "service", meta));
  }

  async add(player: string, delta: number, more: Partial<ScoreInput> = {}): Promise<SubmitReply> {
    return valueOf(await this.rpc.submit({ player, delta, ...more }, "service", meta));
  }

  /** @throws when it is refused */
  async ask<Q extends BoardQuestion>(question: Q, ask: BoardQuestions[Q]["ask"]): Promise<BoardQuestions[Q]["answer"]> {
    return valueOf(await this.rpc.ask(question, ask));
  }

  /** `player:score` of the first, best first. */
  async top(window = "all", partition?: string): Promise<string[]> {
    const { items } = await this.ask("top", { window, partition, limit: 100 });
    return items.map(({ player, score }) => `${player}:${score}`);
  }

  async batch(batchId: string, items: readonly unknown[]): ReturnType<LeaderboardRpc["submitBatch"]> {
    return await this.rpc.submitBatch(new TextEncoder().encode(JSON.stringify({ batchId, items })), meta);
  }

  async imports(batchId: string, lines: readonly unknown[]): ReturnType<LeaderboardRpc["importScores"]> {
    return await this.rpc.importScores(new TextEncoder().encode(lines.map((line) => JSON.stringify(line)).join("\n")), batchId, meta);
  }

  /** Memory is gone, storage stays. */
  async evict(): Promise<void> {
    await evictDurableObject(this.stub);
  }

  /** Rows of a query; no column that it asks for may be a blob. */
  async rows(query: string, ...params: (string | number)[]): Promise<Record<string, string | number | null>[]> {
    return await runInDurableObject(this.stub, (_, state) =>
      state.storage.sql.exec<Record<string, string | number | null>>(query, ...params).toArray(),
    );
  }

  /** Rows in each table of the board that has any, those of the kit left out. */
  async filled(): Promise<Record<string, number>> {
    return await runInDurableObject(this.stub, (_, state) => {
      const { sql } = state.storage;
      const names = sql
        .exec<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .toArray()
        .map(({ name }) => name)
        .filter((name) => !/^(kit_|_cf_|sqlite_)/.test(name));
      const counts = names.map((name) => [name, sql.exec<{ n: number }>(`SELECT count(*) AS n FROM "${name}"`).one().n] as const);
      return Object.fromEntries(counts.filter(([, n]) => n > 0));
    });
  }

  /** Names of the timers that are set, with the time until each. */
  async timers(): Promise<Record<string, number>> {
    const rows = await this.rows("SELECT name, due_at AS dueAt FROM kit_timer");
    const now = Date.now();
    return Object.fromEntries(rows.map(({ name, dueAt }) => [String(name), Number(dueAt) - now]));
  }

  /** Moves the clock and lets the alarm go off, again and again while something is due. */
  async passes(ms: number): Promise<void> {
    vi.setSystemTime(Date.now() + ms);
    for (let n = 0; n < 200; n++) {
      const due = Math.min(...Object.values(await this.timers()), Number.POSITIVE_INFINITY);
      if (due > 0 && n > 0) return;
      if (!(await runDurableObjectAlarm(this.stub))) return;
    }
    throw new Error("something is due for ever");
  }

  /** Runs work and answers what the object's SQL was asked meanwhile, with what each statement wrote. */
  async watched(work: () => Promise<unknown>): Promise<{ query: string; params: unknown[]; rows: number }[]> {
    const seen: { query: string; params: unknown[]; cursor: { rowsWritten: number } }[] = [];
    const restore = await runInDurableObject(this.stub, (_, state) => {
      const { sql } = state.storage;
      const exec = sql.exec.bind(sql);
      sql.exec = ((query: string, ...params: SqlStorageValue[]) => {
        const cursor = exec(query, ...params);
        seen.push({ query, params, cursor });
        return cursor;
      }) as typeof sql.exec;
      return () => void (sql.exec = exec);
    });
    await work();
    const told: { query: string; params: unknown[]; rows: number }[] = [];
    await runInDurableObject(this.stub, () => {
      restore();
      told.push(...seen.map(({ query, params, cursor }) => ({ query, params, rows: cursor.rowsWritten })));
    });
    return told;
  }

  /** Events that the object emits while work runs, in order. */
  async events(work: () => Promise<unknown>): Promise<z.infer<typeof bodySchema>[]> {
    const statements = (await this.watched(work)).filter(({ query }) => query.startsWith("INSERT INTO kit_outbox"));
    return statements
      .map(({ params }) => bodySchema.parse(JSON.parse(String(params[1]))))
      .filter(({ type }) => type !== "meridian.object.created");
  }
}

const bodySchema = z.object({ type: z.string(), subject: z.string(), data: z.record(z.string(), z.unknown()) });

/** The value of an outcome. @throws when it is a refusal */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.problem.slug}: ${outcome.problem.detail}`);
  return outcome.value;
}

export const slugOf = (outcome: Outcome<unknown>): string => (outcome.ok ? "ok" : outcome.problem.slug);
