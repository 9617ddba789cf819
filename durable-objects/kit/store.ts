import type { IdempotencyRecord } from "../../core/kit/idempotency.ts";
import type { SchemaStep } from "../../core/kit/schema-plan.ts";
import type { Migration } from "./object-kit.ts";

/** Whose steps: the kit's own tables, or the object's. */
export type LedgerScope = "kit" | "object";

export interface TimerRow {
  readonly name: string;
  /** Epoch milliseconds of the kit's clock. */
  readonly dueAt: number;
  /** Failures in a row. */
  readonly failures: number;
}

export interface OutboxRow {
  readonly seq: number;
  readonly at: number;
  /** The event as JSON: id, type, subject, data. */
  readonly body: string;
}

/**
 * Where the kit keeps its own state: SQL tables by default, key-value for an object whose SQL belongs to its tenant.
 * All calls are synchronous; inside `transaction` they are undone together.
 */
export interface KitStore {
  /** Steps of the store's own tables. */
  readonly migrations: readonly Migration[];
  /** Runs `work` in one transaction (nested: in a savepoint); a throw undoes it. */
  transaction<T>(work: () => T): T;
  /** Runs the statements of a schema step. */
  apply(up: string): void;
  readonly ledger: {
    /** Makes sure that a ledger can be read. */
    open(): void;
    list(scope: LedgerScope): SchemaStep[];
    add(scope: LedgerScope, step: SchemaStep): void;
  };
  readonly meta: {
    get(key: string): string | undefined;
    put(key: string, value: string): void;
  };
  readonly timers: {
    list(): TimerRow[];
    put(row: TimerRow): void;
    delete(name: string): void;
  };
  readonly outbox: {
    /** Adds a row and answers its sequence number, which is never used again. */
    append(at: number, body: string): number;
    /** Leaves out so many sequence numbers. */
    skip(seqs: number): void;
    /** Rows never sent, and rows sent at or before `resendBefore`, by seq. */
    pending(limit: number, resendBefore: number): OutboxRow[];
    markSent(seqs: readonly number[], at: number): void;
    delete(seqs: readonly number[]): void;
    /** Whether `pending` would find any. */
    hasPending(resendBefore: number): boolean;
    oldestSentAt(): number | null;
    /** All rows, and when the oldest was emitted. */
    status(): { depth: number; oldestAt: number | null };
  };
  readonly records: {
    get(actor: string, key: string): IdempotencyRecord | undefined;
    put(record: IdempotencyRecord): void;
    /** Removes at most `limit` records made at or before `until`; answers how many. */
    sweep(until: number, limit: number): number;
    oldestAt(): number | null;
  };
}
