import { type ObjectAddress, objectName, parseObjectName } from "../../contract/address.ts";
import { EVENT_TYPES, type EventType } from "../../contract/events.ts";
import { failpointsOf, type HitFailpoint, NO_FAILPOINTS } from "../../contract/failpoints.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { type Outcome, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import { MAINTENANCE_LIMITS, type MaintenanceOrder, type MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import { type IdempotencyVerdict, judgeIdempotency, nextSweepAt, recordOf } from "../../core/kit/idempotency.ts";
import { KIT_LIMITS } from "../../core/kit/limits.ts";
import { Alarm } from "./alarm.ts";
import { Exporter } from "./export.ts";
import { Importer } from "./import.ts";
import { errorText, logLine } from "./log.ts";
import { KitOutbox } from "./outbox.ts";
import { migrate } from "./schema.ts";
import { createSqlStore } from "./sql-store.ts";
import type { ChangeOptions, KitEnv, KitOptions, ObjectKit } from "./object-kit.ts";
import type { KitStore } from "./store.ts";
import { KitTimers } from "./timers.ts";

const RECORDS_TIMER = "kit:records";
const EXPORT_TIMER = "kit:export";

/** The kit of one object: wires storage, deadlines, events and answers to one gate. Made by `createKit`. */
export class Kit implements ObjectKit {
  readonly sql: SqlStorage;
  readonly timers: KitTimers;
  readonly outbox: KitOutbox;
  readonly failpoint: HitFailpoint;
  readonly #ctx: DurableObjectState;
  readonly #options: KitOptions;
  readonly #store: KitStore;
  readonly #exporter: Exporter;
  readonly #importer: Importer;
  readonly #alarm: Alarm;
  readonly #offsetMs: number;
  /** `actor` and key of changes whose preparation runs now. */
  readonly #inFlight = new Set<string>();
  #address: ObjectAddress | undefined;
  #state: "closed" | "loading" | "open" = "closed";
  #opening: Promise<void> | undefined;
  /** Transactions within each other: only the outermost one settles. */
  #depth = 0;
  #emitted = false;
  /** Whether one of them is to go to the queue at once. */
  #urgent = false;
  #flushArmed = false;
  #alarmRunning = false;

