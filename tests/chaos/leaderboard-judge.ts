import type { WindowView } from "../../contract/leaderboard-reads.ts";
import { Meridian } from "../../sdk/client.ts";
import { everyItem, type PageQuery } from "../../sdk/pages.ts";
import type { CrashServer } from "./crash-server.ts";
import { REGIONS } from "./leaderboard-ops.ts";
import type { BoardOracle, Expected } from "./leaderboard-oracle.ts";

export const CRASH_BOARD = "chaos";
const PODIUM = 3;
const BEST_PERCENT = 10;
export const CRASH_CONFIG = {
  title: "Chaos",
  operator: "sum",
  ranking: "competition",
  windows: ["all", "daily", "weekly"],
  partitions: [{ key: "region", values: [...REGIONS] }],
  rules: [{ type: "points-per-second", max: 900 }],
  rewards: [
    { window: "daily", reward: "podium", ranks: { from: 1, to: PODIUM } },
    { window: "daily", reward: "tenth", topPercent: BEST_PERCENT },
    { window: "daily", reward: "thanks", topPercent: 100 },
  ],
} as const;

export interface BoardVerdict {
  readonly rankings: number;
  readonly rows: number;
  readonly lookups: number;
  readonly grants: number;
  readonly events: number;
  /** Windows that closed. */
  readonly closed: number;
  /** What is not as it must be, in words. */
  readonly faults: readonly string[];
}

/** Players of a ranking whose own rank is asked for. */
const LOOKUPS = 40;
const PAGE = 1_000;

/** Holds everything that the board shows against the oracle, closed windows and what they gave included. */
export async function judgeBoard(server: CrashServer, oracle: BoardOracle): Promise<BoardVerdict> {
  return await new Judge(server, oracle).judge();
}

class Judge {
  readonly #server: CrashServer;
  readonly #client: Meridian;
  readonly #oracle: BoardOracle;
  readonly #faults: string[] = [];
  readonly #seen = { rankings: 0, rows: 0, lookups: 0, grants: 0, events: 0, closed: 0 };

  constructor(server: CrashServer, oracle: BoardOracle) {
    this.#server = server;
    this.#client = new Meridian({ url: server.url, key: server.demo.apiKey });
    this.#oracle = oracle;
  }

  async judge(): Promise<BoardVerdict> {
    const views = await this.#settled();
    for (const window of this.#oracle.windows) {
      const view = views.find((each) => each.window === window);
      const isClosed = view?.state === "archived";
      if (!view) this.#faults.push(`${window} is not there`);
      for (const partition of [null, ...REGIONS]) {
        const expected = this.#oracle.ranking(window, partition);
        if (view?.rankable) await this.#ranking(window, partition, expected);
        if (isClosed) await this.#archive(window, partition, expected);
      }
      if (isClosed) await this.#rewards(window);
      if (isClosed) this.#seen.closed++;
    }
    const { open } = await this.#client.leaderboards.reviews(CRASH_BOARD, { limit: 1 });
    if (open !== this.#oracle.suspects) this.#faults.push(`${open} cases, not ${this.#oracle.suspects}`);
    await this.#events(views.filter(({ state }) => state === "archived").map(({ window }) => window));
    return { ...this.#seen, faults: this.#faults };
  }

  /** Windows, once every one that is over has been archived. */
  async #settled(): Promise<readonly WindowView[]> {
    for (let tries = 0; tries < 300; tries++) {
      const { items } = await this.#client.leaderboards.windows(CRASH_BOARD);
      if (items.every(({ state }) => state === "open" || state === "archived")) return items;
      await pause(200);
    }
    throw new Error("a window does not get closed");
  }

  async #ranking(window: string, partition: string | null, expected: readonly Expected[]): Promise<void> {
    const where = `${window} ${partition ?? "whole"}`;
    const set = { window, ...(partition === null ? {} : { partition }) };
    const scores = new Map(expected.map((row) => [row.player, row]));
    const shown = new Set<string>();
    let cursor: string | null = null;
    let before = Number.POSITIVE_INFINITY;
    do {
      const page = await this.#client.leaderboards.entries(CRASH_BOARD, { ...set, limit: PAGE, ...(cursor === null ? {} : { cursor }) });
      if (page.total !== expected.length) this.#faults.push(`${where}: a total of ${page.total}, not ${expected.length}`);
      for (const { player, score, rank } of page.items) {
        const row = scores.get(player);
        if (row?.score !== score) this.#faults.push(`${where}: ${player} has ${score}, not ${row?.score}`);
        else if (row.rank !== rank) this.#faults.push(`${where}: ${player} is at ${rank}, not ${row.rank}`);
        if (shown.has(player)) this.#faults.push(`${where}: ${player} twice`);
        if (score > before) this.#faults.push(`${where}: ${player} stands behind somebody who is worse`);
        shown.add(player);
        before = score;
      }
      cursor = page.nextCursor;
    } while (cursor !== null);
    if (shown.size !== expected.length) this.#faults.push(`${where}: ${shown.size} rows, not ${expected.length}`);
    for (let n = 0; n < LOOKUPS && n < expected.length; n++) {
      const row = expected[Math.floor((n * expected.length) / LOOKUPS)];
      if (!row) continue;
      const { rank, entry } = await this.#client.leaderboards.rank(CRASH_BOARD, row.player, set);
      this.#seen.lookups++;
      if (rank !== row.rank || entry?.score !== row.score)
        this.#faults.push(`${where}: asked alone, ${row.player} is at ${rank} with ${entry?.score}, not at ${row.rank} with ${row.score}`);
    }
    this.#seen.rankings++;
    this.#seen.rows += shown.size;
  }

