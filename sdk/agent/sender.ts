import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { backoffMs } from "../../contract/retry.ts";
import type { Batch } from "./batch.ts";
import type { Clock, Timers } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Post, PostOutcome } from "./post.ts";
import type { Problems } from "./problems.ts";
import type { Spool } from "./spool.ts";

/** What the sender needs of a spool. */
export type BatchStore = Pick<Spool, "append" | "peek" | "shift" | "batches" | "writeError" | "dropped">;

export interface SenderDeps {
  readonly post: Post;
  readonly spool: BatchStore;
  readonly clock: Clock;
  readonly timers: Timers;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly problems: Problems;
}

/** Between tries while the server is away: a console that comes back sees its hosts within half a minute. */
const AWAY = { baseMs: 1_000, capMs: 30_000 };
/** Between tries with a key that is refused: it will not get better by itself, yet an operator may put it right. */
const REFUSED_KEY = { baseMs: 60_000, capMs: 300_000, floorMs: 15_000 };
/** However long a server asks us to wait, after this we look again. */
const MAX_RETRY_AFTER_MS = 10 * 60_000;
/** A draining agent rests twice as long as the server took, within these: a slow server is pressed less, however many agents return. */
const DRAIN_REST = { minMs: 100, maxMs: 5_000 };

const TOPICS = { away: "server", unauthorized: "key" } as const;

type State = "sending" | "away" | "unauthorized";

/**
 * Takes batches and brings them to the server, oldest first, one at a time. While all is well a batch never touches the disk; as soon as one waits for
 * another, both are in the spool, so that a kill loses at most the batch in flight of a server that answers.
 */
