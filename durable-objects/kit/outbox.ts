import type { EventMessage, EventType, NewEvent } from "../../contract/events.ts";
import { MAX_EVENT_BYTES } from "../../contract/events.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { backoffMs } from "../../contract/retry.ts";
import { KIT_LIMITS } from "../../core/kit/limits.ts";
import { batchLength, outboxDueAt } from "../../core/kit/outbox-batches.ts";
import { errorText, logLine } from "./log.ts";
import type { Outbox } from "./object-kit.ts";
import type { KitStore, OutboxRow } from "./store.ts";

export interface OutboxDeps {
  readonly store: KitStore["outbox"];
  readonly send: (messages: readonly EventMessage[]) => Promise<void>;
  readonly tenantId: () => string;
  /** The emitting object's full name. */
  readonly source: () => string;
  /** Whether rows stay until a consumer confirms them, because the broker forgets when it is killed. */
  readonly keepUntilConfirmed: boolean;
  readonly now: () => number;
  readonly random: () => number;
  /** A row is about to be added. @throws outside of a transaction */
  readonly emitted: (type: EventType) => void;
  readonly failpoint: (name: "sent") => void;
  /** The deadline moved: the alarm may have to. */
  readonly changed: () => void;
}

/** Events on their way to the queue: stored with the change that made them, sent in order, never lost. */
export class KitOutbox implements Outbox {
  readonly #deps: OutboxDeps;
  #dueAt: number | undefined;
  #retryAt: number | null = null;
  #attempts = 0;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** When it wants to be looked at, or undefined when it is empty. */
  get dueAt(): number | undefined {
    return this.#dueAt;
  }

  /** Reads the truth: at init, after a flush, and after a transaction was undone. */
  load(): void {
    this.#look();
  }

  emit(event: NewEvent): void {
    if (event.subject.length > MAX_SUBJECT_CHARS) throw new Error(`event ${event.type}: a subject above ${MAX_SUBJECT_CHARS} characters`);
    const data = JSON.stringify(event.data);
    if (utf8Bytes(data) > MAX_EVENT_BYTES) {
      throw new Error(`event ${event.type}: data above ${MAX_EVENT_BYTES} bytes; put it into R2 and send its address`);
    }
    this.#deps.emitted(event.type);
    const at = this.#deps.now();
    const { type, subject } = event;
    this.#deps.store.append(at, JSON.stringify({ id: uuidv7(at, cryptoRandom), type, subject, data: event.data }));
    this.#dueAt = Math.min(this.#dueAt ?? Number.POSITIVE_INFINITY, this.#retryAt ?? at + KIT_LIMITS.flushGuardMs);
    this.#deps.changed();
  }

  status(): { depth: number; oldestAt: number | null } {
    return this.#deps.store.status();
  }

  confirm(seqs: readonly number[]): void {
    if (seqs.length === 0) return;
    this.#deps.store.delete(seqs);
    this.#look();
  }

  /** Sends what waits, unless a failed flush is still backing off. One at a time; a second call joins the first. */
  flush(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#drain();
    return this.#running;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // so that `#running` is set before it is cleared
    try {
      while (this.#again) {
        this.#again = false;
        if (this.#dueAt !== undefined && (this.#retryAt ?? 0) <= this.#deps.now()) await this.#sendAll();
      }
    } finally {
      // In the same turn as the last look at `#again`: a flush asked for in between would wait for nobody.
      this.#running = undefined;
    }
  }

  async #sendAll(): Promise<void> {
    try {
      while (await this.#sendNext());
      this.#attempts = 0;
      this.#retryAt = null;
    } catch (error) {
      this.#retryAt = this.#deps.now() + 1 + backoffMs(KIT_LIMITS.flushRetry, this.#attempts, this.#deps.random());
      if (this.#attempts === 0) logLine("warn", "outbox flush failed, retrying", { object: this.#deps.source(), error: errorText(error) });
      this.#attempts += 1;
    }
    this.#look();
  }

  /** @returns whether there may be more */
  async #sendNext(): Promise<boolean> {
    const { store, keepUntilConfirmed } = this.#deps;
    const resendBefore = keepUntilConfirmed ? this.#deps.now() - KIT_LIMITS.resendMs : Number.MAX_SAFE_INTEGER;
    const waiting = store.pending(KIT_LIMITS.batchMessages, resendBefore).map((row) => this.#message(row));
    if (waiting.length === 0) return false;
    const batch = waiting.slice(0, batchLength(waiting.map(jsonBytes)));
    await this.#deps.send(batch);
    this.#deps.failpoint("sent");
    const seqs = batch.map((message) => message.seq);
    if (keepUntilConfirmed) store.markSent(seqs, this.#deps.now());
    else store.delete(seqs);
    return true;
  }

  #message(row: OutboxRow): EventMessage {
    const event = JSON.parse(row.body) as { id: string; type: string; subject: string; data: Record<string, unknown> }; // written by `emit`
    return { v: 1, tenantId: this.#deps.tenantId(), source: this.#deps.source(), seq: row.seq, at: row.at, ...event };
  }

  #look(): void {
    const { store, keepUntilConfirmed } = this.#deps;
    const state = {
      unsent: store.hasPending(keepUntilConfirmed ? NEVER_SENT : Number.MAX_SAFE_INTEGER),
      oldestSentAt: keepUntilConfirmed ? store.oldestSentAt() : null,
      retryAt: this.#retryAt,
    };
    this.#dueAt = outboxDueAt(state, this.#deps.now());
    this.#deps.changed();
  }
}

/** What the queue's message allows (contract/events.ts): beyond it the event would be a dead letter. */
const MAX_SUBJECT_CHARS = 512;

/** No row was sent before the epoch: matches only those that were never sent. */
const NEVER_SENT = -1;

function jsonBytes(message: EventMessage): number {
  return utf8Bytes(JSON.stringify(message));
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
