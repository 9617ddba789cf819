import * as z from "zod";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { RunReply } from "../../../contract/leaderboard-scores.ts";
import type { OpenRun, Runs } from "./runs.ts";

/** Runs that are open. A used one goes at once: that it was used stands in the log beside its score. */
export const RUN_TABLES = `
  CREATE TABLE runs (player TEXT, run_id TEXT, started_at INTEGER NOT NULL, PRIMARY KEY (player, run_id)) WITHOUT ROWID;`;

const SQL = {
  start: "INSERT INTO runs (player, run_id, started_at) VALUES (?, ?, ?)",
  // Ids begin with their time, so the first ones are the oldest.
  makeRoom: "DELETE FROM runs WHERE player = ? AND run_id NOT IN (SELECT run_id FROM runs WHERE player = ? ORDER BY run_id DESC LIMIT ?)",
  find: "SELECT started_at FROM runs WHERE player = ? AND run_id = ?",
  use: "DELETE FROM runs WHERE player = ? AND run_id = ?",
  forget: "DELETE FROM runs WHERE player = ? RETURNING 1",
  // Walks along the key: an index by time would cost a row with every run, and a walk reads only what is open.
  walk: "SELECT player, run_id, started_at FROM runs WHERE (player, run_id) > (?, ?) ORDER BY player, run_id LIMIT ?",
} as const;

const startedRow = z.object({ started_at: z.number() });
const runRow = startedRow.extend({ player: z.string(), run_id: z.string() });

const FIRST = { player: "", run_id: "" };

export class SqlRuns implements Runs {
  readonly #sql: SqlStorage;
  /** Where the sweep goes on; one that begins anew after an eviction does no harm. */
  #sweptTo: { readonly player: string; readonly run_id: string } = FIRST;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  start(player: string, runId: string, now: number): RunReply {
    this.#sql.exec(SQL.start, player, runId, now);
    this.#sql.exec(SQL.makeRoom, player, player, LEADERBOARD_LIMITS.openRuns);
    return {
      runId,
      startedAt: new Date(now).toISOString(),
      expiresAt: new Date(now + LEADERBOARD_LIMITS.runMaxMs).toISOString(),
    };
  }

  find(player: string, runId: string): OpenRun | undefined {
    const [row] = this.#sql.exec(SQL.find, player, runId).toArray();
    if (!row) return undefined;
    const startedAt = startedRow.parse(row).started_at;
    return { startedAt, expiresAt: startedAt + LEADERBOARD_LIMITS.runMaxMs };
  }

  use(player: string, runId: string): void {
    this.#sql.exec(SQL.use, player, runId);
  }

  forget(player: string): number {
    return this.#sql.exec(SQL.forget, player).toArray().length;
  }

  /**
   * Takes expired runs away, looking at no more than `limit` rows.
   * @returns whether there may be more to look at: `now` the rest of this walk, `later` runs that are still open, `none` there is no run
   */
  sweep(now: number, limit: number): "now" | "later" | "none" {
    const begins = this.#sweptTo === FIRST;
    const rows = runRow.array().parse(this.#sql.exec(SQL.walk, this.#sweptTo.player, this.#sweptTo.run_id, limit).toArray());
    let left = 0;
    for (const row of rows) {
      // Kept twice as long, so that what comes with one that has expired hears so.
      if (row.started_at + 2 * LEADERBOARD_LIMITS.runMaxMs <= now) this.use(row.player, row.run_id);
      else left += 1;
    }
    const last = rows.at(-1);
    if (last !== undefined && rows.length === limit) {
      this.#sweptTo = last;
      return "now";
    }
    this.#sweptTo = FIRST;
    return begins && left === 0 ? "none" : "later";
  }
}