  constructor(ctx: DurableObjectState, env: KitEnv, options: KitOptions) {
    if (Object.keys(options.timers ?? {}).some((name) => name.startsWith("kit:"))) throw new Error("timers named kit:… belong to the kit");
    this.#ctx = ctx;
    this.#options = options;
    this.#offsetMs = Number(env.CLOCK_OFFSET_MS ?? 0) || 0;
    this.#store = (options.store ?? createSqlStore)(ctx.storage);
    this.#address = ctx.id.name === undefined ? undefined : addressOf(ctx.id.name);
    this.#exporter = new Exporter(ctx.storage, this.#store.ledger);
    this.#importer = new Importer(ctx.storage, this.#store, options.migrations);
    this.sql = ctx.storage.sql;
    this.failpoint = failpointsOf(env.FAILPOINTS);
    this.#alarm = new Alarm(ctx.storage, this.#offsetMs, (work) => this.#background(work));
    this.timers = new KitTimers({
      store: this.#store.timers,
      handlers: {
        ...options.timers,
        [RECORDS_TIMER]: (now) => this.transaction(() => this.#sweep(now)),
        [EXPORT_TIMER]: () => this.transaction(() => this.#exporter.end()),
      },
      now: () => this.now(),
      random: Math.random,
      source: () => this.#source(),
      changed: () => this.#settle(),
    });
    this.outbox = new KitOutbox({
      store: this.#store.outbox,
      send: async (messages) => {
        await env.EVENTS.sendBatch(messages.map((body) => ({ body, contentType: "json" })));
      },
      tenantId: () => this.address.tenantId,
      source: () => this.#source(),
      keepUntilConfirmed: env.SINGLE_NODE === "true",
      now: () => this.now(),
      random: Math.random,
      emitted: (type) => this.#noteEmit(type),
      failpoint: this.failpoint,
      changed: () => this.#settle(),
    });
  }

  get address(): ObjectAddress {
    if (!this.#address) throw new Error("an object without a name: it is only reached by the name of its address");
    return this.#address;
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  ready(): Promise<void> {
    if (this.#state === "open") return Promise.resolve();
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async read<T>(work: () => T): Promise<T> {
    await this.ready();
    return work();
  }

  async change<T>(meta: CallMeta | undefined, work: (now: number) => Outcome<T>, options: ChangeOptions = {}): Promise<Outcome<T>> {
    const closed = await this.#openOrRefuse();
    return closed ?? this.#commit(meta, undefined, work, options);
  }

  async changeAfter<P, T>(
    meta: CallMeta | undefined,
    prepare: () => Promise<P>,
    work: (prepared: P, now: number) => Outcome<T>,
    options: ChangeOptions = {},
  ): Promise<Outcome<T>> {
    const closed = await this.#openOrRefuse();
    if (closed) return closed;
    const verdict = this.#judge<T>(meta, undefined);
    if (verdict.kind === "answer") return verdict.outcome;
    const flight = flightOf(meta);
    if (flight !== undefined) this.#inFlight.add(flight);
    try {
      const prepared = await prepare();
      return this.#commit(meta, flight, (now) => work(prepared, now), options);
    } finally {
      if (flight !== undefined) this.#inFlight.delete(flight);
    }
  }

  transaction<T>(work: () => T): T {
    if (this.#state === "closed") throw new Error("the object is not open: await ready() first");
    const result = this.#run(work);
    if (this.#depth === 0) this.#afterCommit();
    return result;
  }

  async maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>> {
    return (await this.#maintain(order)) as MaintenanceReport<O>; // the report's type follows from the order's
  }

  async #maintain(order: MaintenanceOrder): Promise<MaintenanceReport> {
    if (order.type === "import") return await this.#import(order);
    // What was put into it can be read again before it is opened, while nothing moves yet.
    if (this.#state === "closed" && this.#importer.running() && (order.type === "export" || order.type === "export-abort"))
      return this.#store.transaction(() => this.#readClosed(order));
    await this.ready();
    switch (order.type) {
      case "forget-subject": {
        const forget = this.#options.forgetSubject;
        return { forgotten: forget ? this.transaction(() => forget(order.subject, order.ref)) : 0 };
      }
      case "reseal":
        return (await this.#options.reseal?.()) ?? { resealed: 0, more: false };
      case "export":
        return this.transaction(() => this.#export(order.cursor));
      case "export-abort":
        return this.transaction(() => this.#endExport());
    }
  }

  #export(cursor: string | null): MaintenanceReport<{ type: "export"; cursor: string | null }> {
    if (cursor === null) this.timers.clear(EXPORT_TIMER);
    const report = this.#exporter.next(cursor, uuidv7(this.now(), cryptoRandom), this.#schemaSteps());
    // After the moment was fixed: what is exported does not hold the deadline of its own export.
    if (report.cursor === null) this.timers.clear(EXPORT_TIMER);
    else this.timers.set(EXPORT_TIMER, this.now() + MAINTENANCE_LIMITS.exportIdleMs);
    return report;
  }

  #readClosed(order: Extract<MaintenanceOrder, { type: "export" | "export-abort" }>): MaintenanceReport {
    if (order.type === "export") return this.#exporter.next(order.cursor, uuidv7(this.now(), cryptoRandom), this.#schemaSteps());
    this.#exporter.end();
    return {};
  }

  #endExport(): Record<string, never> {
    this.#exporter.end();
    this.timers.clear(EXPORT_TIMER);
    return {};
  }

  /** Before the object is opened: it must be as new, and stays closed until its state is whole. */
  async #import(order: Extract<MaintenanceOrder, { type: "import" }>): Promise<Record<string, never>> {
    if (this.#opening) await this.#opening.catch(() => undefined); // an object that cannot be opened is judged by what it holds
    if (this.#state === "open" && (order.first || order.chunk.tables.length > 0))
      throw new Error("this object was used: a state is put into a new one only");
    if (this.#state !== "open")
      this.#store.transaction(() => {
        this.#exporter.end();
        this.#importer.take(order);
      });
    if (order.last) await this.ready();
    return {};
  }

  #schemaSteps(): number {
    return this.#store.migrations.length + this.#options.migrations.length;
  }

  async alarm(): Promise<void> {
    this.#alarmRunning = true;
    this.#alarm.fired();
    try {
      await this.ready();
      const now = this.now();
      await this.timers.runDue(now);
      if ((this.outbox.dueAt ?? Number.POSITIVE_INFINITY) <= now) await this.outbox.flush();
    } catch (error) {
      // The object could not be opened; refusing is right, but its deadlines must survive that.
      logLine("error", "alarm could not open its object, trying again", { object: this.#source(), error: errorText(error) });
    } finally {
      this.#alarmRunning = false;
      if (this.#state === "open") this.#settle();
      else this.#alarm.settle([this.now() + KIT_LIMITS.reopenMs]);
    }
  }

  async #open(): Promise<void> {
    try {
      await this.#alarm.load(this.now());
      this.#run(() => this.#migrate());
      this.#state = "loading";
      this.timers.load();
      this.outbox.load();
      // In the same turn as the commit: nothing that was stored waits for a caller to come by.
      this.#settle();
      await this.#options.load?.();
      this.#state = "open";
    } catch (error) {
      this.#state = "closed";
      logLine("error", "object refused to open", { object: this.#source(), error: errorText(error) });
      throw error;
    }
    if (this.outbox.dueAt !== undefined) this.#background(this.outbox.flush());
  }

  #migrate(): void {
    if (this.#importer.running()) throw new Error("its state is being restored");
    // Triggers of an export know the tables as they were.
    const exported = this.#exporter.running();
    if (exported && exported.steps !== this.#schemaSteps()) this.#exporter.end();
    migrate(this.#store, this.#options.migrations);
    const stored = this.#store.meta.get("address");
    if (stored !== undefined) this.#address ??= addressOf(stored);
    const { tenantId, kind, name } = this.address;
    const source = objectName(this.address);
    if (stored !== undefined && stored !== source) throw new Error(`this object is ${stored}, not ${source}`);
    if (kind !== this.#options.kind) throw new Error(`an object of kind ${kind} was asked to be ${this.#options.kind}`);
    if (stored !== undefined) return;
    // The first init of all.
    this.#store.meta.put("address", source);
    if (this.#options.registered !== true) return;
    const jurisdiction = this.#ctx.id.jurisdiction ?? null;
    this.outbox.emit({
      type: "meridian.object.created",
      subject: `object/${source}`,
      data: { tenant: tenantId, kind, name, jurisdiction },
    });
  }

  async #openOrRefuse(): Promise<Outcome<never> | undefined> {
    try {
      await this.ready();
      return undefined;
    } catch {
      // `#open` has logged why; the caller gets what it may know.
      return refuse("unavailable", "This part of the service cannot be opened at the moment. Try again in a few seconds.", {
        retryAfterS: 5,
      });
    }
  }

  /** @param own the flight of the caller itself, which is no twin of its own */
  #judge<T>(meta: CallMeta | undefined, own: string | undefined): IdempotencyVerdict<T> {
    const claim = meta?.idempotency;
    if (!meta || !claim) return { kind: "run" };
    const flight = flightOf(meta);
    const inFlight = flight !== undefined && flight !== own && this.#inFlight.has(flight);
    return judgeIdempotency<T>(this.#store.records.get(meta.actor, claim.key), claim, inFlight, this.now());
  }

  #commit<T>(meta: CallMeta | undefined, own: string | undefined, work: (now: number) => Outcome<T>, options: ChangeOptions): Outcome<T> {
    return this.transaction(() => {
      const verdict = this.#judge<T>(meta, own);
      if (verdict.kind === "answer") return verdict.outcome;
      const now = this.now();
      const outcome = work(now);
      const claim = meta?.idempotency;
      const record = meta && claim && recordOf(meta.actor, claim, outcome, options.secret === true, now);
      if (record) {
        this.#store.records.put(record);
        if (this.timers.get(RECORDS_TIMER) === undefined) this.timers.set(RECORDS_TIMER, now + KIT_LIMITS.replayMs);
      }
      return outcome;
    });
  }

  #run<T>(work: () => T): T {
    this.#depth += 1;
    try {
      return this.#store.transaction(() => {
        const result = work();
        if (result instanceof Promise) throw new Error("a transaction is synchronous: prepare first, then change");
        return result;
      });
    } catch (error) {
      if (this.#depth === 1) this.#emitted = this.#urgent = false;
      // What memory held of the undone rows is read anew.
      if (this.#state !== "closed") {
        this.timers.load();
        this.outbox.load();
      }
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  #afterCommit(): void {
    this.#settle();
    if (!this.#emitted) return;
    this.#emitted = false;
    const urgent = this.#urgent;
    this.#urgent = false;
    const { paceAggregatesMs } = this.#options;
    if (urgent || paceAggregatesMs === undefined) this.#background(this.#flushCommitted());
    else this.#flushLater(paceAggregatesMs);
  }

  /** Pacing only: what is lost with this timer is flushed by the guard's deadline, which was stored with the event. */
  #flushLater(ms: number): void {
    if (this.#flushArmed) return;
    this.#flushArmed = true;
    setTimeout(() => {
      this.#flushArmed = false;
      this.#background(this.#flushCommitted());
    }, ms);
  }

  async #flushCommitted(): Promise<void> {
    if (this.failpoint !== NO_FAILPOINTS) {
      await this.#ctx.storage.sync();
      this.failpoint("committed");
    }
    await this.outbox.flush();
  }

  #noteEmit(type: EventType): void {
    if (this.#depth === 0) throw new Error("emit outside of a transaction: the event would not share the fate of its change");
    this.#emitted = true;
    this.#urgent ||= EVENT_TYPES[type] !== "aggregate";
  }

  /** Holds the alarm at the earliest deadline; left to the end of a transaction, and of a running alarm. */
  #settle(): void {
    if (this.#depth > 0 || this.#alarmRunning || this.#state === "closed") return;
    const { dueAt } = this.outbox;
    this.#alarm.settle(dueAt === undefined ? this.timers.dueAts() : [...this.timers.dueAts(), dueAt]);
  }

  #sweep(now: number): void {
    const { records } = this.#store;
    const swept = records.sweep(now - KIT_LIMITS.replayMs, KIT_LIMITS.sweepRows);
    const next = swept === KIT_LIMITS.sweepRows ? now + 1_000 : nextSweepAt(records.oldestAt(), now);
    if (next !== undefined) this.timers.set(RECORDS_TIMER, next);
  }

  #source(): string {
    return this.#address ? objectName(this.#address) : "unnamed";
  }

  #background(work: Promise<unknown>): void {
    this.#ctx.waitUntil(work);
  }
}

/** What makes two requests twins: the same key of the same actor. */
function flightOf(meta: CallMeta | undefined): string | undefined {
  return meta?.idempotency && JSON.stringify([meta.actor, meta.idempotency.key]);
}

function addressOf(name: string): ObjectAddress | undefined {
  try {
    return parseObjectName(name);
  } catch {
    return undefined; // a name that no address makes: every entry point refuses
  }
}
