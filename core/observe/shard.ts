import { type BatchView, decodeBatch, DEFINED } from "../../contract/metric-batch.ts";
import { parseSeriesKey } from "../../contract/metric-key.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { ShardIngestReply } from "../../contract/rpc/metrics.ts";
import { BlockIndex } from "./block-index.ts";
import { readDirectory } from "./block-rows.ts";
import { unpackDefinitions } from "./dictionary-rows.ts";
import { Heads } from "./heads.ts";
import { HostTable } from "./host-table.ts";
import { LabelIndex } from "./label-index.ts";
import { LogRing } from "./log-ring.ts";
import { decodeCommit, encodeCommit, type LogRecord, splitCommit, wholeCommits } from "./log-rows.ts";
import { RecentIds } from "./recent-ids.ts";
import { SeriesTable } from "./series-table.ts";
import { SeriesAdmission } from "./series-admission.ts";
import type { SeriesRoom } from "./series-limits.ts";
import { ShardExtras } from "./shard-extras.ts";
import { CLOSED_AFTER_MS, LateWrites } from "./late-writes.ts";
import { unpackRefNumbers } from "./ref-numbers.ts";
import { saveDictionary } from "./save-dictionary.ts";
import { FIRST_STATE, type ShardState, type ShardStore } from "./store.ts";

/** One request that waits for a commit. */
export interface WaitingBatch {
  readonly batch: Uint8Array;
  readonly id: string;
}

export interface ShardDeps {
  readonly store: ShardStore;
  /** Runs the work in one transaction of the store. */
  readonly transaction: <T>(work: () => T) => T;
  /** Series that may be here. */
  readonly room: () => SeriesRoom;
  /** A random whole number of 1 to 2^31 - 1. */
  readonly randomId: () => number;
  /** Told of every stored sample of a host's series. */
  readonly changed?: (host: string, slot: number, at: number, low: number, high: number) => void;
}

/** A batch that was judged and waits for its row. */
interface Plan {
  readonly view: BatchView;
  readonly record: LogRecord;
  readonly reply: ShardIngestReply;
}

/** A series without a sample for so long is no active one: it does not count against the limit, and is kept for its past alone. */
const ACTIVE_MS = 24 * 3_600_000;

/** The row that says when series were written last whose raw points are deleted: no other row that a start reads knows. */
export const NEWEST_ROW = "newest";

/** The row of references whose points are still to be taken out of packed rows. */
export const DELETED_ROW = "deleted";

export const UNREADABLE = refuse("bad-request", "The batch is not encoded as this version expects.");

/**
 * A shard of a tenant's series: write-ahead rows first, then the heads in memory. Everything in memory can be made again
 * from rows: `load` does so. All methods are synchronous; the shell groups requests and keeps time.
 */
export class Shard {
  readonly series = new SeriesTable();
  readonly labels = new LabelIndex(this.series);
  readonly heads = new Heads();
  readonly hosts = new HostTable();
  readonly blocks = new BlockIndex();
  readonly rollups = { minute: new BlockIndex(), hour: new BlockIndex() } as const;
  late = new LateWrites();
  /** Slots of series that are kept for their past alone. */
  readonly dormant = new Set<number>();
  /** References of series that were deleted and still stand in rows. */
  readonly deleted = new Set<number>();
  /** When series were written last that are in no raw row, by reference, as a row says. */
  newest: ReadonlyMap<number, number> = new Map();
  readonly log = new LogRing();
  readonly extras = new ShardExtras(this.series);
  readonly recent = new RecentIds(METRIC_LIMITS.dedupeMs);
  /** First references of the dictionary rows. */
  dictionaryRows: number[] = [];
  readonly deps: ShardDeps;
  #state = FIRST_STATE;
  /** The last row's number. */
  #seq = 0;
  #number = 0;
  /** Samples stored since the start. */
  #samples = 0;

  constructor(deps: ShardDeps) {
    this.deps = deps;
  }

  get state(): ShardState {
    return this.#state;
  }

  get seq(): number {
    return this.#seq;
  }

  get samples(): number {
    return this.#samples;
  }

