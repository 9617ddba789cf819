import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { accept } from "../../contract/problems.ts";
import { createKit, type ObjectKit } from "./object-kit.ts";
import { createSqlStore } from "./sql-store.ts";
import { FakeQueue, metaOf, settled } from "./testing.ts";

// Rows written are the price of an object ($1 a million). docs/kit.md states these figures.

const START = Date.UTC(2031, 0, 1);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

/** The price of what `work` does to an open kit: rows of the kit's tables, and moves of the alarm, one row each. */
async function priceOf(
  name: string,
  work: (kit: ObjectKit, pay: <T>(part: () => T | Promise<T>) => Promise<{ rows: number; alarms: number }>) => Promise<void>,
  singleNode = false,
): Promise<void> {
  await runInDurableObject(env.ATTEMPTS.getByName(`platform/attempts/rows-${name}`), async (_instance, state) => {
    const paid = { rows: 0, alarms: 0 };
    const storage = new Proxy(state.storage, {
      get: (target, property) => {
        if (property === "setAlarm" || property === "deleteAlarm") paid.alarms += 1;
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const ctx = new Proxy(state, {
      get: (target, property) => {
        const value: unknown = property === "storage" ? storage : Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const kitEnv = { EVENTS: new FakeQueue(), ARCHIVE: env.ARCHIVE, ...(singleNode ? { SINGLE_NODE: "true" } : {}) };
    const kit = createKit(ctx, kitEnv, {
      kind: "attempts",
      migrations: [],
      timers: { t: () => undefined },
      store: (real) => createSqlStore(real, (rows) => void (paid.rows += rows)),
    });
    await kit.ready();
    await work(kit, async (part) => {
      Object.assign(paid, { rows: 0, alarms: 0 });
      await part();
      await settled();
      return { ...paid };
    });
  });
}

const emit = (kit: ObjectKit, count: number) =>
  kit.transaction(() => {
    for (let n = 0; n < count; n++) kit.outbox.emit({ type: "meridian.agent.connected", subject: "s", data: {} });
  });

it("[KT90] opening again, reading and a change without key or event write nothing", async () => {
  await priceOf("nothing", async (kit, pay) => {
    const free = { rows: 0, alarms: 0 };
    expect(await pay(() => kit.read(() => kit.outbox.status()))).toEqual(free);
    expect(await pay(() => kit.change(metaOf(), () => accept(1)))).toEqual(free);
    expect(await pay(() => kit.alarm())).toEqual(free);
  });
});

it("[KT90] a change with a key writes its record; the first of a day also arms the sweep; a replay writes nothing", async () => {
  await priceOf("key", async (kit, pay) => {
    const change = (key: string) => pay(() => kit.change(metaOf(key), () => accept(1)));
    expect(await change("a")).toEqual({ rows: 2, alarms: 1 });
    expect(await change("b")).toEqual({ rows: 1, alarms: 0 });
    expect(await change("b")).toEqual({ rows: 0, alarms: 0 });
  });
});

it("[KT90] an event writes three rows and moves the alarm twice, however many leave together", async () => {
  await priceOf("event", async (kit, pay) => {
    expect(await pay(() => emit(kit, 1))).toEqual({ rows: 3, alarms: 2 });
    expect(await pay(() => emit(kit, 10))).toEqual({ rows: 30, alarms: 2 });
  });
});

it("[KT90] on a single node an event is also marked as sent", async () => {
  await priceOf(
    "event-single",
    async (kit, pay) => {
      expect(await pay(() => emit(kit, 1))).toEqual({ rows: 3, alarms: 2 });
      expect(await pay(() => kit.outbox.confirm([1]))).toEqual({ rows: 1, alarms: 1 });
    },
    true,
  );
});

it("[KT90] a timer writes one row, and one more when the alarm moves; set to the same time it writes nothing", async () => {
  await priceOf("timer", async (kit, pay) => {
    expect(await pay(() => kit.timers.set("t", START + 500))).toEqual({ rows: 1, alarms: 1 });
    expect(await pay(() => kit.timers.set("t", START + 500))).toEqual({ rows: 0, alarms: 0 });
    expect(await pay(() => kit.timers.set("u", START + 900))).toEqual({ rows: 1, alarms: 0 });
    vi.setSystemTime(START + 500);
    expect(await pay(() => kit.alarm())).toEqual({ rows: 1, alarms: 1 });
    expect(await pay(() => kit.timers.clear("u"))).toEqual({ rows: 1, alarms: 1 });
  });
});
