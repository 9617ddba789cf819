import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KIT_LIMITS } from "../../core/kit/limits.ts";
import { Alarm } from "./alarm.ts";
import type { KitOptions } from "./object-kit.ts";
import { Probe } from "./testing.ts";

// Far ahead, so that the runtime's own clock never fires what a test arms.
const START = Date.UTC(2031, 0, 1);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

function recording(log: string[], names: readonly string[]): Partial<KitOptions> {
  return { timers: Object.fromEntries(names.map((name) => [name, () => void log.push(name)])) };
}

describe("timers", () => {
  it("[KT20] the alarm stands at the earliest of many deadlines, in both directions", async () => {
    const probe = new Probe("timers-earliest");
    await probe.open(({ kit }) => {
      kit.timers.set("b", START + 2_000);
      kit.timers.set("a", START + 1_000);
    });
    expect(await probe.alarmAt()).toBe(START + 1_000);
    await probe.open(({ kit }) => kit.timers.set("a", START + 9_000));
    expect(await probe.alarmAt()).toBe(START + 2_000);
    await probe.open(({ kit }) => kit.timers.clear("b"));
    expect(await probe.alarmAt()).toBe(START + 9_000);
  });

  it("[KT21] an object without a deadline has no alarm", async () => {
    const probe = new Probe("timers-idle");
    await probe.open(({ kit }) => kit.timers.set("a", START + 1_000));
    await probe.open(({ kit }) => kit.timers.clear("a"));
    expect(await probe.alarmAt()).toBeNull();
  });

  it("[KT22] what is due runs, the earliest first; what is not due stays", async () => {
    const log: string[] = [];
    const probe = new Probe("timers-order", recording(log, ["late", "early", "later"]));
    await probe.open(({ kit }) => {
      kit.timers.set("late", START + 20);
      kit.timers.set("later", START + 21);
      kit.timers.set("early", START + 10);
    });
    vi.setSystemTime(START + 20);
    await probe.fireAlarm();
    expect(log).toEqual(["early", "late"]);
    expect(await probe.alarmAt()).toBe(START + 21);
  });

  it("[KT22] a timer that sets itself again in its handler goes on, also at the same moment as before", async () => {
    const runs: number[] = [];
    const probe: Probe = new Probe("timers-again", {
      timers: {
        tick: (now) => {
          runs.push(now);
          probe.kit.timers.set("tick", runs.length === 1 ? now : now + 1_000);
        },
      },
    });
    await probe.open(({ kit }) => kit.timers.set("tick", START));
    await probe.fireAlarm();
    expect(await probe.alarmAt()).toBe(START);
    await probe.fireAlarm();
    expect(await probe.alarmAt()).toBe(START + 1_000);
    expect(runs).toEqual([START, START]);
  });

  it("[KT23] a failing timer comes back later and later, and never holds up the others", async () => {
    const log: string[] = [];
    const probe = new Probe("timers-fail", {
      timers: {
        bad: () => {
          log.push("bad");
          throw new Error("bad timer");
        },
        good: () => void log.push("good"),
      },
    });
    await probe.open(({ kit }) => {
      kit.timers.set("bad", START);
      kit.timers.set("good", START + 1);
    });
    vi.setSystemTime(START + 1);
    await probe.fireAlarm();
    expect(log).toEqual(["bad", "good"]);
    for (let failures = 1; failures < 20; failures++) {
      const next = await probe.alarmAt();
      const delay = (next ?? 0) - Date.now();
      expect(delay).toBeGreaterThanOrEqual(KIT_LIMITS.timerRetryFloorMs);
      expect(delay).toBeLessThanOrEqual(
        Math.max(KIT_LIMITS.timerRetryFloorMs, Math.min(KIT_LIMITS.timerRetry.capMs, 1_000 * 2 ** (failures - 1))),
      );
      vi.setSystemTime(next ?? 0);
      await probe.fireAlarm();
    }
    expect(log.filter((name) => name === "bad")).toHaveLength(20);
  });

  it("[KT23] a handler that sets itself to now and then fails does not spin", async () => {
    const probe: Probe = new Probe("timers-spin", {
      timers: {
        spin: (now) => {
          probe.kit.timers.set("spin", now);
          throw new Error("spin");
        },
      },
    });
    await probe.open(({ kit }) => kit.timers.set("spin", START));
    await probe.open(async ({ kit }) => await kit.alarm());
    expect(await probe.alarmAt()).toBeGreaterThanOrEqual(START + KIT_LIMITS.timerRetryFloorMs);
  });

  it("[KT24] a deadline survives eviction, and is armed again when the alarm is missing", async () => {
    const log: string[] = [];
    const probe = new Probe("timers-evict", recording(log, ["a"]));
    await probe.open(({ kit }) => kit.timers.set("a", START + 500));
    await probe.run(async ({ state }) => await state.storage.deleteAlarm());
    await probe.evict();
    await probe.open(({ kit }) => expect(kit.timers.get("a")).toBe(START + 500));
    expect(await probe.alarmAt()).toBe(START + 500);
    await probe.evict();
    vi.setSystemTime(START + 500);
    await probe.fireAlarm();
    expect(log).toEqual(["a"]);
    expect(await probe.alarmAt()).toBeNull();
  });

  it("[KT24] an alarm that is past due is armed again, one to come is left alone", async () => {
    const armed: number[] = [];
    const storage = {
      getAlarm: async () => 500,
      setAlarm: async (at: number | Date) => void armed.push(Number(at)),
      deleteAlarm: async () => undefined,
    };
    for (const now of [500, 501]) {
      const alarm = new Alarm(storage, 0, () => undefined);
      await alarm.load(now);
      alarm.settle([500]);
      alarm.settle([500]);
    }
    expect(armed).toEqual([500]);
  });

  it("[KT24] a failed handler is remembered through an eviction: the run is not lost", async () => {
    const log: string[] = [];
    const probe = new Probe("timers-evict-failed");
    const failing = { timers: { a: () => Promise.reject(new Error("not now")) } };
    await probe.open(({ kit }) => kit.timers.set("a", START), failing);
    await probe.fireAlarm();
    await probe.evict();
    vi.setSystemTime(START + KIT_LIMITS.timerRetry.capMs);
    await probe.open(() => undefined, recording(log, ["a"]));
    await probe.fireAlarm();
    expect(log).toEqual(["a"]);
  });

  it("[KT25] a deadline without a handler is kept for the release that has it", async () => {
    const log: string[] = [];
    const probe = new Probe("timers-unknown");
    await probe.open(({ kit }) => kit.timers.set("newer", START));
    await probe.fireAlarm();
    expect(await probe.alarmAt()).toBeGreaterThan(START);
    await probe.evict();
    vi.setSystemTime(START + KIT_LIMITS.timerRetry.capMs);
    await probe.open(() => undefined, recording(log, ["newer"]));
    await probe.fireAlarm();
    expect(log).toEqual(["newer"]);
  });

  it("[KT20] a time that is no number is refused", async () => {
    const probe = new Probe("timers-nan");
    await probe.open(({ kit }) => {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) expect(() => kit.timers.set("a", bad)).toThrow("is no time");
    });
  });
});