  /** Changes the stored state; call within a transaction. */
  saveState(change: Partial<ShardState>): void {
    const state = { ...this.#state, ...change };
    this.deps.store.saveState(state);
    this.#state = state;
  }

  /** Series that received a sample lately. */
  get activeSeries(): number {
    return this.series.size - this.dormant.size;
  }

  /** Time of a series' newest point, as far as it is known; minus infinity when it has none. */
  newestAt(slot: number): number {
    return Math.max(this.heads.newestAt(slot), this.late.importedTo(slot));
  }

  /** The number of a write of its own, which no row has; durable with the next state. */
  nextSeq(): number {
    return ++this.#seq;
  }

  /** A number for a seal or a rollup, which no other has: rows with one number lie in order of reference. */
  takeNumber(): number {
    const { minute, hour } = this.rollups;
    this.#number = Math.max(this.#number, this.#state.seal, this.blocks.lastSeal, minute.lastSeal, hour.lastSeal) + 1;
    return this.#number;
  }

  /** Reads everything back: series, the index of packed rows, then the write-ahead rows that no packed row covers. */
  load(now: number): void {
    const { store } = this.deps;
    const state = store.loadState();
    if (state) this.#state = state;
    else this.deps.transaction(() => this.saveState({ dictionary: this.deps.randomId() }));
    this.late = new LateWrites(this.#state.late, this.#state.rolledMinute);
    this.extras.load(store);
    const sealed = this.#loadBlocks();
    for (const { tier, ...row } of store.loadRollups()) this.rollups[tier].add(row);
    for (const ref of unpackRefNumbers(store.readKept(DELETED_ROW)).keys()) this.deleted.add(ref);
    this.newest = unpackRefNumbers(store.readKept(NEWEST_ROW));
    for (const { firstRef, body } of store.loadDictionary()) {
      for (const { ref, key } of unpackDefinitions(body)) {
        if (!this.deleted.has(ref)) this.#open(ref, key, sealed.get(ref)?.maxAt ?? this.newest.get(ref));
      }
      this.dictionaryRows.push(firstRef);
    }
    for (const { seq, at, body } of wholeCommits(this.#notedLog())) this.#replay(seq, at, body, sealed);
    this.#seq = Math.max(this.#seq, this.#state.late, this.#state.watermark);
    // A definition stays in its row until the row is written anew; its series may have nothing left.
    for (const slot of this.series.liveSlots()) if (this.newestAt(slot) === Number.NEGATIVE_INFINITY) this.close(slot);
    this.settle(now);
  }

  /** Puts series to sleep that have had no sample for a day. */
  settle(now: number): void {
    for (const slot of this.series.liveSlots()) {
      if (this.newestAt(slot) >= now - ACTIVE_MS || this.dormant.has(slot)) continue;
      this.dormant.add(slot);
      this.hosts.remove(slot);
    }
  }

  /**
   * Stores what waits as one write-ahead row (more only above the row limit), then in memory. A batch stored within the
   * last ten minutes is answered and not stored again. Throws without any effect when the row cannot be written.
   */
  commit(waiting: readonly WaitingBatch[], now: number): Outcome<ShardIngestReply>[] {
    const round = new Set<string>();
    const admission = this.#admission(now);
    const plans: Plan[] = [];
    const outcomes = waiting.map((request): Outcome<ShardIngestReply> => {
      const plan = this.#plan(request, now, round, admission);
      if (!plan.ok) return plan;
      if (plan.value.record.batch.length > 0) plans.push(plan.value);
      return accept(plan.value.reply);
    });
    if (plans.length === 0) return outcomes;
    this.#write(
      plans.map(({ record }) => record),
      now,
    );
    this.#make(admission, now);
    for (const { view, record } of plans) {
      if (isWhole(record.assigned)) this.recent.add(record.id, now);
      this.#apply(view, record.assigned, now, this.#seq, undefined);
      this.extras.take(view, (entry) => refOf(entry, record.assigned));
    }
    return outcomes;
  }

  /** Forgets a series. */
  close(slot: number): void {
    this.hosts.remove(slot);
    this.heads.close(slot);
    this.late.close(slot);
    this.dormant.delete(slot);
    this.series.remove(slot);
  }

  #plan({ batch, id }: WaitingBatch, now: number, round: Set<string>, admission: SeriesAdmission): Outcome<Plan> {
    const view = decodeBatch(batch);
    if (!view) return UNREADABLE;
    const { dictionary } = this.#state;
    const reply = {
      accepted: view.count,
      duplicate: false,
      refusedSeries: [] as number[],
      dictionary,
      assigned: [] as number[],
      unknown: false,
    };
    const answerOnly = (change: Partial<ShardIngestReply>): Outcome<Plan> =>
      accept({ view, record: { id, assigned: new Uint32Array(0), batch: batch.subarray(0, 0) }, reply: { ...reply, ...change } });
    if (round.has(id) || this.recent.has(id, now)) return answerOnly({ duplicate: true });

    if (!admission.knows(view)) return answerOnly({ accepted: 0, unknown: true });
    const judged = admission.judge(view);
    if (!judged) return UNREADABLE;
    const { assigned } = judged;
    const full = { ...reply, ...judged, assigned: [...assigned] };
    if (full.accepted === 0 && view.extras.length === 0) return answerOnly(full);
    if (isWhole(assigned)) round.add(id);
    return accept({ view, record: { id, assigned, batch }, reply: full });
  }

  /**
   * Makes the series of a batch that does not go through a write-ahead row, and names them durably. Call within a transaction.
   * @returns the answer, and the reference of each sample: 0 where its series was refused
   */
  admit(view: BatchView, now: number): Outcome<{ readonly reply: ShardIngestReply; readonly refs: Uint32Array }> {
    const { dictionary } = this.#state;
    const reply = { accepted: 0, duplicate: false, refusedSeries: [], dictionary, assigned: [], unknown: true };
    const admission = this.#admission(now);
    if (!admission.knows(view)) return accept({ reply, refs: new Uint32Array(0) });
    const judged = admission.judge(view);
    if (!judged) return UNREADABLE;
    const { assigned } = judged;
    this.#make(admission, now);
    if (admission.defined.size > 0) {
      saveDictionary(this);
      this.saveState({ savedRef: this.#state.nextRef });
      // No write-ahead row tells a start that they began.
      this.extras.limits.save(this.deps.store, this.#state.nextRef);
    }
    const refs = view.series.map((entry) => refOf(entry, assigned));
    this.extras.take(view, (entry) => refOf(entry, assigned));
    return accept({ reply: { ...reply, ...judged, unknown: false, assigned: [...assigned] }, refs });
  }

  #admission(now: number): SeriesAdmission {
    const { series, dormant, extras, deps } = this;
    return new SeriesAdmission({ series, dormant, limits: extras.limits, room: deps.room }, this.#state, now);
  }

  /** Makes the series that a round was judged to have room for. */
  #make({ defined, waking }: SeriesAdmission, now: number): void {
    for (const [key, ref] of defined) this.#open(ref, key);
    for (const slot of waking) this.#wake(slot);
    this.extras.limits.made(now, defined.size);
  }

  #write(records: readonly LogRecord[], now: number): void {
    const { store } = this.deps;
    const { watermark } = this.#state;
    const seq = this.#seq + 1;
    const parts = splitCommit(encodeCommit(records));
    for (const [part, body] of parts.entries()) {
      const slot = this.log.take(watermark, now - METRIC_LIMITS.dedupeMs);
      store.putLog({ slot, seq, part, parts: parts.length, at: now, body });
      this.log.note({ slot, seq, at: now, bytes: body.length }, watermark);
    }
    this.#seq = seq;
  }

  #open(ref: number, key: string, sealedTo?: number): void {
    const identity = parseSeriesKey(key);
    // Was checked before it was stored; a definition may stand in two rows.
    if (!identity || this.series.slotOf(ref) !== undefined) return;
    const slot = this.series.add(ref, key, identity.metric);
    this.heads.open(slot, sealedTo);
    const host = this.hosts.add(slot, identity);
    if (host && sealedTo !== undefined) {
      // When it was received is not kept in packed rows; its own time is the best that is known.
      host.lastSampleAt = Math.max(host.lastSampleAt, sealedTo);
      host.lastReceivedAt = Math.max(host.lastReceivedAt, sealedTo);
    }
    if (ref >= this.#state.nextRef) this.#state = { ...this.#state, nextRef: ref + 1 };
  }

  #wake(slot: number): void {
    this.dormant.delete(slot);
    this.hosts.add(slot, this.series.identityOf(slot));
  }

  /** @param sealed rows up to `through` of a series are skipped: packed rows hold their points */
  #apply(view: BatchView, assigned: Uint32Array, receivedAt: number, seq: number, sealed: ReadonlyMap<number, Sealed> | undefined): void {
    const { series, offsetsMs, valueBits, baseMs, count } = view;
    const { changed } = this.deps;
    const closed = receivedAt - CLOSED_AFTER_MS;
    for (let i = 0; i < count; i++) {
      const entry = series[i] ?? 0;
      const ref = refOf(entry, assigned);
      const slot = ref === 0 ? undefined : this.series.slotOf(ref);
      if (slot === undefined) continue;
      const at = baseMs + (offsetsMs[i] ?? 0);
      const host = this.hosts.ofSlot(slot);
      if (host) {
        if (at > host.lastSampleAt) host.lastSampleAt = at;
        if (receivedAt > host.lastReceivedAt) host.lastReceivedAt = receivedAt;
      }
      if (at < closed) this.late.note(slot, at, seq);
      if (sealed && seq <= (sealed.get(ref)?.through ?? 0)) continue;
      const low = valueBits[2 * i] ?? 0;
      const high = valueBits[2 * i + 1] ?? 0;
      this.heads.append(slot, at, low, high);
      if (host && changed) changed(host.host, slot, at, low, high);
    }
    this.#samples += count;
  }

  #loadBlocks(): Map<number, Sealed> {
    const sealed = new Map<number, Sealed>();
    for (const { directory, ...row } of this.deps.store.loadBlocks()) {
      this.blocks.add(row);
      for (const { ref, behindMs } of readDirectory(directory)) {
        const maxAt = row.maxAt - behindMs;
        const known = sealed.get(ref);
        if (!known) sealed.set(ref, { maxAt, through: row.through });
        else {
          known.maxAt = Math.max(known.maxAt, maxAt);
          known.through = Math.max(known.through, row.through);
        }
      }
    }
    return sealed;
  }

