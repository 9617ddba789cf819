import { DurableObject } from "cloudflare:workers";
import { NO_FAILPOINTS } from "../../contract/failpoints.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { type Outcome, refuse } from "../../contract/problems.ts";
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
import { IngestCounter, type IngestCounts } from "../../core/observe/ingest-counter.ts";
import { deleteSeries } from "../../core/observe/delete-series.ts";
import { importPoints } from "../../core/observe/import-points.ts";
import type { Shard } from "../../core/observe/shard.ts";
import { UPKEEP } from "../../core/observe/upkeep.ts";
import type { KeptMs } from "../../core/observe/tier-reader.ts";
import type { ObjectsEnv } from "../env.ts";
import { errorText, logLine } from "../kit/log.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";
import { CommitQueue } from "./commit-queue.ts";
import { LivePublisher } from "./live-publisher.ts";
import { ShardCatalog } from "./shard-catalog.ts";
import { ShardEngine, turn } from "./shard-engine.ts";
import { findHost, type HostPage, listHosts } from "./shard-hosts.ts";
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
  readonly #engine: ShardEngine;
  readonly #counter = new IngestCounter();
  readonly #queries = new ShardQueries({ shard: () => this.#engine.shard, now: () => this.#kit.now(), kept: () => this.#kept(), turn });
  readonly #catalog = new ShardCatalog({
    shard: () => this.#engine.shard,
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
      load: () => this.#engine.load(),
    });
    this.#store = new SqlShardStore(ctx.storage.sql);
    this.#engine = new ShardEngine({
      store: this.#store,
      transaction: (work) => this.#kit.transaction(work),
      room: () => ({ ...this.#plan.room, shard: MAX_SHARD_SERIES }),
      randomId: () => crypto.getRandomValues(new Uint32Array(1)).reduce((_, word) => (word >>> 1) + 1, 0),
      changed: (host, slot, at, low, high) => this.#publisher.changed(host, slot, at, low, high),
      now: () => this.#kit.now(),
      kept: () => this.#kept(),
      upkeepAt: () => this.#kit.timers.get(UPKEEP_TIMER),
      setUpkeep: (at) => this.#kit.timers.set(UPKEEP_TIMER, at),
      failpoint: this.#kit.failpoint,
    });
    this.#queue = new CommitQueue({ now: () => this.#kit.now(), commit: (batches, now) => this.#commit(batches, now) });
    this.#publisher = new LivePublisher(uuidv7(this.#kit.now(), cryptoRandom), {
      hubs: env.HUB,
      tenantId: () => this.#kit.address.tenantId,
      shard: () => this.#engine.shard,
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
    return await this.#covered(batch, async () =>
      this.#engine.change((shard) => importPoints(shard, batch, batchId, this.#kit.now(), this.#kept())),
    );
  }

  async deleteSeries(which: Pick<CatalogAsk, "metric" | "matchers">): Promise<Outcome<{ deleted: number }>> {
    return (await this.#closed()) ?? this.#engine.change((shard) => deleteSeries(shard, which));
  }

  async select(order: SelectOrder): Promise<Outcome<SelectReply>> {
    return (await this.#closed()) ?? (await this.#queries.select(order));
  }

  async withdraw(ticket: string): Promise<void> {
    await this.#kit.read(() => this.#queries.withdraw(ticket));
  }

  async catalog<K extends keyof CatalogAnswers>(ask: K, query: CatalogAsk): Promise<Outcome<CatalogAnswers[K]>> {
    const closed = await this.#closed();
    if (closed) return closed;
    // These two name limits; after a start they would be the smallest plan's.
    if (ask === "cardinality" || ask === "storage") await this.#plan.refresh(this.#kit.now());
    return this.#catalog.answer(ask, query);
  }

  async noteRejected(lines: readonly RejectedLine[]): Promise<void> {
    await this.#kit.read(() => {
      this.#catalog.noteRejected(lines);
      // Upkeep writes them down; a row for each request that refuses would be a way to make us write.
      if (this.#kit.timers.get(UPKEEP_TIMER) === undefined) this.#kit.timers.set(UPKEEP_TIMER, this.#kit.now() + UPKEEP.sealEveryMs);
    });
  }

  async listHosts(page: HostPage): ReturnType<MetricShardRpc["listHosts"]> {
    return await this.#kit.read(() => listHosts(this.#engine.shard, page, this.#kit.now()));
  }

  async findHost(host: string): ReturnType<MetricShardRpc["findHost"]> {
    return await this.#kit.read(() => findHost(this.#engine.shard, host, this.#kit.now()));
  }

  async interest(hub: string, topics: readonly string[], untilMs: number): Promise<TopicPosition[]> {
    return await this.#kit.read(() => this.#publisher.lease(hub, topics, untilMs));
  }

  async status(): Promise<ShardStatus> {
    return await this.#kit.read(() => {
      const { series, log, blocks, samples } = this.#engine.shard;
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
    const { activeSeries, extras } = this.#engine.shard;
    return await this.#plan.cover(definitionCount(batch), { series: activeSeries, made: extras.limits.madeNow(now) }, now, work);
  }

  #warn(message: string, error: unknown): void {
    logLine("warn", message, { object: this.ctx.id.name ?? "", error: errorText(error) });
  }

  #commit(batches: Parameters<Shard["commit"]>[0], now: number): Outcome<ShardIngestReply>[] {
    const outcomes = this.#engine.change((shard) => {
      const stored = shard.commit(batches, now);
      this.#emit(this.#counter.add(stored, now));
      const limit = this.#catalog.limitEvent(`metrics/${this.#kit.address.name}`);
      if (limit) this.#kit.outbox.emit(limit);
      return stored;
    });
    this.#publisher.settle(now);
    return outcomes;
  }

  #emit(counts: IngestCounts | undefined): void {
    if (!counts) return;
    const series = this.#engine.shard.series.size;
    this.#kit.outbox.emit({ type: "meridian.metrics.ingested", subject: `metrics/${this.#kit.address.name}`, data: { ...counts, series } });
  }

  async #upkeep(): Promise<void> {
    await this.#plan.refresh(this.#kit.now());
    await this.#engine.upkeep();
  }

  #kept(): KeptMs {
    const { rawMs, minuteMs, hourMs } = this.#plan.allowance;
    return { raw: rawMs, minute: minuteMs, hour: hourMs };
  }
}
