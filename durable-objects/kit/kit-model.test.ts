import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { accept } from "../../contract/problems.ts";
import { KIT_LIMITS } from "../../core/kit/limits.ts";
import { createKvStore } from "./kv-store.ts";
import { metaOf, Probe, settled } from "./testing.ts";

// A kit against lists and maps, with time moving, the queue going down and the object evicted between steps.

const START = Date.UTC(2031, 0, 1);
const TIMERS = ["a", "b", "c"] as const;

type Step =
  | { do: "change"; key: string | undefined; events: number; fails: boolean }
  | { do: "set"; timer: (typeof TIMERS)[number]; inMs: number }
  | { do: "clear"; timer: (typeof TIMERS)[number] }
  | { do: "wait"; ms: number }
  | { do: "queue"; down: boolean }
  | { do: "confirm" }
  | { do: "evict" };

const timer = fc.constantFrom(...TIMERS);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 9, arbitrary: fc.record({ do: fc.constant("change"), key: fc.constantFrom(undefined, undefined, undefined, "k1", "k2", "k3", "k4"), events: fc.constantFrom(0, 1, 3, 6), fails: fc.constantFrom(false, false, false, true) }) }, // prettier-ignore
  { weight: 3, arbitrary: fc.record({ do: fc.constant("set"), timer, inMs: fc.integer({ min: 0, max: 60_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear"), timer }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.integer({ min: 1, max: 40_000 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("queue"), down: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("confirm") }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("evict") }) },
);

/** What was promised, kept in the plainest way. */
class Oracle {
  now = START;
  readonly committed: number[] = [];
  readonly answers = new Map<string, number>();
  readonly timers = new Map<string, number>();
  readonly fired: string[] = [];
  runs = 0;
  recordsDueAt: number | undefined;

  get deadlines(): number[] {
    return [...this.timers.values(), ...(this.recordsDueAt === undefined ? [] : [this.recordsDueAt])];
  }
}

class Run {
  readonly oracle = new Oracle();
  readonly fired: string[] = [];
  readonly probe: Probe;
  confirmed = new Set<number>();
  resent = 0;

  constructor(name: string, kind: "sql" | "kv", singleNode: boolean) {
    const timers = Object.fromEntries(TIMERS.map((each) => [each, () => void this.fired.push(each)]));
    this.probe = new Probe(name, { timers, ...(kind === "kv" ? { store: createKvStore } : {}) }, singleNode ? { SINGLE_NODE: "true" } : {});
    vi.setSystemTime(START);
    // Jitter, spread evenly and alike in every replay of a seed.
    let drawn = 0;
    vi.spyOn(Math, "random").mockImplementation(() => (drawn += 0.618034) % 1);
  }

  async apply(each: Step): Promise<void> {
    const { oracle, probe } = this;
    switch (each.do) {
      case "change":
        return await this.#change(each);
      case "set":
        oracle.timers.set(each.timer, oracle.now + each.inMs);
        return await probe.open(({ kit }) => kit.timers.set(each.timer, oracle.now + each.inMs));
      case "clear":
        oracle.timers.delete(each.timer);
        return await probe.open(({ kit }) => kit.timers.clear(each.timer));
      case "wait":
        return await this.wait(each.ms);
      case "queue":
        probe.queue.down = each.down;
        return;
      case "confirm":
        return await this.confirm();
      case "evict":
        await probe.open(() => undefined); // an object that does not run cannot be evicted
        return await probe.evict();
    }
  }

  async #change({ key, events, fails }: Extract<Step, { do: "change" }>): Promise<void> {
    const { oracle, probe } = this;
    await probe.open(async ({ kit }) => {
      const before = kit.outbox.status().depth;
      const work = () => {
        for (let n = 0; n < events; n++) kit.outbox.emit({ type: "meridian.agent.connected", subject: `run/${oracle.runs}`, data: {} });
        if (fails) throw new Error("undone");
        return accept(oracle.runs);
      };
      const known = key === undefined ? undefined : oracle.answers.get(key);
      if (known !== undefined) {
        expect(await kit.change(metaOf(key), work)).toEqual(accept(known));
      } else if (fails) {
        await expect((async () => await kit.change(metaOf(key), work))()).rejects.toThrow("undone");
        expect(kit.outbox.status().depth).toBe(before);
      } else {
        expect(await kit.change(metaOf(key), work)).toEqual(accept(oracle.runs));
        for (let n = 0; n < events; n++) oracle.committed.push(oracle.committed.length + 1);
        if (key !== undefined) oracle.answers.set(key, oracle.runs);
        if (key !== undefined) oracle.recordsDueAt ??= oracle.now + KIT_LIMITS.replayMs;
        oracle.runs += 1;
      }
      await settled();
    });
  }

  /** Time passes, and the platform fires the alarm as often as it comes due. */
  async wait(ms: number): Promise<void> {
    const { oracle, probe } = this;
    const until = oracle.now + ms;
    for (let at = await probe.alarmAt(); at !== null && at <= until; at = await probe.alarmAt()) {
      oracle.now = Math.max(oracle.now, at);
      vi.setSystemTime(oracle.now);
      await probe.fireAlarm();
      const due = [...oracle.timers]
        .filter(([, dueAt]) => dueAt <= oracle.now)
        .sort(([nameA, a], [nameB, b]) => a - b || (nameA < nameB ? -1 : 1));
      for (const [name] of due) {
        oracle.timers.delete(name);
        oracle.fired.push(name);
      }
    }
    oracle.now = until;
    vi.setSystemTime(until);
  }

  /** What a consumer does: it confirms everything it has received. */
  async confirm(): Promise<void> {
    const seqs = [...new Set(this.probe.queue.seqs)];
    await this.probe.open(({ kit }) => kit.outbox.confirm(seqs));
  }

  async check(): Promise<void> {
    const { oracle, probe } = this;
    expect(this.fired).toEqual(oracle.fired);
    await probe.open(async ({ kit, state }) => {
      const alarmAt = await state.storage.getAlarm();
      for (const name of TIMERS) expect(kit.timers.get(name)).toBe(oracle.timers.get(name));
      const earliest = Math.min(...oracle.deadlines);
      if (kit.outbox.status().depth === 0) expect(alarmAt ?? Number.POSITIVE_INFINITY).toBe(earliest);
      else expect(alarmAt).toBeLessThanOrEqual(earliest);
    });
    // Nothing that was undone is ever sent, and every first delivery comes in order.
    const first = [...new Set(probe.queue.seqs)];
    expect(first).toEqual(oracle.committed.slice(0, first.length));
    this.resent = probe.queue.seqs.length - first.length;
  }

  /** The queue comes back: everything committed arrives, and then the object sleeps. */
  async finish(): Promise<void> {
    this.probe.queue.down = false;
    await this.wait(KIT_LIMITS.flushRetry.capMs + KIT_LIMITS.resendMs);
    await this.confirm();
    expect([...new Set(this.probe.queue.seqs)]).toEqual(this.oracle.committed);
    await this.probe.open(({ kit }) => expect(kit.outbox.status()).toEqual({ depth: 0, oldestAt: null }));
    await this.check();
  }
}

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it.each([
  ["sql", false, 381],
  ["sql", true, 382],
  ["kv", true, 383],
] as const)(
  "[KT38] a kit on %s (single node: %s) keeps its promises through evictions, outages and time",
  async (kind, singleNode, seed) => {
    vi.useFakeTimers({ toFake: ["Date"], now: START });
    const seen = { runs: 0, events: 0, fired: 0, resent: 0, replays: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40, size: "max" }), async (steps) => {
        const run = new Run(`model-${kind}-${String(singleNode)}-${seen.runs++}`, kind, singleNode);
        await run.probe.open(() => undefined);
        for (const each of steps) {
          await run.apply(each);
          await run.check();
        }
        await run.finish();
        seen.events += run.oracle.committed.length;
        seen.fired += run.fired.length;
        seen.resent += run.resent;
        seen.replays += steps.filter((each) => each.do === "change" && each.key !== undefined).length - run.oracle.answers.size;
      }),
      { seed, numRuns: 6 },
    );
    // The runs were not vacuous.
    expect(seen.events).toBeGreaterThan(40);
    expect(seen.fired).toBeGreaterThan(5);
    expect(seen.replays).toBeGreaterThan(5);
    if (singleNode) expect(seen.resent).toBeGreaterThan(5);
  },
  60_000,
);
