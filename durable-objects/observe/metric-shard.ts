import { DurableObject } from "cloudflare:workers";
import { decodeCursor, encodeCursor } from "../../contract/cursor.ts";
import { NO_FAILPOINTS } from "../../contract/failpoints.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { SelectOrder, SelectReply } from "../../contract/rpc/metric-select.ts";
import type {
  CatalogAnswers,
  CatalogAsk,
  IngestSource,
  MetricShardRpc,
  RejectedLine,
  ShardIngestReply,
  ShardStatus,
  TopicPosition,
} from "../../contract/rpc/metrics.ts";
import { definitionCount } from "../../contract/metric-batch.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import { cardOf, type HostCard } from "../../core/observe/host-cards.ts";
import { IngestCounter, type IngestCounts } from "../../core/observe/ingest-counter.ts";
import { newestOf } from "../../core/observe/newest.ts";
import { SeriesReader } from "../../core/observe/series-reader.ts";
import { deleteSeries } from "../../core/observe/delete-series.ts";
import { importPoints } from "../../core/observe/import-points.ts";
import { Shard } from "../../core/observe/shard.ts";
import { nextUpkeepAt, upkeep, UPKEEP } from "../../core/observe/upkeep.ts";
import type { KeptMs } from "../../core/observe/tier-reader.ts";
import type { ObjectsEnv } from "../env.ts";
import { errorText, logLine } from "../kit/log.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";
import { CommitQueue } from "./commit-queue.ts";
import { LivePublisher } from "./live-publisher.ts";
import { ShardCatalog } from "./shard-catalog.ts";
import { ShardQueries } from "./shard-queries.ts";
import { SHARD_MIGRATIONS } from "./shard-schema.ts";
import { SqlShardStore } from "./sql-shard-store.ts";
import { TenantPlan } from "./tenant-plan.ts";

const UPKEEP_TIMER = "upkeep";
/** A shard holds at most so many series, whatever the plan: its heads must fit into an isolate beside others. */
const MAX_SHARD_SERIES = 20_000;