  async #archive(window: string, partition: string | null, expected: readonly Expected[]): Promise<void> {
    const { items } = await this.#client.leaderboards.archive(CRASH_BOARD, window);
    const archive = items.find((item) => item.partition === partition);
    const where = `archive of ${window} ${partition ?? "whole"}`;
    if ((archive?.entries ?? 0) !== expected.length) this.#faults.push(`${where}: ${archive?.entries} entries, not ${expected.length}`);
    const top = archive?.top.map(({ rank, score }) => `${rank}:${score}`).join(" ");
    const best = expected
      .slice(0, archive?.top.length)
      .map(({ rank, score }) => `${rank}:${score}`)
      .join(" ");
    if (top !== best) this.#faults.push(`${where}: begins with ${top}, not ${best}`);
  }

  /** Each reward once, to exactly those who have won it. */
  async #rewards(window: string): Promise<void> {
    const given: string[] = [];
    const page = async (query: PageQuery) => await this.#client.leaderboards.rewards(CRASH_BOARD, window, { ...query, limit: 200 });
    for await (const { partition, player, reward, rank } of everyItem(page)) given.push(`${partition} ${reward} ${rank} ${player}`);
    const won = window.startsWith("daily") ? [null, ...REGIONS].flatMap((partition) => this.#winners(window, partition)) : [];
    this.#seen.grants += given.length;
    if (given.toSorted().join() !== won.toSorted().join()) {
      const [has, should] = [new Set(given), new Set(won)];
      const wrong = [...given.filter((each) => !should.has(each)), ...won.filter((each) => !has.has(each))];
      this.#faults.push(`rewards of ${window}: ${given.length} given, ${won.length} won, such as ${wrong.slice(0, 3).join(", ")}`);
    }
  }

  #winners(window: string, partition: string | null): string[] {
    const ranking = this.#oracle.ranking(window, partition);
    const front = Math.ceil((ranking.length * BEST_PERCENT) / 100);
    const line = (reward: string) => (row: Expected) => `${partition} ${reward} ${row.rank} ${row.player}`;
    return [
      ...ranking.filter(({ rank }) => rank <= PODIUM).map(line("podium")),
      ...ranking.filter(({ rank }) => rank <= front).map(line("tenth")),
      ...ranking.map(line("thanks")),
    ];
  }

  /** Of every window one end and one archive, and of its rewards as many as were given. */
  async #events(closed: readonly string[]): Promise<void> {
    await emptyOutboxes(this.#server);
    const told = new Map<string, number>();
    for (const type of ["meridian.window.closed", "meridian.window.archived", "meridian.reward.granted"] as const) {
      const page = async (query: PageQuery) =>
        await this.#client.events.list({ type, subject: `leaderboard/${CRASH_BOARD}`, limit: 200, ...query });
      for await (const { data } of everyItem(page)) {
        const name = `${type} ${String(data["window"])}`;
        told.set(name, (told.get(name) ?? 0) + (type === "meridian.reward.granted" ? Number(data["count"]) : 1));
        this.#seen.events++;
      }
    }
    for (const window of closed) {
      const won = window.startsWith("daily") ? [null, ...REGIONS].reduce((sum, part) => sum + this.#winners(window, part).length, 0) : 0;
      for (const [type, count] of [
        ["meridian.window.closed", 1],
        ["meridian.window.archived", 1],
        ["meridian.reward.granted", won],
      ] as const) {
        const seen = told.get(`${type} ${window}`) ?? 0;
        if (seen !== count) this.#faults.push(`${type} of ${window}: ${seen}, not ${count}`);
      }
    }
  }
}

/** Waits as long as it gets less: how fast depends on the machine and its other work. */
async function emptyOutboxes({ url, demo }: CrashServer): Promise<void> {
  const client = new Meridian({ url, key: demo.apiKey });
  let lowest = Number.POSITIVE_INFINITY;
  for (let idle = 0; idle < 300; idle++) {
    const { outbox } = await client.events.status();
    if (outbox.depth === 0 && outbox.unanswered.length === 0) return;
    if (outbox.depth < lowest) idle = 0;
    lowest = Math.min(lowest, outbox.depth);
    await pause(200);
  }
  throw new Error(`the outboxes stay at ${lowest} events`);
}

async function pause(ms: number): Promise<void> {
  await new Promise((later) => setTimeout(later, ms));
}
