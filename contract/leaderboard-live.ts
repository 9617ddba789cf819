import type { Entry } from "./leaderboard-reads.ts";
import type { BoardStats } from "./leaderboard-reads.ts";
import type { Action } from "./permissions.ts";
import { LEADERBOARD_LIMITS, PARTITION_PATTERN, WINDOW_PATTERN } from "./leaderboard-limits.ts";

// The board's own socket, `GET /v1/leaderboards/{board}/socket`: frames of contract/live.ts, channels as below.

/** Kinds of a board's channels; `action` is what a credential needs to follow one. */
export const BOARD_TOPICS = {
  top: "leaderboards:read",
  rank: "leaderboards:read",
  feed: "leaderboards:read",
  window: "leaderboards:read",
  correction: "leaderboards:read",
  stats: "leaderboards:manage",
} as const satisfies Record<string, Action>;
export type BoardTopicKind = keyof typeof BOARD_TOPICS;

export interface BoardTopic {
  readonly kind: BoardTopicKind;
  /** Of `top`, `rank` and `feed`. */
  readonly window?: string;
  readonly partition?: string;
  /** Of `rank`: whose, where it is not the socket's own subject: `rank/{window}/{player}`. */
  readonly player?: string;
}

/**
 * `top/daily`, `top/daily:2026-11-19`, `top/daily:eu`, `rank/all`, `rank/all/{player}` (services and operators; a subject is always
 * itself), `feed/all`, `window/all`, `correction/all`, `stats/live`. Undefined when it is none.
 */
export function parseBoardTopic(channel: string): BoardTopic | undefined {
  const [kind, name, ...rest] = channel.split("/");
  if (kind === undefined || !Object.hasOwn(BOARD_TOPICS, kind) || name === undefined) return undefined;
  const known = kind as BoardTopicKind; // just looked up
  if (known === "window" || known === "correction") return name === "all" && rest.length === 0 ? { kind: known } : undefined;
  if (known === "stats") return name === "live" && rest.length === 0 ? { kind: known } : undefined;
  const player = rest.join("/");
  if (rest.length > 0 && (known !== "rank" || player === "")) return undefined;
  const colon = name.lastIndexOf(":");
  const tail = colon === -1 ? "" : name.slice(colon + 1);
  const partitioned = PARTITION_PATTERN.test(tail);
  const window = partitioned ? name.slice(0, colon) : name;
  if (!WINDOW_PATTERN.test(window)) return undefined;
  return { kind: known, window, ...(partitioned && { partition: tail }), ...(rest.length > 0 && { player }) };
}

/** Data of `top/…`: the first whole, then what changed; `applyTop` makes the list of it. */
export interface TopPush {
  readonly version: number;
  readonly total: number;
  /** Present in the first after a subscription and whenever the whole is shorter than the change. */
  readonly items?: readonly Entry[];
  readonly changed?: readonly Entry[];
  readonly removed?: readonly string[];
}
/** The list after a push. Equals stand in the order in which they got there. */
export function applyTop(rows: readonly Entry[], { items, changed = [], removed = [] }: TopPush): Entry[] {
  if (items) return [...items];
  const replaced = new Set([...removed, ...changed.map(({ player }) => player)]);
  return [...rows.filter(({ player }) => !replaced.has(player)), ...changed].sort(
    (a, b) => a.rank - b.rank || compare(a.at, b.at) || compare(a.player, b.player),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Data of `rank/…`. The first after a subscription says where the player stands: its `previousRank` is its `rank`. */
export interface RankPush {
  readonly player: string;
  readonly rank: number | null;
  readonly previousRank: number | null;
  readonly score: number | null;
  readonly total: number;
  readonly cause: "self" | "others" | "correction";
}
/** Data of `feed/…`: scores above the ninetieth percentile of the window's entries. */
export interface FeedPush {
  readonly player: string;
  readonly name: string | null;
  readonly score: number;
  readonly rank: number;
  /** Epoch milliseconds. */
  readonly at: number;
}
/** Data of `window/all`. */
export interface WindowPush {
  readonly window: string;
  readonly state: "opened" | "closed" | "archived";
}
/** Data of `correction/all`: a reviewer changed what counts. */
export interface CorrectionPush {
  readonly player: string;
  readonly windows: readonly { readonly window: string; readonly partition: string | null; readonly score: number | null }[];
}
/** Data of `stats/live`. */
export type StatsPush = BoardStats;

/** A rank is pushed when it moved by so many, or crossed one of these. */
export const RANK_PUSH = { change: 10, crossings: [100, 50, 10] } as const;

/** Whether a move of the rank is worth a frame. Null: not ranked. */
export function isRankWorthTelling(previous: number | null, rank: number | null): boolean {
  if (previous === null || rank === null) return previous !== rank;
  if (Math.abs(rank - previous) >= RANK_PUSH.change) return true;
  return RANK_PUSH.crossings.some((line) => rank <= line !== previous <= line);
}

/** The protocol's numbers on a board's socket where they differ from other live sockets. */
export const BOARD_SOCKET = {
  frameBytes: LEADERBOARD_LIMITS.frameBytes,
  framesPerSecond: LEADERBOARD_LIMITS.framesPerSecond,
  frameBurst: LEADERBOARD_LIMITS.frameBurst,
  /** Bytes sent and not acknowledged before pushes are withheld, */
  unackedBytes: LEADERBOARD_LIMITS.unackedBytes,
  /** and before the socket is closed with 4101, what was withheld counted in. */
  unackedHardBytes: 2 * LEADERBOARD_LIMITS.unackedBytes,
} as const;

/** Every action that a board's channels may ask for: what an admission says of a credential. */
export const BOARD_ACTIONS: readonly Action[] = [...new Set(Object.values(BOARD_TOPICS))];
