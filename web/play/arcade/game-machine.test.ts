import { describe, expect, it } from "vitest";
import { GAME, press, remainingMs, startGame, tick } from "./game-machine.ts";

describe("the reaction game", () => {
  it("[LB100] gives more points to the quick, and lights another cell", () => {
    const game = startGame(1_000, 0.5);
    expect(game.lit).toBe(4);
    const quick = press(game, 4, 1_080, 0);
    expect([quick.score, quick.lit, quick.litAt]).toEqual([90, 5, 1_080]);
    expect(press(game, 4, 5_000, 0.999)).toMatchObject({ score: GAME.least, lit: 3 });
    for (let random = 0; random < 1; random += 0.01) expect(press(game, 4, 1_100, random).lit).not.toBe(4);
  });

  it("[LB100] takes points for a wrong cell, never below zero, and keeps the cell lit", () => {
    const game = startGame(0, 0);
    expect(press(game, 3, 100, 0)).toMatchObject({ score: 0, misses: 1, lit: 0, litAt: 0 });
    expect(press({ ...game, score: 50 }, 3, 100, 0)).toMatchObject({ score: 30 });
  });

  it("[LB100] ends after its time, and what is pressed then counts nothing", () => {
    const game = startGame(0, 0);
    expect(tick(game, GAME.durationMs - 1).phase).toBe("running");
    expect(tick(game, GAME.durationMs).phase).toBe("over");
    expect(press(game, 0, GAME.durationMs, 0)).toMatchObject({ phase: "over", score: 0 });
    expect(remainingMs(game, GAME.durationMs + 5)).toBe(0);
  });
});
