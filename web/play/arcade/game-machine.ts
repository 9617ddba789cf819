/** The reaction game: nine cells, one is lit; whoever presses it soon gets many points. */
export const GAME = {
  durationMs: 20_000,
  cells: 9,
  /** Points of a hit at once; each eight milliseconds cost one, down to the least. */
  most: 100,
  least: 10,
  msPerPoint: 8,
  /** Of a wrong cell; the sum never goes below zero. */
  missed: 20,
} as const;

export interface Game {
  readonly phase: "running" | "over";
  /** In the clock of whoever calls, milliseconds. */
  readonly startedAt: number;
  readonly lit: number;
  readonly litAt: number;
  readonly score: number;
  readonly hits: number;
  readonly misses: number;
}

/** @param random in [0, 1) */
export function startGame(now: number, random: number): Game {
  return { phase: "running", startedAt: now, lit: Math.floor(random * GAME.cells), litAt: now, score: 0, hits: 0, misses: 0 };
}

/** A cell was pressed, from 0. */
export function press(game: Game, cell: number, now: number, random: number): Game {
  const current = tick(game, now);
  if (current.phase === "over") return current;
  if (cell !== current.lit) return { ...current, score: Math.max(0, current.score - GAME.missed), misses: current.misses + 1 };
  const points = Math.max(GAME.least, GAME.most - Math.floor((now - current.litAt) / GAME.msPerPoint));
  // Never the same cell twice: a change is what one reacts to.
  const lit = (current.lit + 1 + Math.floor(random * (GAME.cells - 1))) % GAME.cells;
  return { ...current, score: current.score + points, hits: current.hits + 1, lit, litAt: now };
}

/** Time went by. */
export function tick(game: Game, now: number): Game {
  return game.phase === "running" && now - game.startedAt >= GAME.durationMs ? { ...game, phase: "over" } : game;
}

export function remainingMs(game: Game, now: number): number {
  return Math.max(0, GAME.durationMs - (now - game.startedAt));
}
