import { DurableObject } from "cloudflare:workers";
import { Shard } from "../../core/observe/shard.ts";
import { upkeep } from "../../core/observe/upkeep.ts";
import { TargetBatches } from "../../core/observe/workload-testing.ts";
import { SHARD_MIGRATIONS } from "./shard-schema.ts";
import { SqlShardStore } from "./sql-shard-store.ts";

const SERIES = 1_000;
const STEP_MS = 5_000;
const DAY_MS = 24 * 3_600_000;

interface Env {
  readonly SHARDS: DurableObjectNamespace<MemoryShard>;
}

/** A shard with its real rows and nothing else, for the bench of its memory, its start and its slices. */
export class MemoryShard extends DurableObject<Env> {
  #shard: Shard;
  #startMs = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { tables } = ctx.storage.sql.exec("SELECT count(*) AS tables FROM sqlite_master WHERE name = 'shard'").one();
    if (tables === 0) for (const { up } of SHARD_MIGRATIONS) ctx.storage.sql.exec(up);
    this.#shard = this.#open();
  }

  /** Stores points of so many targets with 1,000 series each, up to half an hour from `startMs` on. */
  async fill(targets: number, points: number, startMs: number): Promise<void> {
    this.#startMs = startMs;
    this.#shard.load(startMs);
    const all = Array.from({ length: targets }, (_, n) => new TargetBatches(n, SERIES, "mixed"));
    for (let point = 0; point < points; point++) {
      const at = startMs + point * STEP_MS;
      // What waits within a second shares a row.
      for (let n = 0; n < targets; n += 4) {
        const senders = all.slice(n, n + 4);
        const outcomes = this.ctx.storage.transactionSync(() =>
          this.#shard.commit(
            senders.map((target, i) => ({ batch: target.at(point, at), id: `${n + i}/${point}` })),
            at,
          ),
        );
        for (const [i, outcome] of outcomes.entries()) {
          if (!outcome.ok) throw new Error(outcome.problem.detail);
          if (point === 0) senders[i]?.learn(outcome.value.dictionary, outcome.value.assigned);
        }
      }
      if (point % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  /** Makes the index of labels, which the first question does. */
  index(): number {
    return this.#shard.labels.match("node_cpu_bytes_total", []).length;
  }

  /** Reads everything back from rows. */
  restart(): { series: number; logBytes: number } {
    this.#shard = this.#open();
    this.#shard.load(this.#startMs);
    return { series: this.#shard.series.size, logBytes: this.#shard.log.unsealedBytes };
  }

  /** Runs the upkeep slice by slice, with a turn for others between them. */
  async upkeep(): Promise<{ slices: number; longestMs: number }> {
    const kept = { raw: DAY_MS, minute: 7 * DAY_MS, hour: 90 * DAY_MS };
    const steps = upkeep(this.#shard, this.#startMs + 30 * 60_000, kept, 0);
    let slices = 0;
    let longestMs = 0;
    for (let isDone = false; !isDone; slices++) {
      longestMs = Math.max(
        longestMs,
        timed(() => (isDone = steps.next().done === true)),
      );
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return { slices, longestMs };
  }

  /** Takes a turn when one is free. @returns the series in memory */
  ping(): number {
    return this.#shard.series.size;
  }

  #open(): Shard {
    return new Shard({
      store: new SqlShardStore(this.ctx.storage.sql),
      transaction: (work) => this.ctx.storage.transactionSync(work),
      room: () => ({ active: 20_000, perHour: 20_000, shard: 20_000 }),
      randomId: () => 7,
    });
  }
}

/** Milliseconds that the work takes. Local runtimes let clocks advance. */
function timed(work: () => unknown): number {
  const began = Date.now();
  work();
  return Date.now() - began;
}

export default {
  /** `POST /{shard}/{method}?arguments` as JSON. */
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const [, name = "", method = ""] = pathname.split("/");
    const stub = env.SHARDS.getByName(name);
    const number = (key: string) => Number(searchParams.get(key));
    switch (method) {
      case "fill":
        return Response.json((await stub.fill(number("targets"), number("points"), number("startMs"))) ?? null);
      case "index":
        return Response.json(await stub.index());
      case "restart":
        return Response.json(await stub.restart());
      case "upkeep":
        return Response.json(await stub.upkeep());
      default:
        return Response.json(await stub.ping());
    }
  },
} satisfies ExportedHandler<Env>;
