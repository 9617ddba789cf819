import { DurableObject } from "cloudflare:workers";
import { CountedSets } from "../../../core/live/leaderboard/counted-sets.ts";
import type { SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";
import { aroundStart } from "../../../core/live/leaderboard/standings.ts";
import { RANKING_TABLES, SqlEntries } from "./sql-entries.ts";

const SET = 1;
const SCORES = 1_000_000;

interface Env {
  readonly BOARDS: DurableObjectNamespace<RankingBoard>;
}

/** Figures of one kind of work, many times over. */
interface Timed {
  readonly times: number;
  readonly micros: number;
  readonly rowsWritten: number;
}

/** One ranking with its real rows and nothing else, for the bench of what a rank costs inside of an object. */
export class RankingBoard extends DurableObject<Env> {
  readonly #entries: SqlEntries;
  #sets: CountedSets;
  #seq: number;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    const { tables } = sql.exec("SELECT count(*) AS tables FROM sqlite_master WHERE name = 'entries'").one();
    if (tables === 0) {
      sql.exec(RANKING_TABLES);
      sql.exec("CREATE TABLE log (seq INTEGER PRIMARY KEY, changes BLOB NOT NULL)");
    }
    this.#entries = new SqlEntries(sql);
    this.#sets = this.#open();
    this.#seq = Number(sql.exec("SELECT coalesce(max(seq), 0) AS seq FROM log").one()["seq"]);
  }

  /** Adds players `from` up to `to` with scores that look random. */
  fill(from: number, to: number): Timed {
    return this.#timed(to - from, (n) => this.#change(() => this.#sets.put(SET, keyOf(from + n, from + n))));
  }

  /** Players' entries found and ranked. */
  rank(times: number, players: number): Timed {
    return this.#timed(times, (n) => void this.#sets.rankOf(SET, this.#find(spread(n, players)), "ordinal"));
  }

  /** The same by counting rows one by one. */
  plainRank(times: number, players: number): Timed {
    const count = "SELECT count(*) AS n FROM entries WHERE set_id = ? AND (inv, sub, at, player) < (?, ?, ?, ?)";
    return this.#timed(times, (n) => {
      const { inv, sub, at, player } = this.#find(spread(n, players));
      this.ctx.storage.sql.exec(count, SET, inv, sub, at, player).one();
    });
  }

  /** Players' entries moved, with their rows of the log. */
  update(times: number, players: number): Timed {
    return this.#timed(times, (n) => this.#change(() => this.#sets.put(SET, keyOf(spread(n, players), this.#seq + players))));
  }

  around(times: number, players: number): Timed {
    return this.#timed(times, (n) => {
      const place = this.#sets.placeOf(SET, this.#find(spread(n, players)));
      this.#sets.pageAt(SET, aroundStart(place, 10, this.#sets.total(SET)), 10);
    });
  }

  top(times: number): Timed {
    return this.#timed(times, () => void this.#sets.pageAt(SET, 0, 100));
  }

  /** Forgets memory and asks for one rank. */
  coldRank(player: number): Timed {
    this.#sets = this.#open();
    return this.#timed(1, () => void this.#sets.rankOf(SET, this.#find(player), "ordinal"));
  }

  /** Keeps entries and forgets all that memory had of them. */
  forget(): number {
    this.#sets = this.#open();
    return this.#seq;
  }

  ping(): number {
    return this.#seq;
  }

  #find(player: number): SortKey {
    const key = this.#sets.find(SET, nameOf(player));
    if (!key) throw new Error(`nobody is ${nameOf(player)}`);
    return key;
  }

  #change(work: () => void): void {
    work();
    const changes = this.#sets.takeChanges();
    if (!changes) return;
    this.#seq += 1;
    this.ctx.storage.sql.exec("INSERT INTO log (seq, changes) VALUES (?, ?)", this.#seq, changes);
    this.#sets.checkpoint(this.#seq);
  }

  #timed(times: number, work: (n: number) => void): Timed {
    const rows = this.#entries.rowsWritten;
    const began = Date.now();
    this.ctx.storage.transactionSync(() => {
      for (let n = 0; n < times; n++) work(n);
    });
    // Local runtimes let clocks advance.
    return { times, micros: (1_000 * (Date.now() - began)) / times, rowsWritten: this.#entries.rowsWritten - rows };
  }

  #open(): CountedSets {
    const { sql } = this.ctx.storage;
    return new CountedSets(this.#entries, {
      *since(seq) {
        for (const [at, changes] of sql.exec("SELECT seq, changes FROM log WHERE seq > ? ORDER BY seq", seq).raw<[number, ArrayBuffer]>())
          yield { seq: at, changes: new Uint8Array(changes) };
      },
    });
  }
}

/** As long as ids of accounts are. */
function nameOf(player: number): string {
  return `player-${String(player).padStart(9, "0")}`;
}

function keyOf(player: number, at: number): SortKey {
  return { inv: -spread(at, SCORES), sub: 0, at, player: nameOf(player) };
}

/** Numbers below `size` in an order without a pattern that an index could use. */
function spread(n: number, size: number): number {
  return (Math.imul(n + 1, 0x9e3779b1) >>> 0) % size;
}

export default {
  /** `GET /{board}/{method}?arguments` as JSON. */
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const [, name = "", method = ""] = pathname.split("/");
    const board = env.BOARDS.getByName(name);
    const number = (key: string) => Number(searchParams.get(key));
    switch (method) {
      case "fill":
        return Response.json(await board.fill(number("from"), number("to")));
      case "rank":
      case "plainRank":
      case "update":
      case "around":
        return Response.json(await board[method](number("times"), number("players")));
      case "top":
        return Response.json(await board.top(number("times")));
      case "cold":
        return Response.json(await board.coldRank(number("player")));
      case "forget":
        return Response.json(await board.forget());
      default:
        return Response.json(await board.ping());
    }
  },
} satisfies ExportedHandler<Env>;
