import * as z from "zod";
import type { PlayerRow, PlayerStore } from "./players.ts";

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
  // The name apart: naming it here would write its index anew with every score.
  put: `INSERT INTO players (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (player) DO UPDATE SET ${FIGURES.map((column) => `${column} = excluded.${column}`).join(", ")}`,
  rename: "UPDATE players SET name = ?, folded = ? WHERE player = ? AND name IS NOT ?",
  names: "SELECT player, name FROM players WHERE name IS NOT NULL AND player IN (SELECT value FROM json_each(?))",
  byName: `SELECT ${COLUMNS} FROM players WHERE folded >= ? AND folded < ? || char(1114111) ORDER BY folded, player LIMIT ?`,
  remove: "DELETE FROM players WHERE player = ?",
} as const;

const playerRow = z
  .object({
    player: z.string(),
    name: z.string().nullable(),
    state: z.enum(["active", "suspended", "banned"]),
    suspended_until: z.number().nullable(),
    runs: z.number(),
    total: z.number(),
    best: z.number().nullable(),
    streak_days: z.number(),
    last_day: z.number(),
    first_at: z.number(),
    last_at: z.number(),
    milestone: z.number().nullable(),
  })
  .transform((row): PlayerRow => ({
    player: row.player,
    name: row.name,
    state: row.state,
    suspendedUntil: row.suspended_until,
    runs: row.runs,
    total: row.total,
    best: row.best,
    streakDays: row.streak_days,
    lastDay: row.last_day,
    firstAt: row.first_at,
    lastAt: row.last_at,
    milestone: row.milestone,
  }));
const nameRow = z.object({ player: z.string(), name: z.string() });

export class SqlPlayers implements PlayerStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(player: string): PlayerRow | undefined {
    const [row] = this.#sql.exec(SQL.find, player).toArray();
    return row && playerRow.parse(row);
  }

  put(row: PlayerRow): void {
    const folded = row.name === null ? null : folding(row.name);
    this.#sql.exec(
      SQL.put,
      row.player,
      row.name,
      folded,
      row.state,
      row.suspendedUntil,
      row.runs,
      row.total,
      row.best,
      row.streakDays,
      row.lastDay,
      row.firstAt,
      row.lastAt,
      row.milestone,
    );
    this.#sql.exec(SQL.rename, row.name, folded, row.player, row.name);
  }

  names(players: readonly string[]): ReadonlyMap<string, string> {
    const rows = nameRow.array().parse(this.#sql.exec(SQL.names, JSON.stringify(players)).toArray());
    return new Map(rows.map(({ player, name }) => [player, name]));
  }

  byName(prefix: string, limit: number): readonly PlayerRow[] {
    const folded = folding(prefix);
    return playerRow.array().parse(this.#sql.exec(SQL.byName, folded, folded, limit).toArray());
  }

  remove(player: string): void {
    this.#sql.exec(SQL.remove, player);
  }
}

/** As names are compared: without case, and one spelling for what looks the same. */
function folding(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}
