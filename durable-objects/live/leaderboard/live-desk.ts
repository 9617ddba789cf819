import { BOARD_ACTIONS } from "../../../contract/leaderboard-live.ts";
import type { BoardStats } from "../../../contract/leaderboard-reads.ts";
import type { BoardEffect } from "../../../core/live/leaderboard/live-effects.ts";
import { BoardMachine } from "../../../core/live/leaderboard/live-machine.ts";
import type { LiveNews, Move } from "../../../core/live/leaderboard/live-source.ts";
import { scoreOf, unscale } from "../../../core/live/leaderboard/scores.ts";
import type { ObjectsEnv } from "../../env.ts";
import { errorText, logLine } from "../../kit/log.ts";
import type { SocketBook } from "../socket-book.ts";
import { SocketShell } from "../socket-shell.ts";
import type { BoardLive, BoardNews } from "./live.ts";
import { LiveReads } from "./live-reads.ts";
import type { BoardParts } from "./parts.ts";

/** Named so in the shell: `timers: { "live-expiry": … }`. */
export const LIVE_TIMER = "live-expiry";

type DeskParts = Pick<BoardParts, "kit" | "book" | "sets" | "windows" | "players">;
type Changes = Extract<BoardNews, { readonly changes: unknown }>["changes"];

/**
 * A board's own sockets. The protocol is core/live/leaderboard/live-machine.ts; here its effects meet sockets, storage and the clock.
 * Sleeps whenever nothing is dirty: what a wake-up needs is in the attachments.
 */
export class LiveDesk implements BoardLive {
  readonly #parts: DeskParts;
  readonly #background: (work: Promise<unknown>) => void;
  readonly #shell: SocketShell;
  readonly #sockets: SocketBook;
  readonly #reads: LiveReads;
  #machine: BoardMachine;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Made in the object's constructor, which lets the runtime answer pings; touches no storage. */
  constructor(
    ctx: DurableObjectState,
    env: Pick<ObjectsEnv, "TENANT" | "HUB" | "KEY_RING">,
    parts: DeskParts,
    figures: (now: number) => BoardStats,
  ) {
    this.#parts = parts;
    this.#background = (work) => ctx.waitUntil(work);
    this.#shell = new SocketShell(ctx, {
      kit: parts.kit,
      env,
      timer: LIVE_TIMER,
      actions: BOARD_ACTIONS,
      place: () => ({ kind: "leaderboard", name: parts.kit.address.name }),
      refreshed: (id, admission) => this.#apply(this.#machine.refreshed(id, admission)),
    });
    this.#sockets = this.#shell.book;
    this.#reads = new LiveReads(parts, figures);
    this.#machine = new BoardMachine(this.#reads);
  }

  /** A socket from the edge; a refusal is a JSON body with a `Problem`. The board is there, and open. */
  fetch(request: Request): Response {
    return this.#shell.admit(request, {
      onlyEdge: "A board takes sockets from the edge only.",
      takes: (admission) => admission,
      refusal: () => this.#machine.refusal(),
      join: (id, admission, now) => this.#apply(this.#machine.join(id, admission, now)),
    });
  }

  /** A socket's message; the object is open. */
  message(socket: WebSocket, message: string | ArrayBuffer): void {
    const id = this.#sockets.idOf(socket);
    if (id !== undefined) this.#apply(this.#machine.receive(id, message, this.#parts.kit.now()));
  }

  /** The other half of the close handshake; what the socket followed is dropped by `left`. */
  closing(socket: WebSocket, code: number, reason: string): void {
    this.#sockets.completeClose(socket, code, reason);
  }

  /** A socket is gone, by a close or an error; the object is open. */
  left(socket: WebSocket): void {
    const id = this.#sockets.forget(socket);
    if (id !== undefined) this.#apply(this.#machine.leave(id));
  }

  /** The sockets that slept: at every load, once the object's rows can be read. */
  restore(): void {
    clearTimeout(this.#timer);
    this.#machine = new BoardMachine(this.#reads);
    const attachments = this.#sockets.restore((attachment) => BoardMachine.idOf(attachment));
    this.#apply(this.#machine.restore(attachments, this.#parts.kit.timers.get(LIVE_TIMER) ?? null));
    if (this.#parts.book.definition()?.state !== "live") this.gone(); // its removal began before they heard of it
  }

  closeCredentials(credentials: readonly string[], at?: number): { closed: number; left: number } {
    this.#shell.revoke(credentials, at);
    const { effects, closed } = this.#machine.closeCredentials(credentials, at);
    this.#apply(effects);
    return { closed, left: this.#machine.sockets };
  }

  /** The handler of `LIVE_TIMER`. */
  expire(now: number): void {
    this.#apply(this.#machine.expire(now));
  }

  tell(news: BoardNews): void {
    if (this.#machine.isFollowed) this.#apply(this.#machine.tell(this.#newsOf(news), this.#parts.kit.now()));
  }

  gone(): void {
    this.#apply(this.#machine.gone());
  }

  sockets(): number {
    return this.#machine.sockets;
  }

  #newsOf(news: BoardNews): LiveNews {
    switch (news.type) {
      case "score":
        return { type: "score", player: news.player, moves: movesOf(news.changes) };
      case "correction":
        return {
          type: "correction",
          player: news.player,
          moves: movesOf(news.changes),
          push: this.#correctionOf(news.player, news.changes),
        };
      case "window":
        return { type: "window", push: { window: news.window, state: news.state } };
    }
  }

  /** What everybody may hear: the shadows of the suspended are not in it. */
  #correctionOf(player: string, changes: Changes): Extract<LiveNews, { type: "correction" }>["push"] {
    const config = this.#parts.book.config();
    const windows = changes
      .filter(({ set }) => !set.shadow)
      .map(({ set: { window, partition }, change: { after } }) => {
        const score = after && unscale(scoreOf(config, after).scaled, config.decimals);
        return { window, partition, score };
      });
    return { player, windows };
  }

  /** Does what the machine wants, in order and at once. */
  #apply(effects: readonly BoardEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "wake":
          clearTimeout(this.#timer);
          // Pacing only: what is lost with this timer would have been lost with the sockets themselves.
          this.#timer = setTimeout(() => this.#pump(), effect.inMs);
          break;
        case "send":
        case "save":
        case "close":
        case "expiry":
        case "verify": {
          const asked = this.#shell.do(effect);
          if (asked) this.#background(asked);
        }
      }
    }
  }

  #pump(): void {
    // It may have been removed meanwhile: then there is nothing to read, and nobody left to tell.
    if (this.#parts.book.definition()?.state !== "live") return;
    try {
      this.#apply(this.#machine.pump(this.#parts.kit.now()));
    } catch (error) {
      // The next change of the board asks for a new one; lists can be read meanwhile.
      logLine("error", "a board's pushes could not be made", { error: errorText(error) });
    }
  }
}

function movesOf(changes: Changes): Move[] {
  return changes.map(({ set: { kind, window, partition, shadow }, change: { before, after } }) => ({
    kind,
    window,
    partition: partition ?? undefined,
    shadow,
    before,
    after,
  }));
}