  *#notedLog() {
    for (const row of this.deps.store.loadLog()) {
      this.log.note({ slot: row.slot, seq: row.seq, at: row.at, bytes: row.body.length }, this.#state.watermark);
      this.#seq = Math.max(this.#seq, row.seq);
      yield row;
    }
  }

  #replay(seq: number, at: number, body: Uint8Array, sealed: ReadonlyMap<number, Sealed>): void {
    for (const { id, assigned, batch } of decodeCommit(body)) {
      if (isWhole(assigned)) this.recent.add(id, at);
      if (seq <= this.#state.watermark) continue;
      const view = decodeBatch(batch);
      if (!view) throw new Error(`write-ahead row ${seq} holds a batch that cannot be read`);
      for (const [i, key] of view.definitions.entries()) {
        const ref = assigned[i] ?? 0;
        if (ref !== 0 && this.series.slotOf(ref) === undefined && !this.deleted.has(ref)) {
          this.#open(ref, key, sealed.get(ref)?.maxAt ?? this.newest.get(ref));
          this.extras.limits.replayed(at, ref);
        }
      }
      this.#apply(view, assigned, at, seq, sealed);
      this.extras.take(view, (entry) => refOf(entry, assigned));
    }
  }
}

/**
 * Whether no series of a batch was refused. One that was stored in part is not remembered: sent again, it is judged again, and its answer
 * names what is missing once more; what was stored is replaced by itself.
 */
function isWhole(assigned: Uint32Array): boolean {
  return !assigned.includes(0);
}

/** The reference behind an entry of a series column; 0 when the series was refused. */
function refOf(entry: number, assigned: Uint32Array): number {
  return entry < DEFINED ? entry : (assigned[entry - DEFINED] ?? 0);
}

/** What packed rows hold of a series. */
interface Sealed {
  maxAt: number;
  through: number;
}
