import { HIGHEST, LOWEST } from "./buckets.ts";
import { CountedSets } from "./counted-sets.ts";
import type { EntryStore } from "./entry-store.ts";
import type { BucketLimits } from "./loaded-set.ts";
import type { Ranking, SortKey } from "./ranked-sets.ts";
import { ArraySets } from "./testing.ts";

// Counted buckets beside sorted arrays, through changes, undone transactions, checkpoints, removals of rankings and evictions.

export const WORKLOADS = ["all-equal", "ascending", "zipf", "evictions"] as const;
export type Workload = (typeof WORKLOADS)[number];

export interface ModelOptions {
  readonly store: EntryStore;
  /** Runs the work in a transaction, which is undone when it throws. */
  readonly transaction: (work: () => void) => void;
  readonly random: () => number;
  readonly operations: number;
  readonly workload: Workload;
  readonly dense: boolean;
  readonly limits: BucketLimits;
  readonly players: number;
  /** Times that rankings grow or shrink, in turn. */
  readonly phases: number;
}

/** What happened, to see that the run was not vacuous. */
export interface ModelReport {
  splits: number;
  merges: number;
  evictions: number;
  undone: number;
  checkpoints: number;
  drops: number;
  /** Log rows that starts applied on top of a checkpoint. */
  replayed: number;
  largest: number;
}

const RANKINGS: readonly Ranking[] = ["ordinal", "competition", "dense"];

class Undone extends Error {}

/** @throws at the first answer that differs from the oracle's */
export function runRankingModel(options: ModelOptions): ModelReport {
  const model = new Model(options);
  for (let operation = 0; operation < options.operations; operation++) model.step(operation);
  model.checkAll();
  return model.report;
}

