import { WINDOW_KINDS } from "../../../contract/leaderboard-limits.ts";
import { boardConfigSchema } from "../../../contract/leaderboards.ts";
import type { ObjectsEnv } from "../../env.ts";
import { Leaderboard } from "../leaderboard.ts";

const PLAYERS = 50_000;
/** Players that the board has before single scores and ranks are timed. */
const FILLED = 100_000;
const LINES = 20_000;
const META = { requestId: "bench", actor: "key:bench", actorName: "bench" };

/** A board as it is deployed, whose events go nowhere, for the bench of how many scores it takes. */
export class BenchBoard extends Leaderboard {
  #next = 0;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    const EVENTS = { sendBatch: async () => await Promise.resolve() };
    super(ctx, { ...env, EVENTS } as unknown as ObjectsEnv); // the outbox needs no more of a queue
  }

  /** A board with so many windows. */
  async begin(windows: number): Promise<boolean> {
    const config = boardConfigSchema.parse({
      title: "Bench",
      windows: WINDOW_KINDS.slice(0, windows),
      rules: [{ type: "max-score", max: 1_000_000 }],
    });
    return (await this.configure({ config, version: 1 }, META)).ok;
  }

  /** So many batches of 1,000 scores, each body made, read and taken. */
  async take(batches: number): Promise<{ micros: number }> {
    const began = Date.now();
    for (let n = 0; n < batches; n++) {
      const taken = await this.submitBatch(new TextEncoder().encode(this.#body()), META);
      if (!taken.ok || taken.value.accepted !== 1_000) throw new Error(JSON.stringify(taken).slice(0, 500));
    }
    return { micros: (Date.now() - began) / batches };
  }

  /** History of 100,000 players, by imports. */
  async fill(): Promise<boolean> {
    const occurredAt = new Date(Date.now() - 60_000).toISOString();
    for (let from = 0; from < FILLED; from += LINES) {
      const line = (n: number) => JSON.stringify({ player: nameOf(from + n), score: spread((from + n) * 3, 10_000), occurredAt });
      const lines = Array.from({ length: LINES }, (_, n) => line(n)).join("\n");
      const taken = await this.importScores(new TextEncoder().encode(lines), `fill-${from}`, META);
      if (!taken.ok || taken.value.imported !== LINES) throw new Error(JSON.stringify(taken).slice(0, 500));
    }
    return true;
  }

  /** So many calls of so many scores that came at one moment; half of them leave their player's best as it is. */
  async submits(calls: number, together: number): Promise<boolean> {
    for (let n = 0; n < calls; n++) {
      const scores = Array.from({ length: together }, () => {
        const at = this.#next++;
        return { input: { player: nameOf(spread(at, FILLED)), score: spread(at * 7, 10_000) }, by: "service" as const, meta: META };
      });
      const refused = (await this.submitMany(scores)).find(({ ok }) => !ok);
      if (refused) throw new Error(JSON.stringify(refused).slice(0, 500));
      await this.ctx.storage.sync();
    }
    return true;
  }

  /** So many calls of so many questions for a rank. */
  async ranks(calls: number, together: number): Promise<boolean> {
    for (let n = 0; n < calls; n++) {
      const questions = Array.from({ length: together }, () => ({
        question: "standing" as const,
        ask: { player: nameOf(spread(this.#next++, FILLED)), window: "all", own: false },
      }));
      const refused = (await this.askMany(questions)).find(({ ok }) => !ok);
      if (refused) throw new Error(JSON.stringify(refused).slice(0, 500));
    }
    return true;
  }

  /** Rows that single scores write, each of another player; timers and checkpoints of the time included. */
  async rows(submits: number): Promise<number> {
    const { sql } = this.ctx.storage;
    const exec = sql.exec.bind(sql);
    const cursors: { readonly rowsWritten: number }[] = [];
    sql.exec = ((query: string, ...bindings: SqlStorageValue[]) => {
      const cursor = exec(query, ...bindings);
      cursors.push(cursor);
      return cursor;
    }) as typeof sql.exec; // the same, and remembered
    try {
      for (let n = 0; n < submits; n++) {
        const player = nameOf(spread(this.#next++, PLAYERS));
        await this.submit({ player, score: spread(n * 11, 1_000_000) }, "service", META);
      }
      return cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0) / submits;
    } finally {
      sql.exec = exec;
    }
  }

  #body(): string {
    const items = Array.from({ length: 1_000 }, () => {
      const n = this.#next++;
      const player = nameOf(spread(n, PLAYERS));
      return { player, name: player.slice(7), score: spread(n * 7, 1_000_000), durationMs: 60_000 };
    });
    return JSON.stringify({ batchId: `b${this.#next}`, items });
  }
}

/** As long as ids of accounts are. */
function nameOf(player: number): string {
  return `player-${String(player).padStart(9, "0")}`;
}

/** Numbers below `size` in an order without a pattern. */
function spread(n: number, size: number): number {
  return (Math.imul(n + 1, 0x9e3779b1) >>> 0) % size;
}

export default {
  /** `GET /{board}/begin?windows=1`, `GET /{board}/take?batches=10`, `GET /{board}/rows?submits=500`, `GET /{board}/ping` as JSON. */
  async fetch(request: Request, env: { readonly BOARDS: DurableObjectNamespace<BenchBoard> }): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, name = "", method = ""] = pathname.split("/");
    const board = env.BOARDS.getByName(`bench/leaderboard/${name}`);
    const number = (key: string) => Number(searchParams.get(key));
    switch (method) {
      case "begin":
        return Response.json(await board.begin(number("windows")));
      case "rows":
        return Response.json(await board.rows(number("submits")));
      case "fill":
        return Response.json(await board.fill());
      case "submits":
      case "ranks":
        return Response.json(await board[method](number("calls"), number("together")));
      case "take":
        return Response.json(await board.take(number("batches")));
      default:
        return Response.json(await board.outboxStatus());
    }
  },
};
