import {
  applyTop,
  type CorrectionPush,
  type FeedPush,
  type RankPush,
  type StatsPush,
  type TopPush,
  type WindowPush,
} from "../contract/leaderboard-live.ts";
import type { Entry, Top } from "../contract/leaderboard-reads.ts";
import { connectApi } from "./api/live.ts";
import { LiveClient, liveDeps, type LiveStatus } from "./live.ts";
import type { LiveDeps, LiveHandler } from "./live-types.ts";
import type { Call } from "./transport.ts";

/** Without a connection lists are read this often. */
export const BOARD_POLL_MS = 5_000;

/** Which ranking: a window (`all` when left out) and, of a board with partitions, one of their values. */
export interface BoardSet {
  readonly window?: string;
  readonly partition?: string;
}

/** The best of a ranking. */
export interface BoardTop {
  readonly items: readonly Entry[];
  readonly total: number;
  /** Whether it is kept by the socket; otherwise it is at most ten seconds old. */
  readonly live: boolean;
}

interface TopList {
  readonly of: BoardSet;
  readonly show: (top: BoardTop) => void;
  items: readonly Entry[];
  shown: boolean;
}

/**
 * A leaderboard's own socket, for a client (`boardSocket(meridian.request, "deathmatch")`) or an end user (`boardSocket(user.request, …)`).
 * Boards take a limited number of sockets, and a browser is not told why one does not open: while there is no connection,
 * whatever the reason, lists are read each five seconds and the socket is tried again.
 */
export function boardSocket(request: Call, board: string): BoardSocket {
  const tickets = connectApi(request);
  return new BoardSocket(
    request,
    board,
    liveDeps(async () => (await tickets.boardTicket(board)).url),
  );
}

export class BoardSocket {
  readonly #request: Call;
  readonly #board: string;
  readonly #deps: LiveDeps;
  readonly #live: LiveClient;
  readonly #tops = new Set<TopList>();
  /** Whether it has no connection and tries, in vain so far. */
  #without = false;
  #cancelPoll: (() => void) | undefined;

  constructor(request: Call, board: string, deps: LiveDeps) {
    this.#request = request;
    this.#board = board;
    this.#deps = deps;
    this.#live = new LiveClient(deps);
    this.#live.onStatus((status) => {
      this.#without = isWithout(status) ?? this.#without;
      this.#pace();
    });
  }

  get status(): LiveStatus {
    return this.#live.status;
  }

  /** Calls `listener` with the present status and at every change; the answer ends that. */
  onStatus(listener: (status: LiveStatus) => void): () => void {
    return this.#live.onStatus(listener);
  }

  connect(): void {
    this.#live.connect();
  }

  /** Tries at once when it waits for the next attempt: a tab came back to the front, the network came back. */
  retryNow(): void {
    this.#live.retryNow();
  }

  close(): void {
    this.#live.close();
  }

  /** The best ten of a ranking, at every change; the answer ends it. */
  top(of: BoardSet, show: (top: BoardTop) => void): () => void {
    const list: TopList = { of, show, items: [], shown: false };
    this.#tops.add(list);
    const stop = this.#live.subscribe(channelOf("top", of), {
      event: ({ data }) => {
        const push = data as TopPush; // the contract of this channel
        list.items = applyTop(list.items, push);
        this.#show(list, { items: list.items, total: push.total, live: true });
      },
    });
    this.#pace();
    return () => {
      this.#tops.delete(list);
      stop();
      this.#pace();
    };
  }

  /** A player's moves: where they stand at first, then as often as it is worth telling. End users leave `player` out: it is they themselves. */
  rank(of: BoardSet & { readonly player?: string }, told: (push: RankPush) => void): () => void {
    const channel = channelOf("rank", of);
    return this.#follow(of.player === undefined ? channel : `${channel}/${of.player}`, told);
  }

  /** Scores above the ninetieth percentile, as a sample: of many in a second the best ten. */
  feed(of: BoardSet, told: (push: FeedPush) => void): () => void {
    return this.#follow(channelOf("feed", of), told);
  }

  windows(told: (push: WindowPush) => void): () => void {
    return this.#follow("window/all", told);
  }

  corrections(told: (push: CorrectionPush) => void): () => void {
    return this.#follow("correction/all", told);
  }

  /** Figures of the board; needs leaderboards:manage. */
  stats(told: (push: StatsPush) => void): () => void {
    return this.#follow("stats/live", told);
  }

  /** Any channel, with everything there is to know of it. */
  subscribe(channel: string, handler: LiveHandler): () => void {
    return this.#live.subscribe(channel, handler);
  }

  #follow<T>(channel: string, told: (push: T) => void): () => void {
    return this.#live.subscribe(channel, { event: ({ data }) => told(data as T) }); // the contract of each channel
  }

  #show(list: TopList, top: BoardTop): void {
    list.shown = true;
    list.show(top);
  }

  /** Starts or stops reading instead of listening. */
  #pace(): void {
    if (!this.#without || this.#tops.size === 0) {
      this.#cancelPoll?.();
      this.#cancelPoll = undefined;
      return;
    }
    const urgent = [...this.#tops].some(({ shown }) => !shown); // nothing to look at yet
    this.#cancelPoll ??= this.#deps.after(urgent ? 0 : BOARD_POLL_MS, () => void this.#poll());
  }

  async #poll(): Promise<void> {
    await Promise.all([...this.#tops].map(async (list) => await this.#read(list)));
    this.#cancelPoll = undefined;
    this.#pace();
  }

  async #read(list: TopList): Promise<void> {
    const { window, partition } = list.of;
    try {
      const path = `/v1/leaderboards/${encodeURIComponent(this.#board)}/top`;
      const { items, total } = await this.#request<Top>("GET", path, { query: { window, partition, limit: 10 } });
      if (this.#tops.has(list) && this.#without) this.#show(list, { items, total, live: false });
    } catch {
      list.shown = true; // not to be read just now: the next turn is in five seconds, and the status says that nothing is live
    }
  }
}

/** Undefined while an attempt is under way: nothing new is known. */
function isWithout(status: LiveStatus): boolean | undefined {
  if (status.light === "reconnecting") return status.inMs > 0 ? true : undefined;
  return status.light === "offline" && !status.stopped;
}

function channelOf(kind: "top" | "rank" | "feed", { window = "all", partition }: BoardSet): string {
  return `${kind}/${window}${partition === undefined ? "" : `:${partition}`}`;
}
