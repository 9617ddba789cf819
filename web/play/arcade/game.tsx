import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { SubmitReply } from "../../../contract/leaderboard-scores.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import type { UserBoards } from "../../../sdk/user.ts";
import { GAME, type Game as GameState, press, remainingMs, startGame, tick } from "./game-machine.ts";

interface GameProps {
  readonly api: UserBoards;
  readonly board: string;
  /** Whether somebody is here whose runs they are. */
  readonly signedIn: boolean;
  /** A run was counted. */
  readonly onScored: () => void;
}

type Stage =
  | { readonly at: "ready"; readonly problem?: string }
  | { readonly at: "starting" }
  | { readonly at: "running"; readonly runId: string; readonly game: GameState }
  | { readonly at: "sending"; readonly game: GameState }
  | { readonly at: "done"; readonly game: GameState; readonly reply: SubmitReply };

/** Keys of the cells as they lie on a number pad: 7 8 9 above 4 5 6 above 1 2 3. */
const KEYS = ["7", "8", "9", "4", "5", "6", "1", "2", "3"] as const;

/** Twenty seconds of the lit cell; the sum is submitted as a run of the board. */
export function Game({ api, board, signedIn, onScored }: GameProps) {
  const stage = useSignal<Stage>({ at: "ready" });
  const left = useSignal<number>(GAME.durationMs);
  const grid = useRef<HTMLDivElement>(null);

  const start = async () => {
    stage.value = { at: "starting" };
    try {
      const { runId } = await api.startRun(board);
      left.value = GAME.durationMs;
      stage.value = { at: "running", runId, game: startGame(performance.now(), Math.random()) };
      grid.current?.focus();
    } catch (error) {
      stage.value = { at: "ready", problem: asError(error).detail };
    }
  };
  const finish = async (runId: string, game: GameState) => {
    stage.value = { at: "sending", game };
    try {
      const reply = await api.submit(board, { score: game.score, runId, durationMs: GAME.durationMs });
      stage.value = { at: "done", game, reply };
      onScored();
    } catch (error) {
      stage.value = { at: "ready", problem: `${game.score} points were not taken: ${asError(error).detail}` };
    }
  };
  const pressed = (cell: number) => {
    const current = stage.value;
    if (current.at === "running") stage.value = { ...current, game: press(current.game, cell, performance.now(), Math.random()) };
  };

  const running = stage.value.at === "running" ? stage.value.runId : undefined;
  useEffect(() => {
    if (running === undefined) return;
    const timer = setInterval(() => {
      const current = stage.value;
      if (current.at !== "running") return;
      const at = performance.now();
      left.value = remainingMs(current.game, at);
      const game = tick(current.game, at);
      if (game.phase === "over") void finish(current.runId, game);
    }, 100);
    return () => clearInterval(timer);
  }, [running]);

  const current = stage.value;
  const game = "game" in current ? current.game : undefined;
  return (
    <Card
      title="Reaction"
      aside={game && <span class="game-score">{game.score.toLocaleString("en")} points</span>}
      label="The reaction game"
    >
      <div
        ref={grid}
        class={`game${current.at === "running" ? " running" : ""}`}
        role="group"
        aria-label="Nine cells: press the lit one, or its key on the number pad"
        tabIndex={-1}
        onKeyDown={(event) => {
          const cell = KEYS.findIndex((key) => key === event.key);
          if (cell === -1 || current.at !== "running") return;
          event.preventDefault();
          pressed(cell);
        }}
      >
        {KEYS.map((key, cell) => {
          const lit = current.at === "running" && current.game.lit === cell;
          return (
            <button
              key={key}
              type="button"
              class={`game-cell${lit ? " lit" : ""}`}
              data-lit={lit ? "" : undefined}
              aria-label={`Cell ${key}${lit ? ", lit" : ""}`}
              disabled={current.at !== "running"}
              onPointerDown={() => pressed(cell)}
            >
              {key}
            </button>
          );
        })}
      </div>
      <p class="game-words" role="status">
        {wordsOf(current, left.value, signedIn)}
      </p>
      {current.at !== "running" && (
        <div class="actions">
          <Button
            kind="primary"
            disabled={!signedIn}
            busy={current.at === "starting" || current.at === "sending"}
            onClick={() => void start()}
          >
            {current.at === "done" ? "Play again" : "Play 20 seconds"}
          </Button>
        </div>
      )}
    </Card>
  );
}

function wordsOf(stage: Stage, leftMs: number, signedIn: boolean): string {
  switch (stage.at) {
    case "ready":
      if (stage.problem !== undefined) return stage.problem;
      return signedIn ? "Press the lit cell, by finger, mouse or number key." : "Come in to play: as a guest is enough.";
    case "starting":
      return "Starting a run …";
    case "running":
      return `${Math.ceil(leftMs / 1_000)} s left`;
    case "sending":
      return "Sending your score …";
    case "done": {
      const { verdict, reasons, windows } = stage.reply;
      const all = windows.find(({ window, partition }) => window === "all" && partition === null);
      if (verdict === "quarantined") return `${stage.game.score} points wait for a review: ${reasons[0]?.detail ?? ""}`;
      if (!all) return `${stage.game.score} points.`;
      const moved = all.previousRank !== null && all.previousRank > all.rank ? `, up from ${all.previousRank.toLocaleString("en")}` : "";
      return `${stage.game.score} points: rank ${all.rank.toLocaleString("en")} of ${all.total.toLocaleString("en")}${moved}.`;
    }
  }
}
