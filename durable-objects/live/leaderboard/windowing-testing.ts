import { env } from "cloudflare:workers";
import { boardConfigSchema } from "../../../contract/leaderboards.ts";
import type { EventMessage } from "../../../contract/events.ts";
import type { Outcome } from "../../../contract/problems.ts";
import { CountedSets } from "../../../core/live/leaderboard/counted-sets.ts";
import { applyRun } from "../../../core/live/leaderboard/rebuild.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";
import { Probe, settled } from "../../kit/testing.ts";
import { guardedKit } from "./guarded-kit.ts";
import type { BoardNews } from "./live.ts";
import type { BoardParts } from "./parts.ts";
import { LEADERBOARD_MIGRATIONS } from "./schema.ts";
import { SqlBook } from "./sql-book.ts";
import { SqlEntries } from "./sql-entries.ts";
import { SqlLog } from "./sql-log.ts";
import { SqlPlayers } from "./sql-players.ts";
import { Windowing, type WindowingOptions } from "./windowing.ts";

/** An R2 that does what the real one does, unless it is told to be away, or to do something first. */
export class FaultyBucket {
  down = false;
  /** Gives back other bytes than it was given. */
  torn = false;
  before: (() => void | Promise<void>) | undefined;
  readonly puts: string[] = [];
  readonly bucket: R2Bucket;

  constructor(real: R2Bucket) {
    this.bucket = new Proxy(real, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== "function") return value;
        if (property === "get" && this.torn) return async () => ({ arrayBuffer: async () => new ArrayBuffer(1) });
        if (property !== "put") return value.bind(target);
        return async (key: string, ...rest: unknown[]) => {
          if (this.down) throw new Error("R2 is away");
          await this.before?.();
          this.puts.push(key);
          return await Reflect.apply(value, target, [key, ...rest]);
        };
      },
    });
  }
}

export interface Board {
  readonly kit: ObjectKit;
  readonly parts: BoardParts;
  readonly windowing: Windowing;
}

/** The parts of a board that windows need, in a real object of the runtime; scores come in without rules. */
export class WindowBoard {
  readonly probe: Probe;
  readonly r2 = new FaultyBucket(env.ARCHIVE);
  readonly news: BoardNews[] = [];
  readonly #config: unknown;
  readonly #options: WindowingOptions;
  #board: Board | undefined;

  constructor(name: string, config: Record<string, unknown> = {}, options: WindowingOptions = {}) {
    this.#config = { title: "Test", ...config };
    this.#options = options;
    this.probe = new Probe(name, {
      migrations: LEADERBOARD_MIGRATIONS,
      timers: {
        windows: async (now) => await this.#board?.windowing.timers.windows?.(now),
        "log-retention": async (now) => await this.#board?.windowing.timers["log-retention"]?.(now),
        "archive-erasure": async (now) => await this.#board?.windowing.timers["archive-erasure"]?.(now),
      },
    });
  }

  get events(): EventMessage[] {
    return this.probe.queue.messages.filter(({ type }) => type !== "meridian.object.created");
  }

  typed(type: EventMessage["type"]): EventMessage[] {
    return this.events.filter((event) => event.type === type);
  }

  async open<T>(work: (board: Board) => T | Promise<T>): Promise<T> {
    return await this.probe.open(async ({ kit }) => {
      this.#board ??= this.#make(kit);
      const board = this.#board;
      if (!board.parts.book.definition()) {
        const config = boardConfigSchema.parse(this.#config);
        kit.transaction(() => board.parts.book.configure({ config, version: 1 }));
      }
      return await work(board);
    });
  }

  /** For what already runs inside of the object. */
  get inside(): Board {
    if (!this.#board) throw new Error("not open");
    return this.#board;
  }

  /** One score that counts, in one transaction. */
  async score(
    player: string,
    score: number,
    at: number,
    more: { how?: "score" | "import"; partitions?: string[] } = {},
  ): Promise<Outcome<null>> {
    return await this.open(({ kit, parts }) => kit.transaction(() => take(parts, player, score, at, more)));
  }

  /** Many at once. */
  async scores(rows: readonly (readonly [player: string, score: number])[], at: number, partitions: string[] = []): Promise<void> {
    await this.open(({ kit, parts }) =>
      kit.transaction(() => {
        for (const [player, score] of rows) take(parts, player, score, at, { partitions });
      }),
    );
  }

  /** Lets the timers run until nothing is due, or so many times. @returns how many times the alarm went off */
  async drain(most = 1_000): Promise<number> {
    for (let runs = 0; runs < most; runs++) {
      const due = await this.open(
        ({ kit }) => Math.min(kit.timers.get("windows") ?? Infinity, kit.timers.get("log-retention") ?? Infinity) <= kit.now(),
      );
      if (!due) return runs;
      await this.tick();
    }
    return most;
  }

  async tick(): Promise<void> {
    await this.probe.fireAlarm();
    await this.open(async () => await settled());
  }

  async evict(): Promise<void> {
    await this.probe.evict();
    this.#board = undefined;
  }

  async stateOf(window: string): Promise<string | undefined> {
    return await this.open(({ windowing }) => windowing.desk.find(window)?.state);
  }

  #make(real: ObjectKit): Board {
    const { sql } = real;
    const book = new SqlBook(sql);
    const log: SqlLog = new SqlLog(
      sql,
      () => "board",
      () => sets.checkpointedSeq(),
    );
    const sets: CountedSets = new CountedSets(new SqlEntries(sql), log, { dense: () => book.config().ranking === "dense" });
    const kit = guardedKit(real, () => {
      for (const part of [book, log, sets, windowing.desk]) part.reset();
    });
    const parts = {
      kit,
      bucket: this.r2.bucket,
      book,
      sets,
      log,
      players: new SqlPlayers(sql),
      reviews: { settle: () => undefined } as BoardParts["reviews"], // nothing else of it is used here
      live: { tell: (news: BoardNews) => void this.news.push(news), sockets: () => 0 },
    } as unknown as { -readonly [Part in keyof BoardParts]: BoardParts[Part] }; // what is missing is set below or not used here
    const windowing: Windowing = new Windowing(parts, sql, this.#options);
    parts.windows = windowing.desk;
    parts.bases = windowing.bases;
    parts.rewards = windowing.rewards;
    parts.archived = windowing.erasure;
    return { kit, parts, windowing };
  }
}

/** Takes a score as a submission does, without rules and without the player's figures. In a transaction. */
export function take(
  { book, log, sets, windows, kit }: BoardParts,
  player: string,
  score: number,
  at: number,
  { how = "score", partitions = [] }: { readonly how?: "score" | "import"; readonly partitions?: string[] },
): Outcome<null> {
  const entering = windows.entering(at, partitions, kit.now(), how);
  if (!entering.ok) return entering;
  const config = book.config();
  for (const { id } of entering.value) {
    const held = sets.find(id, player);
    const next = applyRun(config, player, held, { score, subscore: null, at });
    if (next && next !== held) sets.put(id, next);
  }
  book.fix();
  const row = {
    kind: how,
    player,
    at: kit.now(),
    occurredAt: at,
    score,
    subscore: null,
    verdict: "accepted",
    reasons: [],
    durationMs: null,
  } as const;
  const { seq } = log.append({ ...row, runId: null, partitions, metadata: null, removed: false }, sets.takeChanges());
  sets.checkpoint(seq);
  return { ok: true, value: null };
}
