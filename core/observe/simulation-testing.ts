import type { Shard, WaitingBatch } from "./shard.ts";
import { afterCommit, commitDelayMs, NOTHING_PAID } from "./group-commit.ts";
import type { MemoryStore } from "./memory-store.ts";
import type { KeptMs } from "./tier-reader.ts";
import { nextUpkeepAt, upkeep, UPKEEP } from "./upkeep.ts";
import { TargetBatches, type Values } from "./workload-testing.ts";

const DAY_MS = 24 * 3_600_000;
const KEPT: KeptMs = { raw: DAY_MS, minute: 7 * DAY_MS, hour: 90 * DAY_MS };

/** What a stretch of simulated time has cost. */
export interface Cost {
  readonly hours: number;
  readonly samples: number;
  readonly logRows: number;
  /** Of seals, rollups and deletions. */
  readonly upkeepRows: number;
  readonly upkeeps: number;
  /** New packed rows of raw points, and of rollups: each is deleted once, later. */
  readonly blockRows: number;
  readonly rollupRows: number;
}

/** What the object writes besides, as `durable-objects/observe/hour.test.ts` counts it: events of counts, timers and alarms. */
export const OBJECT_ROWS_AN_HOUR = 80;

/** Written rows for a host and an hour, deletions counted with what they will delete. @param slow a stretch in which rollups were made */
export function rowsPerHostHour(
  busy: Cost,
  slow: Cost,
  hosts: number,
): { rows: number; log: number; packed: number; rollups: number; rest: number } {
  const log = busy.logRows / busy.hours / hosts;
  const packed = (2 * busy.blockRows) / busy.hours / hosts;
  const rollups = (2 * slow.rollupRows) / slow.hours / hosts;
  const rest = ((busy.upkeepRows - busy.blockRows - busy.rollupRows) / busy.hours + OBJECT_ROWS_AN_HOUR) / hosts;
  return { rows: log + packed + rollups + rest, log, packed, rollups, rest };
}

/** Hosts that send every few seconds, spread evenly, into one shard, through the rules by which the object groups commits and runs its upkeep. */
export class SimulatedShard {
  readonly shard: Shard;
  readonly #store: MemoryStore;
  readonly #hosts: readonly TargetBatches[];
  #now: number;
  #paidTo = NOTHING_PAID;
  #waiting: (WaitingBatch & { host: TargetBatches })[] = [];
  #waitingBytes = 0;
  #commitAt = Number.POSITIVE_INFINITY;
  #upkeepAt = Number.POSITIVE_INFINITY;
  #logRowsSinceSeal = 0;
  #cost = { samples: 0, logRows: 0, upkeepRows: 0, upkeeps: 0, blockRows: 0, rollupRows: 0 };
  #sent = 0;

  constructor(shard: Shard, store: MemoryStore, options: { hosts: number; series: number; values: Values; startMs: number }) {
    this.shard = shard;
    this.#store = store;
    this.#now = options.startMs;
    this.#hosts = Array.from({ length: options.hosts }, (_, n) => new TargetBatches(n, options.series, options.values));
  }

  get now(): number {
    return this.#now;
  }

  /** Lets time pass while every host sends once in `everyMs`. */
  run(forMs: number, everyMs: number): Cost {
    this.#cost = { samples: 0, logRows: 0, upkeepRows: 0, upkeeps: 0, blockRows: 0, rollupRows: 0 };
    const start = this.#now;
    const gap = everyMs / this.#hosts.length;
    for (let n = 0; n * gap < forMs; n++) {
      const at = Math.round(start + n * gap);
      this.#pass(at);
      const host = this.#hosts[n % this.#hosts.length];
      if (host) this.#send(host, at);
    }
    this.#pass(start + forMs);
    this.#now = start + forMs;
    return { hours: forMs / 3_600_000, ...this.#cost };
  }

  #send(host: TargetBatches, at: number): void {
    const batch = host.at(this.#sent, at);
    this.#waiting.push({ batch, id: `batch-${++this.#sent}`, host });
    this.#waitingBytes += batch.length;
    this.#cost.samples += host.keys.length;
    const delay = commitDelayMs({ requests: this.#waiting.length, bytes: this.#waitingBytes }, this.#paidTo, at);
    this.#commitAt = Math.min(this.#commitAt, at + delay);
    this.#pass(at);
  }

  /** Does what is due up to now. */
  #pass(now: number): void {
    if (this.#commitAt <= now) this.#commit(this.#commitAt);
    if (this.#upkeepAt <= now) this.#upkeep(this.#upkeepAt);
  }

  #commit(at: number): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#commitAt = Number.POSITIVE_INFINITY;
    this.#paidTo = afterCommit(this.#paidTo, at);
    const before = this.#store.rowsWritten;
    for (const [i, outcome] of this.shard.commit(waiting, at).entries()) {
      if (!outcome.ok || outcome.value.unknown || outcome.value.refusedSeries.length > 0)
        throw new Error("the simulation is not taken as it should be");
      if (outcome.value.assigned.length > 0) waiting[i]?.host.learn(outcome.value.dictionary, outcome.value.assigned);
    }
    const rows = this.#store.rowsWritten - before;
    this.#cost.logRows += rows;
    this.#logRowsSinceSeal += rows;
    const full = this.shard.log.unsealedBytes >= UPKEEP.sealAtLogBytes;
    this.#upkeepAt = Math.min(this.#upkeepAt, full ? at : at + UPKEEP.sealEveryMs);
  }

  #upkeep(at: number): void {
    this.#upkeepAt = Number.POSITIVE_INFINITY;
    const before = this.#store.rowsWritten;
    const were = this.#store.counts();
    for (const step of upkeep(this.shard, at, KEPT, this.#logRowsSinceSeal)) void step;
    this.#logRowsSinceSeal = 0;
    this.#cost.upkeeps++;
    this.#cost.upkeepRows += this.#store.rowsWritten - before;
    const are = this.#store.counts();
    this.#cost.blockRows += are.blocks - were.blocks;
    this.#cost.rollupRows += are.minute + are.hour - were.minute - were.hour;
    this.#upkeepAt = nextUpkeepAt(this.shard, at, KEPT) ?? Number.POSITIVE_INFINITY;
  }
}