class Model {
  readonly report: ModelReport = { splits: 0, merges: 0, evictions: 0, undone: 0, checkpoints: 0, drops: 0, replayed: 0, largest: 0 };
  readonly #options: ModelOptions;
  readonly #oracle = new ArraySets();
  readonly #store: EntryStore;
  #log: { seq: number; changes: Uint8Array }[] = [];
  #seq = 0;
  #sets: CountedSets;
  readonly #ids = [1, 2, 3];
  #lastId = 3;
  #at = 1_000;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#store = watched(options.store, this.report);
    this.#sets = this.#open();
  }

  step(operation: number): void {
    const { random, operations, workload } = this.#options;
    this.#change(operation);
    this.#ask(this.#id());
    const chance = random();
    if (chance < (workload === "evictions" ? 0.02 : 0.002)) this.#evict();
    else if (chance < 0.022) this.#undo(operation);
    else if (chance < 0.022 + 30 / operations) this.#checkpoint(true);
    else if (chance < 0.022 + 34 / operations) this.#drop();
    if (operation % 20 === 0) this.#checkpoint(false);
    if (operation % Math.ceil(operations / 10) === 0) this.checkAll();
  }

  /** Counts of buckets add up to rows, bucket by bucket, and every page is the oracle's. */
  checkAll(): void {
    for (const set of this.#ids) {
      const rows = this.#store.count(set, LOWEST, HIGHEST);
      same(this.#sets.total(set), rows, "rows of a ranking");
      for (const { lo } of this.#store.buckets(set)) {
        same(this.#sets.placeOf(set, lo), this.#store.count(set, LOWEST, lo), "rows before a bucket");
        if (lo.player !== "") same(this.#store.find(set, lo.player), lo, "the entry whose id a bucket holds");
      }
      same(this.#sets.pageAt(set, 0, rows + 1), this.#oracle.pageAt(set, 0, rows + 1), "the whole ranking");
      this.report.largest = Math.max(this.report.largest, rows);
    }
  }

  /** One to three changes in one transaction with their row of the log. */
  #change(operation: number): void {
    const changes = this.#draw(operation);
    this.#options.transaction(() => {
      for (const change of changes) same(change(this.#sets), change(this.#oracle), "what a change did");
      this.#append();
    });
    this.#oracle.takeChanges();
  }

  #undo(operation: number): void {
    const changes = this.#draw(operation);
    const [log, seq] = [[...this.#log], this.#seq];
    try {
      this.#options.transaction(() => {
        for (const change of changes) change(this.#sets);
        this.#append();
        throw new Undone();
      });
    } catch (error) {
      if (!(error instanceof Undone)) throw error;
    }
    [this.#log, this.#seq] = [log, seq];
    this.#sets.reset();
    this.report.undone += 1;
  }

  #draw(operation: number): ((sets: CountedSets | ArraySets) => unknown)[] {
    const { random, operations, phases } = this.#options;
    const isGrowing = Math.floor((phases * operation) / operations) % 2 === 0;
    return Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
      const set = this.#id();
      const player = this.#player();
      if (random() < (isGrowing ? 0.15 : 0.95)) return (sets) => sets.remove(set, player);
      const key = this.#key(player);
      return (sets) => sets.put(set, key);
    });
  }

  #key(player: string): SortKey {
    const { random, workload } = this.#options;
    this.#at += 1;
    switch (workload) {
      case "all-equal":
        return { inv: -7, sub: 0, at: 1_000, player };
      case "ascending":
        return { inv: -this.#at, sub: 0, at: this.#at, player };
      case "zipf":
        return { inv: -Math.floor(1_000 / (1 + 999 * random())), sub: Math.floor(3 * random()), at: this.#at, player };
      case "evictions":
        return { inv: Math.floor(1e6 * random()) / 8, sub: 0, at: Math.floor(this.#at / 50), player };
    }
  }

  #ask(set: number): void {
    const { random, dense } = this.#options;
    const player = this.#player();
    const key = this.#sets.find(set, player) ?? this.#key(player);
    const total = this.#oracle.total(set);
    const place = Math.floor(random() * (total + 2));
    const limit = Math.floor(random() * 12);
    const low = { inv: key.inv - Math.floor(random() * 5), open: random() < 0.5 };
    const high = { inv: key.inv + Math.floor(random() * 5), open: random() < 0.5 };
    this.#both("an entry", (sets) => sets.find(set, player));
    this.#both("a total", (sets) => sets.total(set));
    this.#both("a version", (sets) => sets.version(set));
    this.#both("a place", (sets) => sets.placeOf(set, key));
    for (const ranking of RANKINGS) {
      if (!dense && ranking === "dense") continue;
      this.#both(ranking, (sets) => sets.rankOf(set, key, ranking));
      const least = this.#sets.leastRankOf(set, key, ranking);
      same(least >= 1 && least <= this.#oracle.rankOf(set, key, ranking), true, `a rank that ${ranking} is not better than`);
    }
    this.#both("a page at a place", (sets) => sets.pageAt(set, place, limit));
    this.#both("a page forward", (sets) => sets.pageFrom(set, key, "forward", limit));
    this.#both("a page backward", (sets) => sets.pageFrom(set, key, "backward", limit));
    this.#both("a range", (sets) => sets.countBetween(set, low, high));
  }

  #both(what: string, ask: (sets: CountedSets | ArraySets) => unknown): void {
    same(ask(this.#sets), ask(this.#oracle), what);
  }

  #checkpoint(force: boolean): void {
    const before = this.#store.checkpointedSeq();
    this.#options.transaction(() => this.#sets.checkpoint(this.#seq, force));
    const now = this.#sets.checkpointedSeq();
    if (now > before) this.report.checkpoints += 1;
    // What the checkpoint holds, the log need not.
    this.#log = this.#log.filter(({ seq }) => seq > now);
  }

  /** A ranking goes in slices, with evictions between them; its successor has another id. */
  #drop(): void {
    const at = Math.floor(this.#options.random() * this.#ids.length);
    const set = this.#ids[at] ?? 0;
    this.#ids[at] = ++this.#lastId;
    const rows = 1 + Math.floor(this.#oracle.total(set) / 3);
    let left = 0;
    do {
      this.#options.transaction(() => (left = this.#sets.dropSlice(set, rows)));
      same(this.#sets.total(set), 0, "the total of a ranking that goes");
      if (this.#options.random() < 0.5) this.#evict();
    } while (left > 0);
    for (const each of [set, -set]) {
      same(this.#store.count(each, LOWEST, HIGHEST), 0, "rows of a ranking that is gone");
      same([...this.#store.buckets(each), ...this.#store.counts(each)], [], "what is kept of a ranking that is gone");
    }
    this.report.drops += 1;
  }

  #evict(): void {
    this.#sets = this.#open();
    this.report.evictions += 1;
  }

  #append(): void {
    const changes = this.#sets.takeChanges();
    this.#seq += 1;
    if (changes) this.#log.push({ seq: this.#seq, changes });
  }

  #open(): CountedSets {
    const { dense, limits } = this.#options;
    const rows = () => this.#log;
    const { report } = this;
    return new CountedSets(
      this.#store,
      {
        *since(seq) {
          for (const row of rows()) {
            if (row.seq <= seq) continue;
            report.replayed += 1;
            yield row;
          }
        },
      },
      { dense: () => dense, limits },
    );
  }

  #id(): number {
    return this.#ids[Math.floor(this.#options.random() * this.#ids.length)] ?? 0;
  }

  #player(): string {
    return `player-${Math.floor(this.#options.random() * this.#options.players)}`;
  }
}

/** The store, with splits and merges counted. */
function watched(store: EntryStore, report: ModelReport): EntryStore {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (name === "removeBucket") report.merges += 1;
        const before = name === "putBucket" ? target.buckets(args[0] as number).length : 0; // the first argument of `putBucket`
        const result: unknown = value.apply(target, args);
        if (before > 0 && target.buckets(args[0] as number).length > before) report.splits += 1;
        return result;
      };
    },
  });
}

function same(actual: unknown, expected: unknown, what: string): void {
  if (Object.is(actual, expected)) return;
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: ${left?.slice(0, 500)} instead of ${right?.slice(0, 500)}`);
}