export class Sender {
  readonly #deps: SenderDeps;
  #state: State = "sending";
  /** The batch in flight: in memory only, or as the spool holds it. */
  #flying: Batch | undefined;
  #spooled: Batch | undefined;
  #busy = false;
  #failures = 0;
  #awaySinceMs = 0;
  #draining = false;
  #tooOld = 0;
  #refused = 0;
  #reportedDrops = 0;
  #notBeforeMs = -Infinity;
  #cancelTimer: (() => void) | undefined;
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(deps: SenderDeps) {
    this.#deps = deps;
    this.#draining = deps.spool.batches > 0;
    if (this.#draining) deps.log.info(`${deps.spool.batches} batches from before wait in the spool`);
  }

  get state(): State {
    return this.#state;
  }

  /** Batches that were too old to be sent. */
  get tooOld(): number {
    return this.#tooOld;
  }

  /** Batches that the server will never take. */
  get refused(): number {
    return this.#refused;
  }

  /** Sends the batch, or keeps it until that is possible. */
  take(batch: Batch): void {
    const { spool } = this.#deps;
    if (this.#closed) return spool.append(batch);
    if (this.#flying !== undefined) {
      // The one in flight is older: it goes in first, and leaves the spool when it arrives.
      spool.append(this.#flying);
      this.#flying = undefined;
      this.#spooled = spool.peek();
    }
    if (this.#busy || this.#cancelTimer !== undefined || spool.batches > 0) {
      spool.append(batch);
      this.#noteSpool();
      this.#pump();
      return;
    }
    void this.#send(batch);
  }

  /** A sign that the server is back (its control socket opened): the next try need not wait for its timer, unless the server asked for patience. */
  nudge(): void {
    if (this.#closed || this.#busy || this.#state !== "away" || this.#deps.clock.monoMs() < this.#notBeforeMs) return;
    this.#wait(this.#deps.random() * 2_000);
  }

  /**
   * Stops: nothing new is sent, the batch in flight gets `graceMs`, everything else is in the spool.
   * @returns when that is done
   */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#busy) {
      let cancel = (): void => undefined;
      const late = new Promise<void>((resolve) => {
        cancel = this.#deps.timers.after(graceMs, resolve);
      });
      await Promise.race([new Promise<void>((resolve) => this.#idle.push(resolve)), late]);
      cancel();
    }
    if (this.#flying !== undefined) this.#deps.spool.append(this.#flying);
    this.#flying = undefined;
  }

  /** Sends the spool's oldest, when nothing else is going on. */
  #pump(): void {
    if (this.#busy || this.#closed || this.#cancelTimer !== undefined) return;
    const oldest = this.#nextFresh();
    if (oldest !== undefined) void this.#send(undefined);
    else if (this.#draining) {
      this.#draining = false;
      this.#deps.log.info("the spool is empty, all batches are sent");
    }
  }

  async #send(fresh: Batch | undefined): Promise<void> {
    const batch = fresh ?? this.#deps.spool.peek();
    if (batch === undefined) return;
    this.#busy = true;
    this.#flying = fresh;
    this.#spooled = fresh === undefined ? batch : undefined;
    const beganMs = this.#deps.clock.monoMs();
    const outcome = await this.#deps.post(batch);
    this.#busy = false;
    this.#settle(outcome, this.#deps.clock.monoMs() - beganMs);
    for (const done of this.#idle.splice(0)) done();
  }

  #settle(outcome: PostOutcome, tookMs: number): void {
    const { problems, clock, random } = this.#deps;
    switch (outcome.kind) {
      case "accepted":
        this.#arrived();
        if (outcome.rejected !== undefined) problems.note("samples", outcome.rejected, clock.monoMs());
        return this.#restThenPump(tookMs);
      case "refused":
        this.#arrived();
        this.#refused++;
        problems.note("batch dropped", outcome.reason, clock.monoMs());
        return this.#restThenPump(tookMs);
      case "unauthorized":
        this.#keep();
        this.#enter("unauthorized", outcome.reason);
        return this.#wait(Math.max(REFUSED_KEY.floorMs, backoffMs(REFUSED_KEY, this.#failures++, random())));
      case "away": {
        this.#keep();
        this.#enter("away", outcome.reason);
        const asked = Math.min(outcome.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
        this.#notBeforeMs = clock.monoMs() + asked;
        // On top of what was asked, not instead: a fleet that was told the same time must not come back at the same time.
        return this.#wait(asked + backoffMs(AWAY, this.#failures++, random()));
      }
    }
  }

  /** The batch in flight is done with. */
  #arrived(): void {
    const { problems, spool, clock } = this.#deps;
    if (this.#spooled !== undefined) spool.shift(this.#spooled);
    this.#flying = undefined;
    this.#spooled = undefined;
    this.#failures = 0;
    if (this.#state === "sending") return;
    const awayS = Math.round((clock.monoMs() - this.#awaySinceMs) / 1_000);
    problems.clear(TOPICS[this.#state], `the server takes batches again after ${awayS} s, ${spool.batches} to catch up`);
    this.#draining = spool.batches > 0;
    this.#state = "sending";
  }

  /** The batch in flight has to wait: it becomes (or stays) the spool's oldest. */
  #keep(): void {
    if (this.#flying !== undefined) this.#deps.spool.append(this.#flying);
    this.#flying = undefined;
    this.#spooled = undefined;
    this.#noteSpool();
  }

  #enter(state: "away" | "unauthorized", reason: string): void {
    const { problems, clock } = this.#deps;
    if (this.#state === "sending") this.#awaySinceMs = clock.monoMs();
    else if (this.#state !== state) {
      problems.clear(TOPICS[this.#state]);
      this.#failures = 0;
    }
    this.#state = state;
    problems.raise(TOPICS[state], `${state === "away" ? "away" : "refused"}, batches go to the spool: ${reason}`, clock.monoMs());
  }

  #restThenPump(tookMs: number): void {
    if (this.#closed) return;
    if (this.#deps.spool.batches === 0) return this.#pump();
    const rest = Math.min(DRAIN_REST.maxMs, Math.max(DRAIN_REST.minMs, 2 * tookMs));
    this.#wait(rest * (0.5 + this.#deps.random()));
  }

  #wait(ms: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#closed) return;
    this.#cancelTimer = this.#deps.timers.after(ms, () => {
      this.#cancelTimer = undefined;
      this.#pump();
    });
  }

  /** The spool's oldest batch that the server would still take; older ones are let go. */
  #nextFresh(): Batch | undefined {
    const { spool, clock, problems } = this.#deps;
    const oldestMs = clock.wallMs() - METRIC_LIMITS.pastMs;
    let stale = 0;
    let batch = spool.peek();
    while (batch !== undefined && batch.newestMs < oldestMs) {
      stale++;
      spool.shift(batch);
      batch = spool.peek();
    }
    if (stale > 0) {
      this.#tooOld += stale;
      problems.note("spool", `${stale} batches were older than 24 h and are dropped`, clock.monoMs());
    }
    return batch;
  }

  #noteSpool(): void {
    const { spool, problems, clock } = this.#deps;
    if (spool.writeError === undefined) problems.clear("spool folder");
    else problems.raise("spool folder", `cannot be written (${spool.writeError}), newest batches are kept in memory`, clock.monoMs());
    if (spool.dropped > this.#reportedDrops) {
      problems.raise("spool", `full, ${spool.dropped} of the oldest batches were dropped`, clock.monoMs());
      this.#reportedDrops = spool.dropped;
    }
  }
}