/** `{tenantId}/metrics/{n}`: a shard of a tenant's series. Decisions are in `core/observe`; this wires rows, time and hubs to them. */
export class MetricShard extends DurableObject<ObjectsEnv> implements MetricShardRpc {
  readonly #kit: ObjectKit;
  readonly #store: SqlShardStore;
  readonly #queue: CommitQueue;
  readonly #publisher: LivePublisher;
  readonly #plan: TenantPlan;
  #shard: Shard;
  /** Write-ahead rows since the last seal. */
  #logRows = 0;
  readonly #counter = new IngestCounter();
  readonly #queries = new ShardQueries({ shard: () => this.#shard, now: () => this.#kit.now(), kept: () => this.#kept(), turn });
  readonly #catalog = new ShardCatalog({
    shard: () => this.#shard,
    now: () => this.#kit.now(),
    allowance: () => this.#plan.allowance,
    maxShardSeries: MAX_SHARD_SERIES,
    store: () => ({
      shard: Number(this.#kit.address.name),
      rowsWritten: this.#store.rowsWritten,
      databaseBytes: this.#kit.sql.databaseSize,
    }),
  });

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#kit = createKit(ctx, env, {
      kind: "metrics",
      migrations: SHARD_MIGRATIONS,
      registered: true,
      timers: { [UPKEEP_TIMER]: async () => await this.#upkeep() },
      load: () => this.#load(),
    });
    this.#store = new SqlShardStore(ctx.storage.sql);
    this.#shard = this.#newShard();
    this.#queue = new CommitQueue({ now: () => this.#kit.now(), commit: (batches, now) => this.#commit(batches, now) });
    this.#publisher = new LivePublisher(uuidv7(this.#kit.now(), cryptoRandom), {
      hubs: env.HUB,
      tenantId: () => this.#kit.address.tenantId,
      shard: () => this.#shard,
      now: () => this.#kit.now(),
      later: (ms, work) => void setTimeout(work, ms),
      background: (work) => ctx.waitUntil(work),
      warn: (error) => this.#warn("live publication failed", error),
    });
    this.#plan = new TenantPlan({
      tenants: env.TENANT,
      tenantId: () => this.#kit.address.tenantId,
      warn: (error) => this.#warn("plan not known", error),
    });
  }

  async ingest(batch: Uint8Array, batchId: string, source?: IngestSource): Promise<Outcome<ShardIngestReply>> {
    const closed = await this.#closed();
    if (closed) return closed;
    const outcome = await this.#covered(batch, async () => await this.#queue.add({ batch, id: batchId }));
    if (source) this.#catalog.noteIngest(source, batch, outcome);
    if (this.#kit.failpoint !== NO_FAILPOINTS) {
      await this.ctx.storage.sync();
      this.#kit.failpoint("committed");
    }
    return outcome;
  }

  async importBatch(batch: Uint8Array, batchId: string): Promise<Outcome<ShardIngestReply>> {
    const closed = await this.#closed();
    if (closed) return closed;
    return await this.#covered(batch, async () => this.#changed((now) => importPoints(this.#shard, batch, batchId, now, this.#kept())));
  }

  async deleteSeries(which: Pick<CatalogAsk, "metric" | "matchers">): Promise<Outcome<{ deleted: number }>> {
    return (await this.#closed()) ?? this.#changed(() => deleteSeries(this.#shard, which));
  }

  async select(order: SelectOrder): Promise<Outcome<SelectReply>> {
    return (await this.#closed()) ?? (await this.#queries.select(order));
  }

  async withdraw(ticket: string): Promise<void> {
    await this.#kit.read(() => this.#queries.withdraw(ticket));
  }

  async catalog<K extends keyof CatalogAnswers>(ask: K, query: CatalogAsk): Promise<Outcome<CatalogAnswers[K]>> {
    return (await this.#closed()) ?? this.#catalog.answer(ask, query);
  }

  async noteRejected(lines: readonly RejectedLine[]): Promise<void> {
    await this.#kit.read(() => {
      this.#catalog.noteRejected(lines);
      // Upkeep writes them down; a row for each request that refuses would be a way to make us write.
      if (this.#kit.timers.get(UPKEEP_TIMER) === undefined) this.#kit.timers.set(UPKEEP_TIMER, this.#kit.now() + UPKEEP.sealEveryMs);
    });
  }

  async listHosts(page: {
    limit: number;
    cursor?: string;
  }): Promise<Outcome<{ items: HostCard[]; nextCursor: string | null; now: number }>> {
    const after = page.cursor === undefined ? undefined : decodeCursor(page.cursor, ["string"]);
    if (page.cursor !== undefined && !after) return refuse("invalid-parameter", "This cursor is not one of ours: begin without one.");
    return await this.#kit.read(() => {
      const now = this.#kit.now();
      const entries = this.#shard.hosts.list(after === undefined ? undefined : String(after[0]), page.limit + 1);
      const shown = entries.slice(0, page.limit);
      const reader = this.#reader();
      const newest = newestOf(this.#shard.heads);
      const last = shown.at(-1);
      const nextCursor = entries.length > page.limit && last ? encodeCursor([last.host]) : null;
      return accept({ items: shown.map((entry) => cardOf(entry, newest, reader, now)), nextCursor, now });
    });
  }

  async findHost(host: string): Promise<Outcome<HostCard & { now: number }>> {
    return await this.#kit.read(() => {
      const now = this.#kit.now();
      const entry = this.#shard.hosts.find(host);
      if (!entry) return refuse("not-found", "No host of this name has sent samples within the last 24 hours.");
      return accept({ ...cardOf(entry, newestOf(this.#shard.heads), this.#reader(), now), now });
    });
  }

  async interest(hub: string, topics: readonly string[], untilMs: number): Promise<TopicPosition[]> {
    return await this.#kit.read(() => this.#publisher.lease(hub, topics, untilMs));
  }

  async status(): Promise<ShardStatus> {
    return await this.#kit.read(() => {
      const { series, log, blocks, samples } = this.#shard;
      const oldestAt = blocks.oldestAt() ?? null;
      return { series: series.size, walRows: log.rows, blocks: blocks.rows, rowsWritten: this.#store.rowsWritten, samples, oldestAt };
    });
  }

  async outboxStatus(): Promise<{ depth: number; oldestAt: number | null }> {
    return await this.#kit.read(() => this.#kit.outbox.status());
  }

  async confirmOutbox(seqs: readonly number[]): Promise<void> {
    await this.#kit.read(() => this.#kit.transaction(() => this.#kit.outbox.confirm(seqs)));
  }

  async maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>> {
    return await this.#kit.maintain(order);
  }

  override async alarm(): Promise<void> {
    await this.#kit.alarm();
  }

  /** A shard whose rows cannot be read refuses service, in a way that senders keep what they have. */
  async #closed(): Promise<Outcome<never> | undefined> {
    try {
      await this.#kit.ready();
      return undefined;
    } catch {
      // The kit has logged why.
      return refuse("unavailable", "The tenant's metrics cannot be opened at the moment. Try again in a few seconds.", { retryAfterS: 5 });
    }
  }

  /** Learns the plan before series could be refused for not knowing it. */
  async #covered<T>(batch: Uint8Array, work: () => Promise<T>): Promise<T> {
    const now = this.#kit.now();
    const { series, extras } = this.#shard;
    return await this.#plan.cover(definitionCount(batch), { series: series.size, made: extras.limits.madeNow(now) }, now, work);
  }

  #warn(message: string, error: unknown): void {
    logLine("warn", message, { object: this.ctx.id.name ?? "", error: errorText(error) });
  }

  #load(): void {
    this.#shard = this.#newShard();
    this.#shard.load(this.#kit.now());
    this.#logRows = 0;
  }

  #newShard(): Shard {
    return new Shard({
      store: this.#store,
      transaction: (work) => this.#kit.transaction(work),
      room: () => ({ ...this.#plan.room, shard: MAX_SHARD_SERIES }),
      randomId: () => crypto.getRandomValues(new Uint32Array(1)).reduce((_, word) => (word >>> 1) + 1, 0),
      changed: (host, slot, at, low, high) => this.#publisher.changed(host, slot, at, low, high),
    });
  }

  #reader(): SeriesReader {
    const { series, heads, blocks } = this.#shard;
    return new SeriesReader({ series, heads, blocks, store: this.#store });
  }

  #commit(batches: Parameters<Shard["commit"]>[0], now: number): Outcome<ShardIngestReply>[] {
    const shard = this.#shard;
    const seq = shard.seq;
    const outcomes = this.#guarded(() =>
      this.#kit.transaction(() => {
        const stored = shard.commit(batches, now);
        this.#emit(this.#counter.add(stored, now));
        const limit = this.#catalog.limitEvent(`metrics/${this.#kit.address.name}`);
        if (limit) this.#kit.outbox.emit(limit);
        if (shard.seq !== seq) this.#armUpkeep(shard, now);
        return stored;
      }),
    );
    this.#logRows += shard.seq - seq;
    this.#publisher.settle(now);
    return outcomes;
  }

  /** The first unsealed sample sets the deadline; much that waits brings it forward. */
  #armUpkeep(shard: Shard, now: number): void {
    const due = shard.log.unsealedBytes >= UPKEEP.sealAtLogBytes ? now : now + UPKEEP.sealEveryMs;
    const armed = this.#kit.timers.get(UPKEEP_TIMER);
    if (armed === undefined || armed > due) this.#kit.timers.set(UPKEEP_TIMER, due);
  }

  #emit(counts: IngestCounts | undefined): void {
    if (!counts) return;
    const series = this.#shard.series.size;
    this.#kit.outbox.emit({ type: "meridian.metrics.ingested", subject: `metrics/${this.#kit.address.name}`, data: { ...counts, series } });
  }

  async #upkeep(): Promise<void> {
    await this.#plan.refresh(this.#kit.now());
    const shard = this.#shard;
    const now = this.#kit.now();
    const kept = this.#kept();
    const steps = upkeep(shard, now, kept, this.#logRows);
    for (;;) {
      const step = this.#guarded(() => steps.next());
      if (step.done) break;
      if (step.value !== "slice") this.#kit.failpoint(step.value);
      await turn();
      // A commit that failed meanwhile has made memory anew from rows: what this upkeep knows of it is no longer true.
      if (this.#shard !== shard) throw new Error("the shard was read anew during its upkeep");
    }
    this.#logRows = 0;
    const next = nextUpkeepAt(shard, now, kept);
    if (next !== undefined) this.#kit.timers.set(UPKEEP_TIMER, next);
  }

  #kept(): KeptMs {
    const { rawMs, minuteMs, hourMs } = this.#plan.allowance;
    return { raw: rawMs, minute: minuteMs, hour: hourMs };
  }

  /** A change with rows of its own, after which there is something for the next upkeep. */
  #changed<T>(work: (now: number) => T): T {
    const now = this.#kit.now();
    return this.#guarded(() =>
      this.#kit.transaction(() => {
        const outcome = work(now);
        this.#armUpkeep(this.#shard, now);
        return outcome;
      }),
    );
  }

  /** What memory took from rows that were undone is read anew: rows are the truth. */
  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#load();
      throw error;
    }
  }
}

/** Lets waiting requests in between two slices of work. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}
