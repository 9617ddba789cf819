import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { BoardFigures, BoardStats, Entry } from "../../../contract/leaderboard-reads.ts";
import type { MeridianError } from "../../../sdk/errors.ts";
import { boardSocket } from "../../../sdk/live-board.ts";
import { noteServerTime, paused, serverNow } from "../../lib/clock.ts";
import { asError } from "../../lib/resource.ts";
import { api } from "../api.ts";
import { addPoint, type Tracks, NO_TRACKS } from "./live-tracks.ts";

/** What the socket does not tell, and everything while it is silent or not there. */
const POLL_MS = 5_000;

export interface BoardLive {
  /** Figures of the last minute; the newer of what was pushed and what was asked for. */
  readonly stats: Signal<BoardStats | undefined>;
  /** Of reads of the top, the part that no object had to answer; null without any. */
  readonly hitRatio: Signal<number | null>;
  /** Milliseconds of a question to the board's object and back, from here. */
  readonly roundTripMs: Signal<number | undefined>;
  readonly top: Signal<readonly Entry[] | undefined>;
  readonly tracks: Signal<Tracks>;
  readonly isLive: Signal<boolean>;
  readonly error: Signal<MeridianError | undefined>;
  /** Epoch milliseconds of the last figures. */
  readonly at: Signal<number>;
  readonly reload: () => void;
}

/** Follows a board by its own socket, once a second while something happens, and asks each five seconds. Holds the picture while paused. */
export function useBoardLive(board: string): BoardLive {
  const made = useMemo(() => {
    const live = {
      stats: signal<BoardStats | undefined>(undefined),
      hitRatio: signal<number | null>(null),
      roundTripMs: signal<number | undefined>(undefined),
      top: signal<readonly Entry[] | undefined>(undefined),
      tracks: signal<Tracks>(NO_TRACKS),
      isLive: signal(false),
      error: signal<MeridianError | undefined>(undefined),
      at: signal(0),
    };
    const show = (stats: BoardStats) => {
      const atMs = Date.parse(stats.at);
      noteServerTime(atMs);
      if (paused.peek() || Date.parse(live.stats.peek()?.at ?? "") > atMs) return;
      live.stats.value = stats;
      live.at.value = serverNow();
      live.tracks.value = addPoint(live.tracks.peek(), stats, live.roundTripMs.peek());
    };
    const ask = async (abort: AbortSignal) => {
      const began = performance.now();
      try {
        const figures: BoardFigures = await api.leaderboards.figures(board, { signal: abort });
        if (!paused.peek()) {
          live.roundTripMs.value = performance.now() - began;
          live.hitRatio.value = figures.topHitRatio;
        }
        live.error.value = undefined;
        show(figures);
      } catch (failure) {
        if (!abort.aborted) live.error.value = asError(failure);
      }
    };
    return { ...live, show, ask };
  }, [board]);

  useEffect(() => {
    const abort = new AbortController();
    const poll = () => {
      if (!document.hidden) void made.ask(abort.signal);
    };
    poll();
    const timer = setInterval(poll, POLL_MS);
    const socket = boardSocket(api.request, board);
    const stops = [
      socket.onStatus(({ light }) => (made.isLive.value = light === "live")),
      socket.stats(made.show),
      socket.top({ window: "all" }, ({ items }) => {
        if (!paused.peek()) made.top.value = items;
      }),
    ];
    socket.connect();
    const onVisible = () => {
      if (document.hidden) return;
      socket.retryNow();
      poll();
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      document.removeEventListener("visibilitychange", onVisible);
      clearInterval(timer);
      abort.abort();
      for (const stop of stops) stop();
      socket.close();
    };
  }, [made]);

  return { ...made, reload: () => void made.ask(new AbortController().signal) };
}
