import type { MaintenanceOrder, MaintenanceReport } from "./maintenance.ts";

/** What travels with every call that changes something. */
export interface CallMeta {
  readonly requestId: string;
  /** `user:{id}`, `key:{id}` or `system`, and how a person reads it. */
  readonly actor: string;
  readonly actorName: string;
  /** Present when the client sent an Idempotency-Key. */
  readonly idempotency?: {
    readonly key: string;
    /** Method and route pattern. */
    readonly route: string;
    /** SHA-256 of the concrete path and query, a line feed, and the body; hex. */
    readonly bodyHash: string;
  };
}

/** What every object answers for the console and the broker. */
export interface ObjectRpc {
  /** Outbox rows that are not yet confirmed. */
  outboxStatus(): Promise<{ depth: number; oldestAt: number | null }>;
  /** A single node's consumer says that these were consumed (or dead-lettered). */
  confirmOutbox(seqs: readonly number[]): Promise<void>;
  /** What is done to every object alike: forgetting a person, resealing, backup and restore. */
  maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>>;
}
