import type { Clock, Timers } from "./clock.ts";
import type { Collector, CollectorName, Reading } from "./collector.ts";
import type { Problems } from "./problems.ts";

interface RunnerDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly problems: Problems;
}

interface Slot {
  readonly collector: Collector;
  /** When its last reading began, monotonic. */
  startedMs: number | undefined;
  /** Whether that reading has not come back. */
  busy: boolean;
  warned: boolean;
}

/** What one collector brought: its readings, or that it brought none this time (not due, failed, too slow). */
export type Round = ReadonlyMap<CollectorName, readonly Reading[]>;

/**
 * Runs collectors side by side, each behind its own wall: one that throws or hangs is a problem line, and the round goes on without it. A hung
 * one is not started again until it comes back, so it holds one thread at most.
 */
export class CollectorRunner {
  readonly #slots: Slot[];
  readonly #deps: RunnerDeps;

  constructor(collectors: readonly Collector[], deps: RunnerDeps) {
    this.#slots = collectors.map((collector) => ({ collector, startedMs: undefined, busy: false, warned: false }));
    this.#deps = deps;
  }

  /** One round over the enabled collectors that are due. @param intervalMs between rounds: a reading half a round early is due */
  async run(enabled: ReadonlySet<CollectorName>, intervalMs: number): Promise<Round> {
    const nowMs = this.#deps.clock.monoMs();
    const due = this.#slots.filter(({ collector, startedMs }) => {
      if (!enabled.has(collector.name)) return false;
      return startedMs === undefined || nowMs - startedMs >= collector.everyMs - intervalMs / 2;
    });
    const round = new Map<CollectorName, readonly Reading[]>();
    await Promise.all(
      due.map(async (slot) => {
        const readings = await this.#read(slot, nowMs);
        if (readings) round.set(slot.collector.name, readings);
      }),
    );
    return round;
  }

  async #read(slot: Slot, nowMs: number): Promise<readonly Reading[] | undefined> {
    const { collector } = slot;
    const topic = `collector ${collector.name}`;
    if (slot.busy) {
      this.#deps.problems.raise(topic, `has not answered for ${Math.round((nowMs - (slot.startedMs ?? nowMs)) / 1_000)} s`, nowMs);
      return undefined;
    }
    slot.startedMs = nowMs;
    slot.busy = true;
    slot.warned = false;
    let cancel = (): void => undefined;
    const late = new Promise<"late">((resolve) => {
      cancel = this.#deps.timers.after(collector.limitMs, () => resolve("late"));
    });
    const reading = this.#start(slot, nowMs, topic).finally(() => {
      slot.busy = false;
    });
    const outcome = await Promise.race([reading, late]);
    cancel();
    if (outcome === "late") {
      this.#deps.problems.raise(topic, `took longer than ${collector.limitMs} ms`, nowMs);
      return undefined;
    }
    return outcome;
  }

  async #start(slot: Slot, nowMs: number, topic: string): Promise<readonly Reading[] | undefined> {
    const { problems } = this.#deps;
    try {
      const readings = await slot.collector.read(nowMs, (text) => {
        slot.warned = true;
        problems.raise(topic, text, nowMs);
      });
      if (!slot.warned) problems.clear(topic);
      return readings.filter(({ value }) => Number.isFinite(value));
    } catch (error) {
      problems.raise(topic, error instanceof Error ? error.message : String(error), nowMs);
      return undefined;
    }
  }
}
