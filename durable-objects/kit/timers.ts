import { backoffMs } from "../../contract/retry.ts";
import { KIT_LIMITS } from "../../core/kit/limits.ts";
import { dueTimers } from "../../core/kit/next-alarm.ts";
import { errorText, logLine } from "./log.ts";
import type { Timers } from "./object-kit.ts";
import type { KitStore, TimerRow } from "./store.ts";

export type TimerHandler = (now: number) => void | Promise<void>;

export interface TimerDeps {
  readonly store: KitStore["timers"];
  readonly handlers: Readonly<Record<string, TimerHandler>>;
  readonly now: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** The full name of the object, for log lines. */
  readonly source: () => string;
  /** Deadlines changed: the alarm may have to move. */
  readonly changed: () => void;
}

/** Many named deadlines, stored one row each; the alarm behind them is the kit's. */
export class KitTimers implements Timers {
  readonly #deps: TimerDeps;
  readonly #rows = new Map<string, TimerRow>();
  /** Rises with every set and clear, so that a run can tell whether its handler asked for another one. */
  readonly #touched = new Map<string, number>();

  constructor(deps: TimerDeps) {
    this.#deps = deps;
  }

  /** Reads the truth: at init, and after a transaction was undone. */
  load(): void {
    this.#rows.clear();
    for (const row of this.#deps.store.list()) this.#rows.set(row.name, row);
  }

  get(name: string): number | undefined {
    return this.#rows.get(name)?.dueAt;
  }

  set(name: string, dueAt: number): void {
    if (!Number.isFinite(dueAt)) throw new Error(`timer ${name}: ${dueAt} is no time`);
    this.#touch(name);
    this.#put({ name, dueAt: Math.ceil(dueAt), failures: 0 });
  }

  clear(name: string): void {
    this.#touch(name);
    if (!this.#rows.delete(name)) return;
    this.#deps.store.delete(name);
    this.#deps.changed();
  }

  dueAts(): number[] {
    return [...this.#rows.values()].map((row) => row.dueAt);
  }

  /**
   * Runs what is due, the earliest first. All are started before the first is awaited and each fails alone, so that
   * neither a fault nor a slow handler holds up the others. A handler that did not set itself again is done.
   */
  async runDue(now: number): Promise<void> {
    const due = dueTimers(
      [...this.#rows.values()].map((row) => [row.name, row.dueAt] as const),
      now,
    );
    await Promise.all(due.map((name) => this.#run(name, now)));
  }

  async #run(name: string, now: number): Promise<void> {
    const before = this.#touched.get(name) ?? 0;
    const failures = this.#rows.get(name)?.failures ?? 0;
    const handler = this.#deps.handlers[name];
    try {
      // A release without the handler keeps the deadline for the one that has it.
      if (!handler) throw new Error("no handler of that name");
      await handler(now);
      if ((this.#touched.get(name) ?? 0) === before) this.clear(name);
    } catch (error) {
      this.#postpone(name, failures + 1);
      if (failures === 0) logLine("error", "timer failed, retrying", { object: this.#deps.source(), timer: name, error: errorText(error) });
    }
  }

  #postpone(name: string, failures: number): void {
    const delay = Math.max(KIT_LIMITS.timerRetryFloorMs, backoffMs(KIT_LIMITS.timerRetry, failures - 1, this.#deps.random()));
    // A handler that set itself again before it failed keeps the later of both: it must not spin.
    this.#put({ name, dueAt: Math.max(this.get(name) ?? 0, this.#deps.now() + delay), failures });
  }

  #put(row: TimerRow): void {
    const held = this.#rows.get(row.name);
    if (held && held.dueAt === row.dueAt && held.failures === row.failures) return;
    this.#rows.set(row.name, row);
    this.#deps.store.put(row);
    this.#deps.changed();
  }

  #touch(name: string): void {
    this.#touched.set(name, (this.#touched.get(name) ?? 0) + 1);
  }
}
