import * as z from "zod";
import { decodeCursor, encodeCursor } from "../../../contract/cursor.ts";
import type { RewardGrant } from "../../../contract/leaderboard-reads.ts";
import type { Page } from "../../../contract/pages.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";

/** Who was given what when a window closed. One of each window, ranking, player and reward. */
export const REWARD_TABLES = `
  CREATE TABLE rewards (
    id INTEGER PRIMARY KEY,
    window TEXT NOT NULL,
    part TEXT NOT NULL,
    player TEXT NOT NULL,
    reward TEXT NOT NULL,
    rank INTEGER NOT NULL,
    granted_at INTEGER NOT NULL,
    UNIQUE (player, window, part, reward)
  ) STRICT;
  CREATE INDEX rewards_window ON rewards (window);
`;

const COLUMNS = "id, window, part, player, reward, rank, granted_at";
const SQL = {
  grant: `INSERT INTO rewards (window, part, player, reward, rank, granted_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (player, window, part, reward) DO NOTHING RETURNING 1`,
  page: `SELECT ${COLUMNS} FROM rewards WHERE window = ? AND id > ? ORDER BY id LIMIT ?`,
  ofPlayer: `SELECT ${COLUMNS} FROM rewards WHERE player = ? ORDER BY id DESC LIMIT ?`,
  forget: "DELETE FROM rewards WHERE id IN (SELECT id FROM rewards WHERE player = ? LIMIT ?) RETURNING 1",
  dropWindow: "DELETE FROM rewards WHERE id IN (SELECT id FROM rewards WHERE window = ? LIMIT ?) RETURNING 1",
} as const;

const rewardRow = z
  .object({
    id: z.number(),
    window: z.string(),
    part: z.string(),
    player: z.string(),
    reward: z.string(),
    rank: z.number(),
    granted_at: z.number(),
  })
  .transform((row): RewardGrant & { readonly id: number } => ({
    id: row.id,
    window: row.window,
    partition: row.part === "" ? null : row.part,
    player: row.player,
    reward: row.reward,
    rank: row.rank,
    grantedAt: new Date(row.granted_at).toISOString(),
  }));

/** What others ask of the rewards: the reviewers' side, and an erasure. */
export interface GrantedRewards {
  /** The latest first. */
  ofPlayer(player: string, limit: number): RewardGrant[];
  /** @returns how many went; fewer than `limit`: none is left */
  forget(player: string, limit: number): number;
}

/** Rows of {@link REWARD_TABLES}. */
export class RewardStore implements GrantedRewards {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @returns whether it is new: a window, however often it is closed, gives a player a reward once */
  grant(grant: Omit<RewardGrant, "grantedAt">, now: number): boolean {
    const { window, partition, player, reward, rank } = grant;
    return this.#sql.exec(SQL.grant, window, partition ?? "", player, reward, rank, now).toArray().length > 0;
  }

  /** In the order they were granted: ranking by ranking, the first rank first. */
  page(window: string, limit: number, cursor: string | undefined): Outcome<Page<RewardGrant>> {
    const after = cursor === undefined ? [0] : decodeCursor(cursor, ["number"]);
    if (!after) return refuse("invalid-parameter", "Send a cursor that a list of rewards gave.", { errors: [CURSOR] });
    const rows = this.#read(SQL.page, window, Number(after[0]), limit + 1);
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return accept({
      items: items.map(({ id: _, ...grant }) => grant),
      nextCursor: rows.length > limit && last ? encodeCursor([last.id]) : null,
    });
  }

  ofPlayer(player: string, limit: number): RewardGrant[] {
    return this.#read(SQL.ofPlayer, player, limit).map(({ id: _, ...grant }) => grant);
  }

  forget(player: string, limit: number): number {
    return this.#sql.exec(SQL.forget, player, limit).toArray().length;
  }

  /** @returns how many went; fewer than `limit`: none is left */
  dropWindow(window: string, limit: number): number {
    return this.#sql.exec(SQL.dropWindow, window, limit).toArray().length;
  }

  #read(statement: string, ...bindings: SqlStorageValue[]): (RewardGrant & { readonly id: number })[] {
    return this.#sql
      .exec(statement, ...bindings)
      .toArray()
      .map((row) => rewardRow.parse(row));
  }
}

const CURSOR = { pointer: "?cursor", detail: "not a cursor of this list" };
