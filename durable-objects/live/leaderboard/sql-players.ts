import * as z from "zod";
import type { PlayerRow, PlayerStore } from "./players.ts";
import { ReadAhead, readableAhead } from "./read-ahead.ts";

export const PLAYER_TABLES = `
  CREATE TABLE players (
    player TEXT PRIMARY KEY, name TEXT, folded TEXT, state TEXT NOT NULL, suspended_until INTEGER, runs INTEGER NOT NULL,
    total REAL NOT NULL, best INTEGER, streak_days INTEGER NOT NULL, last_day INTEGER NOT NULL, first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL, milestone INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX players_name ON players (folded, player) WHERE folded IS NOT NULL;`;

const FIGURES = [
  "state",
  "suspended_until",
  "runs",
  "total",
  "best",
  "streak_days",
  "last_day",
  "first_at",
  "last_at",
  "milestone",
] as const;
const COLUMNS = ["player", "name", "folded", ...FIGURES].join(", ");
const SQL = {
  find: `SELECT ${COLUMNS} FROM players WHERE player = ?`,
  findAll: `SELECT ${COLUMNS} FROM players WHERE player IN (SELECT value FROM json_each(?))`,
  // The name apart: naming it here would write its index anew with every score.
  update: `UPDATE players SET ${FIGURES.map((column) => `${column} = ?`).join(", ")} WHERE player = ?`,
  put: `INSERT INTO players (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (player) DO UPDATE SET ${FIGURES.map((column) => `${column} = excluded.${column}`).join(", ")}`,
  rename: "UPDATE players SET name = ?, folded = ? WHERE player = ?",
  names: "SELECT player, name FROM players WHERE name IS NOT NULL AND player IN (SELECT value FROM json_each(?))",
  byName: `SELECT ${COLUMNS} FROM players WHERE folded >= ? AND folded < ? || char(1114111) ORDER BY folded, player LIMIT ?`,
  remove: "DELETE FROM players WHERE player = ?",
} as const;

type Raw = readonly SqlStorageValue[];
const STATES = ["active", "suspended", "banned"] as const;

const nameRow = z.object({ player: z.string(), name: z.string() });

export class SqlPlayers implements PlayerStore {
  readonly #sql: SqlStorage;
  readonly #ahead = new ReadAhead<PlayerRow>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Until `endAhead`, rows of these players are found without asking for each. At most a batch of them. */
  readAhead(players: readonly string[]): void {
    const keys = readableAhead(players);
    const rows = Array.from(this.#sql.exec(SQL.findAll, JSON.stringify(keys)).raw(), playerOf);
    this.#ahead.fill(
      keys,
      rows.map((row) => [row.player, row]),
    );
  }

  endAhead(): void {
    this.#ahead.end();
  }

  find(player: string): PlayerRow | undefined {
    return this.#ahead.get(player, () => this.#find(player));
  }

  put(row: PlayerRow, held: PlayerRow | undefined): void {
    const { player, name, state, suspendedUntil, runs, total, best, streakDays, lastDay, firstAt, lastAt, milestone } = row;
    const figures = [state, suspendedUntil, runs, total, best, streakDays, lastDay, firstAt, lastAt, milestone];
    this.#ahead.forget(player);
    // Somebody whom a decision made known has no row yet.
    const isThere = held !== undefined && this.#sql.exec(SQL.update, ...figures, player).rowsWritten > 0;
    if (isThere && held.name === name) return;
    const folded = name === null ? null : folding(name);
    if (isThere) this.#sql.exec(SQL.rename, name, folded, player);
    else this.#sql.exec(SQL.put, player, name, folded, ...figures);
  }

  names(players: readonly string[]): ReadonlyMap<string, string> {
    const rows = nameRow.array().parse(this.#sql.exec(SQL.names, JSON.stringify(players)).toArray());
    return new Map(rows.map(({ player, name }) => [player, name]));
  }

  byName(prefix: string, limit: number): readonly PlayerRow[] {
    const folded = folding(prefix);
    return Array.from(this.#sql.exec(SQL.byName, folded, folded, limit).raw(), playerOf);
  }

  remove(player: string): void {
    this.#ahead.forget(player);
    this.#sql.exec(SQL.remove, player);
  }

  #find(player: string): PlayerRow | undefined {
    const { value } = this.#sql.exec(SQL.find, player).raw().next();
    return value && playerOf(value);
  }
}

/** As names are compared: without case, and one spelling for what looks the same. */
function folding(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

/** Read with every score, so by hand. The columns as {@link COLUMNS} names them. */
function playerOf(row: Raw): PlayerRow {
  return {
    player: text(row[0]) ?? missing(),
    name: text(row[1]),
    state: STATES.find((state) => state === row[3]) ?? missing(),
    suspendedUntil: number(row[4]),
    runs: number(row[5]) ?? missing(),
    total: number(row[6]) ?? missing(),
    best: number(row[7]),
    streakDays: number(row[8]) ?? missing(),
    lastDay: number(row[9]) ?? missing(),
    firstAt: number(row[10]) ?? missing(),
    lastAt: number(row[11]) ?? missing(),
    milestone: number(row[12]),
  };
}

function text(value: SqlStorageValue | undefined): string | null {
  return value === null || typeof value === "string" ? value : missing();
}

function number(value: SqlStorageValue | undefined): number | null {
  return value === null || typeof value === "number" ? value : missing();
}

function missing(): never {
  throw new Error("a player's row that no writer makes");
}
