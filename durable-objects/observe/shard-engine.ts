import type { HitFailpoint } from "../../contract/failpoints.ts";
import { Shard, type ShardDeps } from "../../core/observe/shard.ts";
import type { KeptMs } from "../../core/observe/tier-reader.ts";
import { nextUpkeepAt, upkeep, UPKEEP } from "../../core/observe/upkeep.ts";

export interface ShardEngineDeps extends ShardDeps {
  readonly now: () => number;
  readonly kept: () => KeptMs;
  /** When upkeep is set to run; undefined when it is not. */
  readonly upkeepAt: () => number | undefined;
  readonly setUpkeep: (at: number) => void;
  readonly failpoint: HitFailpoint;
}

/** The shard of an object: read from rows, read anew when a change of rows was undone, and kept up slice by slice. */
export class ShardEngine {
  readonly #deps: ShardEngineDeps;
  #shard: Shard;
  /** Write-ahead rows since the last seal. */
  #logRows = 0;

  constructor(deps: ShardEngineDeps) {
    this.#deps = deps;
    this.#shard = new Shard(deps);
  }

  /** As it is now: another one after it was read anew. */
  get shard(): Shard {
    return this.#shard;
  }

  load(): void {
    this.#shard = new Shard(this.#deps);
    this.#shard.load(this.#deps.now());
    this.#logRows = 0;
  }

  /** Runs a change in one transaction. When it wrote samples or left something to do, upkeep is set. */
  change<T>(work: (shard: Shard) => T): T {
    const shard = this.#shard;
    const { seq } = shard;
    const result = this.#guarded(() =>
      this.#deps.transaction(() => {
        const done = work(shard);
        if (shard.seq !== seq) this.#armUpkeep(shard);
        return done;
      }),
    );
    this.#logRows += shard.seq - seq;
    return result;
  }

  /** Seals, rolls up and deletes what is due, and says when there is something to do again. */
  async upkeep(): Promise<void> {
    const shard = this.#shard;
    const now = this.#deps.now();
    const kept = this.#deps.kept();
    const steps = upkeep(shard, now, kept, this.#logRows);
    for (;;) {
      const step = this.#guarded(() => steps.next());
      if (step.done) break;
      if (step.value !== "slice") this.#deps.failpoint(step.value);
      await turn();
      // A commit that failed meanwhile has made memory anew from rows: what this upkeep knows of it is no longer true.
      if (this.#shard !== shard) throw new Error("the shard was read anew during its upkeep");
    }
    this.#logRows = 0;
    const next = nextUpkeepAt(shard, now, kept);
    if (next !== undefined) this.#deps.setUpkeep(next);
  }

  /** The first unsealed sample sets the deadline; much that waits brings it forward. */
  #armUpkeep(shard: Shard): void {
    const now = this.#deps.now();
    const due = shard.log.unsealedBytes >= UPKEEP.sealAtLogBytes ? now : now + UPKEEP.sealEveryMs;
    const armed = this.#deps.upkeepAt();
    if (armed === undefined || armed > due) this.#deps.setUpkeep(due);
  }

  /** What memory took from rows that were undone is read anew: rows are the truth. */
  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.load();
      throw error;
    }
  }
}

/** Lets waiting requests in between two slices of work. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}
