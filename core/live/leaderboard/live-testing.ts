import type { Entry } from "../../../contract/leaderboard-reads.ts";
import { applyTop, type RankPush, type TopPush } from "../../../contract/leaderboard-live.ts";
import type { WindowKind } from "../../../contract/leaderboard-limits.ts";
import { type Envelope, type ServerFrame, serverFrameSchema } from "../../../contract/live.ts";
import type { Admission } from "../../../contract/rpc/hub.ts";
import { admission, NOW } from "../testing.ts";
import type { BoardEffect } from "./live-effects.ts";
import { BoardMachine } from "./live-machine.ts";
import type { LiveNews, LiveSource, Move, RankingName, StandingNow, TopNow } from "./live-source.ts";
import type { SortKey } from "./ranked-sets.ts";
import { percentileOf, standingsOf } from "./standings.ts";
import { ArraySets } from "./testing.ts";

const READER = ["leaderboards:read"] as const;

/** A board in sorted arrays: more is better, a day that a test may end. */
export class TestBoard implements LiveSource {
  readonly sets = new ArraySets();
  day = "daily:2026-11-20";
  active = 0;
  /** How often a rank was looked at. */
  looks = 0;
  readonly #ids = new Map<string, number>();

  id(window: string, partition?: string): number {
    const key = `${window}|${partition}`;
    const id = this.#ids.get(key) ?? this.#ids.size + 1;
    this.#ids.set(key, id);
    return id;
  }

  ranks({ window, partition }: RankingName): boolean {
    return ["all", "daily"].includes(window.slice(0, 5).replace(/:$/, "")) && (partition === undefined || partition === "eu");
  }

  fullName(window: string): string {
    return window === "daily" ? this.day : window;
  }

  top({ window, partition }: RankingName): TopNow {
    const set = this.id(this.fullName(window), partition);
    const keys = this.sets.pageAt(set, 0, 10);
    const ranks = standingsOf(this.sets, set, 0, keys, "ordinal");
    const items: Entry[] = keys.map(({ player, inv, at }, index) => ({
      rank: ranks[index]?.rank ?? 0,
      player,
      name: player,
      score: 0 - inv,
      subscore: null,
      at: new Date(at).toISOString(),
    }));
    return { window: this.fullName(window), version: this.sets.version(set), total: this.sets.total(set), items };
  }

  standing({ window, partition }: RankingName, player: string): StandingNow {
    this.looks++;
    const set = this.id(this.fullName(window), partition);
    const key = this.sets.find(set, player);
    const total = this.sets.total(set);
    return key ? { rank: this.sets.rankOf(set, key, "ordinal"), score: 0 - key.inv, total } : { rank: null, score: null, total };
  }

  feed({ window, partition }: RankingName, key: SortKey) {
    const set = this.id(this.fullName(window), partition);
    const place = this.sets.placeOf(set, key);
    if (percentileOf(place, this.sets.total(set)) <= 90) return undefined;
    return { player: key.player, name: key.player, score: 0 - key.inv, rank: place + 1, at: key.at };
  }

  figures(now: number) {
    const verdicts = { accepted: this.active, flagged: 0, quarantined: 0, rejected: 0 };
    const counts = { sockets: 0, outboxDepth: 0, sets: 0, entries: 0, openReviews: 0 };
    return { at: new Date(now).toISOString(), activePlayers: this.active, scoresPerSecond: this.active / 60, verdicts, ...counts };
  }

  /** Puts or removes an entry of a ranking. */
  move(kind: WindowKind, player: string, score: number | null, at: number, partition?: string): Move {
    const window = this.fullName(kind);
    const set = this.id(window, partition);
    const { before, after } = score === null ? this.sets.remove(set, player) : this.sets.put(set, { inv: 0 - score, sub: 0, at, player });
    return { kind, window, partition, shadow: false, before, after };
  }
}

/** A board's machine over a naive board, with its effects sorted by kind; every frame is held against the contract. */
export class BoardBench {
  board = new TestBoard();
  machine = new BoardMachine(this.board);
  now = NOW;
  readonly frames = new Map<string, ServerFrame[]>();
  readonly attachments = new Map<string, string>();
  readonly closed = new Map<string, number>();
  readonly verify: Extract<BoardEffect, { type: "verify" }>[] = [];
  expiry: number | null = null;
  /** When `pump` is to be called; undefined: nothing is armed. */
  wakeAt: number | undefined;

