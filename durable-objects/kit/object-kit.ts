import type { ObjectAddress, ObjectKind } from "../../contract/address.ts";
import type { NewEvent } from "../../contract/events.ts";
import type { HitFailpoint } from "../../contract/failpoints.ts";
import type { Outcome } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";

import { Kit } from "./kit.ts";
import type { KitStore } from "./store.ts";

/** One step of an object's schema. Steps are only ever appended; `up` is one or more SQL statements. */
export interface Migration {
  /** Rises by one, from 1. */
  readonly id: number;
  readonly name: string;
  readonly up: string;
  /** Whether code of the previous release still works over it: only then may an older release meet it. */
  readonly additive: boolean;
}

export interface KitOptions {
  readonly kind: ObjectKind;
  readonly migrations: readonly Migration[];
  /** What to do when a named deadline passes. Runs at least once; may set itself again. `now` is epoch ms. */
  readonly timers?: Readonly<Record<string, (now: number) => void | Promise<void>>>;
  /** Whether the first init tells the registry (`meridian.object.created`). Objects of the deployment itself do not. */
  readonly registered?: boolean;
  /**
   * Loads memory from storage after the schema is in place; a failure makes every entry point refuse until a retry succeeds.
   * May use `sql`, `timers` and `transaction`, but not the entry points, which wait for it.
   */
  readonly load?: () => void | Promise<void>;
  /** Removes what the object holds of a subject, in a transaction. Absent: it holds nothing of any. @returns rows that went */
  readonly forgetSubject?: (subject: string, ref: string) => number;
  /** Makes anew with the ring's current key what older ones made; a bounded slice. Absent: nothing of it is sealed. */
  readonly reseal?: () => Promise<MaintenanceReport<{ type: "reseal" }>>;
  /**
   * Events of the `aggregate` class are handed to the queue together, so long after the first of them: an object that emits one with each
   * of many changes pays for a hand-over in so long instead of one each. At most half of `KIT_LIMITS.flushGuardMs`. Absent: at once.
   */
  readonly paceAggregatesMs?: number;
  /** Where the kit keeps its own state: `createSqlStore` unless the object's SQL belongs to its tenant. */
  readonly store?: (storage: DurableObjectStorage) => KitStore;
}

export interface ChangeOptions {
  /** The answer holds a secret: it is never stored. */
  readonly secret?: boolean;
}

/** Named deadlines over the object's one alarm. */
export interface Timers {
  /** Sets or moves a deadline; epoch milliseconds of the kit's clock. */
  set(name: string, dueAt: number): void;
  clear(name: string): void;
  get(name: string): number | undefined;
}

export interface Outbox {
  /** Adds an event to the running transaction. @throws when its data is above 100 KB as JSON */
  emit(event: NewEvent): void;
  status(): { depth: number; oldestAt: number | null };
  confirm(seqs: readonly number[]): void;
}

/** What every object shares. Made in the constructor; every entry point goes through `read` or `change` (or `ready`). */
export interface ObjectKit {
  readonly address: ObjectAddress;
  readonly sql: SqlStorage;
  readonly timers: Timers;
  readonly outbox: Outbox;
  /** Epoch milliseconds, with the test offset added. */
  now(): number;
  /** The one init gate: schema, address, load. A failed init may be retried by the next call. */
  ready(): Promise<void>;
  /** A synchronous read behind the gate. */
  read<T>(work: () => T): Promise<T>;
  /**
   * A change: idempotency check, work, idempotency record and outbox rows in one transaction; then the outbox is flushed
   * in the background. A thrown error rolls everything back; a refusal (`ok: false`) is committed like an answer.
   * `secret: true`: the answer is never stored, a replay is 409 `secret-already-shown`.
   */
  change<T>(meta: CallMeta | undefined, work: (now: number) => Outcome<T>, options?: ChangeOptions): Promise<Outcome<T>>;
  /**
   * Like `change`, for a change that has to await something first (a hash, R2). `prepare` must change nothing that a
   * repetition would spoil; a twin that arrives while it runs gets 409 `in-progress`.
   */
  changeAfter<P, T>(
    meta: CallMeta | undefined,
    prepare: () => Promise<P>,
    work: (prepared: P, now: number) => Outcome<T>,
    options?: ChangeOptions,
  ): Promise<Outcome<T>>;
  /** A transaction of its own for internal work (no idempotency); flushes the outbox afterwards. */
  transaction<T>(work: () => T): T;
  /** What is done to every object alike; the body of its `maintain` method. */
  maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>>;
  /** The object's `alarm()` handler. */
  alarm(): Promise<void>;
  /** Marks a place where crash tests kill the process; does nothing otherwise. */
  readonly failpoint: HitFailpoint;
}

/** What the kit needs of an object's environment. */
export interface KitEnv {
  readonly EVENTS: Pick<Queue, "sendBatch">;
  readonly ARCHIVE: R2Bucket;
  /** "true": outbox rows stay until a consumer confirms them. */
  readonly SINGLE_NODE?: string;
  /** Added to the clock; for tests and demonstrations. */
  readonly CLOCK_OFFSET_MS?: string;
  /** See contract/failpoints.ts; absent outside of crash tests. */
  readonly FAILPOINTS?: string;
}

/**
 * Makes an object's kit. Costs nothing and touches no storage: the first entry point opens it.
 * @throws when the options name a timer of the kit's own
 */
export function createKit(ctx: DurableObjectState, env: KitEnv, options: KitOptions): ObjectKit {
  return new Kit(ctx, env, options);
}
