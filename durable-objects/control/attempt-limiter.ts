import { createHash } from "node:crypto";
import { DurableObject } from "cloudflare:workers";
import type { AttemptLimiterRpc } from "../../contract/rpc/attempts.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import { ATTEMPT_LIMITS, type AttemptBucket, takeAttempt } from "../../core/control/attempts.ts";
import type { ObjectsEnv } from "../env.ts";
import { createKit, type Migration, type ObjectKit } from "../kit/object-kit.ts";
import { type AttemptStore, createAttemptStore } from "./attempt-store.ts";

const MIGRATIONS: readonly Migration[] = [
  { id: 1, name: "buckets", additive: true, up: "CREATE TABLE bucket (id TEXT PRIMARY KEY, tat REAL NOT NULL) WITHOUT ROWID" },
];

/** Counts sign-in attempts per account and per address, for the whole deployment. One row per bucket that is not at rest. */
export class AttemptLimiter extends DurableObject<ObjectsEnv> implements AttemptLimiterRpc {
  readonly #kit: ObjectKit;
  readonly #store: AttemptStore;
  /** Rows; counted once per wake. */
  #rows = 0;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#store = createAttemptStore(ctx.storage.sql);
    this.#kit = createKit(ctx, env, {
      kind: "attempts",
      migrations: MIGRATIONS,
      timers: { sweep: (now) => this.#sweep(now) },
      load: () => {
        this.#rows = this.#store.count();
      },
    });
  }

  async take(buckets: readonly AttemptBucket[]): Promise<{ allowed: boolean; retryAfterMs: number }> {
    await this.#kit.ready();
    const now = this.#kit.now();
    const hashed = buckets.map((bucket) => ({ ...bucket, name: idOf(bucket.name) }));
    const verdict = takeAttempt(hashed, (id) => this.#store.tat(id), now);
    if (verdict.allowed) {
      this.#kit.transaction(() => {
        for (const [id, tat] of verdict.kept) this.#keep(id, tat);
        if (this.#kit.timers.get("sweep") === undefined) this.#kit.timers.set("sweep", now + ATTEMPT_LIMITS.sweepEveryMs);
      });
    }
    return { allowed: verdict.allowed, retryAfterMs: verdict.retryAfterMs };
  }

  async clear(names: readonly string[]): Promise<void> {
    await this.#kit.ready();
    this.#kit.transaction(() => {
      for (const name of names.slice(0, ATTEMPT_LIMITS.perCall)) this.#rows -= this.#store.delete(idOf(name));
    });
  }

  async outboxStatus(): Promise<{ depth: number; oldestAt: number | null }> {
    return await this.#kit.read(() => this.#kit.outbox.status());
  }

  async confirmOutbox(seqs: readonly number[]): Promise<void> {
    await this.#kit.read(() => this.#kit.outbox.confirm(seqs));
  }

  async maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>> {
    return await this.#kit.maintain(order);
  }

  override async alarm(): Promise<void> {
    await this.#kit.alarm();
  }

  #keep(id: string, tat: number): void {
    if (this.#store.tat(id) === undefined) {
      // Full: those closest to rest go first. They would be forgotten soon anyway, and who floods names to get there
      // has used up the bucket of the address.
      if (this.#rows >= ATTEMPT_LIMITS.buckets) this.#rows -= this.#store.deleteNearest(ATTEMPT_LIMITS.evictAtOnce);
      this.#rows += 1;
    }
    this.#store.put(id, tat);
  }

  /** Forgets buckets that are at rest: they allow what an absent one allows. */
  #sweep(now: number): void {
    this.#kit.transaction(() => {
      this.#rows -= this.#store.deleteUntil(now, ATTEMPT_LIMITS.sweepRows);
      const nearest = this.#store.nearest();
      if (nearest !== null) this.#kit.timers.set("sweep", Math.max(nearest, now + ATTEMPT_LIMITS.sweepEveryMs));
    });
  }
}

/** Names come from strangers and hold addresses of people: what is kept has one length and tells nothing. */
function idOf(name: string): string {
  return createHash("sha256").update(name).digest("base64url").slice(0, 22);
}