  do(effects: readonly BoardEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "send":
          if (this.closed.has(effect.socket)) throw new Error("sent after the close");
          this.frames.set(effect.socket, [...(this.frames.get(effect.socket) ?? []), serverFrameSchema.parse(JSON.parse(effect.text))]);
          break;
        case "save":
          this.attachments.set(effect.socket, effect.attachment);
          break;
        case "close":
          this.closed.set(effect.socket, effect.code);
          this.attachments.delete(effect.socket);
          break;
        case "verify":
          this.verify.push(effect);
          break;
        case "wake":
          this.wakeAt = this.now + effect.inMs;
          break;
        case "expiry":
          this.expiry = effect.at;
          break;
      }
    }
  }

  /** A subject that is this player. */
  player(id: string, player = id): void {
    this.join(id, { actor: `subject:${player}`, player });
  }

  join(id: string, changed: Partial<Admission> = {}): void {
    this.do(this.machine.join(id, admission({ actions: [...READER], ...changed }), this.now));
  }

  say(id: string, frame: object): void {
    this.do(this.machine.receive(id, JSON.stringify({ v: 1, ...frame }), this.now));
  }

  follow(id: string, channel: string): void {
    this.say(id, { type: "subscribe", id: "f", channel });
  }

  /** A score that counts, in `all` and `daily`. */
  score(player: string, score: number | null, type: "score" | "correction" = "score"): void {
    const moves = [this.board.move("all", player, score, this.now), this.board.move("daily", player, score, this.now)];
    const windows = moves.map(({ window }) => ({ window, partition: null, score }));
    const news: LiveNews = type === "score" ? { type, player, moves } : { type, player, moves, push: { player, windows } };
    this.do(this.machine.tell(news, this.now));
  }

  /** Moves time and rings the bell when it is due. */
  forward(ms: number): void {
    const end = this.now + ms;
    while (this.wakeAt !== undefined && this.wakeAt <= end) {
      this.now = this.wakeAt;
      this.wakeAt = undefined;
      this.do(this.machine.pump(this.now));
    }
    this.now = end;
  }

  /** The board sleeps and wakes: only attachments and the deadline remain. */
  sleep(): void {
    this.machine = new BoardMachine(this.board);
    this.wakeAt = undefined;
    this.do(this.machine.restore(this.attachments.values(), this.expiry));
  }

  /** Frames since the last look. */
  take(id: string): ServerFrame[] {
    const frames = this.frames.get(id) ?? [];
    this.frames.set(id, []);
    return frames;
  }

  last(id: string): ServerFrame | undefined {
    return this.frames.get(id)?.at(-1);
  }

  /** Publications of a channel since the last look. */
  events(id: string, channel: string): Envelope[] {
    return this.take(id)
      .flatMap((frame) => (frame.type === "batch" ? frame.events : []))
      .filter((event) => event.channel === channel);
  }

  tops(id: string, channel = "top/all"): TopPush[] {
    return this.events(id, channel).map(({ data }) => data as TopPush); // the machine under test made it
  }

  ranks(id: string, channel = "rank/all"): RankPush[] {
    return this.events(id, channel).map(({ data }) => data as RankPush); // the machine under test made it
  }

  acknowledge(id: string, n: number): void {
    this.say(id, { type: "ack", n });
  }
}

/** A list as a client holds it. */
export class ShownTop {
  #rows: Entry[] = [];
  total = 0;

  apply(push: TopPush): void {
    this.total = push.total;
    this.#rows = applyTop(this.#rows, push);
  }

  rows(): Entry[] {
    return this.#rows;
  }
}

/** A board of `players` who each have a rank, the first the best. */
export function ranked(players: number): BoardBench {
  const bench = new BoardBench();
  for (let n = 1; n <= players; n++) bench.board.move("all", `p${n}`, 1_000_000 - n, bench.now);
  return bench;
}
